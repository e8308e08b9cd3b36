// writer.hpp: of those who share a bucket without conditional writes one may write. Who does says
// so in an object, `<prefix>writer`: mark, end in milliseconds since 1970, and a name.
#pragma once

#include <cstdint>
#include <mutex>
#include <string>

#include "bucket.hpp"

namespace parley::store_s3 {

class Writer {
public:
    Writer(Bucket& bucket, std::string object);

    // To be called before each write: returns when nobody else may write for a while, or throws who
    // does. A name that was put is believed when it is still there after a while, longer than a put
    // that began before it may take to come through.
    void claim(sdk::Cancel cancel);
    // So that another one need not wait for the end.
    void give_back(sdk::Cancel cancel);

private:
    struct Claim {
        int64_t until_ms = 0;
        std::string name;
    };

    Claim read(sdk::Cancel cancel);
    void put(int64_t until_ms, sdk::Cancel cancel);
    [[noreturn]] void refuse(const Claim& other) const;

    Bucket& bucket_;
    const std::string object_;
    const std::string name_;
    std::mutex mutex_;
    int64_t until_ms_ = 0;  // ours; 0: none
};

}  // namespace parley::store_s3
