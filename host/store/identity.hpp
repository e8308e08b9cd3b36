// store/identity.hpp: what tells one store from others: where its documents are. How it is reached,
// how patiently and by which password may change, and it is the same store with the same journal.
#pragma once

#include <string>
#include <string_view>

#include <boost/json/object.hpp>

namespace parley::store {

// The place that settings name, as text: those that the plugin's schema marks x-place, with their
// defaults; where it marks none, all but secrets. Nothing in it proves an identity.
std::string place_of(std::string_view schema, const boost::json::object& settings);

// An address without the password in it: postgresql://me:secret@host, or host=a password=b.
std::string without_password(std::string_view address);

}  // namespace parley::store
