// leases.hpp: who has a lease until when, in a file for each. All functions need the write lock.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "folder.hpp"

namespace parley::store_file {

class Leases {
public:
    explicit Leases(Folder& folder) : folder_(folder) {}

    void take(const sdk::LeaseAsk& ask, parley_lease& out);
    void renew(const sdk::LeaseAsk& ask, parley_lease& out);
    void release(std::string_view name, uint64_t token);

private:
    struct Lease {
        uint64_t token = 0;
        std::string owner;  // empty: nobody has it
        // By the clock that goes on in sleep and is never set, within one boot of the machine; by
        // the wall clock, after another.
        int64_t boot_until_ms = 0;
        int64_t wall_until_ms = 0;
        std::string boot;
    };

    Lease read(std::string_view name) const;
    void write(std::string_view name, const Lease& lease);
    void extend(Lease& lease, int64_t ttl_ms) const;
    uint64_t left_ms(const Lease& lease) const;

    Folder& folder_;
};

}  // namespace parley::store_file
