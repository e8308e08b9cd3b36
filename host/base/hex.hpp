// base/hex.hpp: bytes as people compare them.
#pragma once

#include <iterator>
#include <string>

#include <boost/algorithm/hex.hpp>

namespace parley::base {

// Two lower-case digits for each byte.
template <class Bytes>
std::string to_hex(const Bytes& bytes) {
    std::string out;
    out.reserve(std::size(bytes) * 2);
    boost::algorithm::hex_lower(std::begin(bytes), std::end(bytes), std::back_inserter(out));
    return out;
}

}  // namespace parley::base
