// position.hpp: how far a watcher has seen, from nothing but a list of objects: the time of the
// latest one, and a digest of each that is so recent that others of its time may still come.
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "bucket.hpp"

namespace parley::store_s3 {

class Position {
public:
    static std::optional<Position> read(std::string_view text);
    static Position behind(const std::vector<Object>& all);

    std::string text() const;
    bool is_news(const Object& object) const;

private:
    int64_t since_ms_ = 0;
    std::set<uint64_t> seen_;  // of those from since_ms on
};

}  // namespace parley::store_s3
