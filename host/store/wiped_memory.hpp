// store/wiped_memory.hpp: where JSON that holds secrets is taken apart.
#pragma once

#include <boost/json/storage_ptr.hpp>

namespace parley::store {

// Memory that is overwritten before it is given back. Lives as long as the program.
boost::json::storage_ptr wiped_memory();

}  // namespace parley::store
