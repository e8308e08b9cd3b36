// command/private_file.hpp: a file for its owner only, which is there whole or not at all.
#pragma once

#include <string>
#include <string_view>

#include "base/error.hpp"

namespace parley::command {

class PrivateFile {
public:
    // Standard output when the name is empty or "-".
    explicit PrivateFile(std::string name);
    PrivateFile(const PrivateFile&) = delete;
    PrivateFile& operator=(const PrivateFile&) = delete;
    // What was not closed is not there.
    ~PrivateFile();

    explicit operator bool() const { return fd_ >= 0; }

    std::string why() const { return name_ + ": cannot be written"; }

    base::Result<void> write(std::string_view bytes);
    base::Result<void> close();

private:
    std::string name_;
    std::string fresh_;  // empty: standard output
    int fd_ = -1;
};

}  // namespace parley::command
