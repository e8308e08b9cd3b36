#include "command/private_file.hpp"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <unistd.h>
#include <utility>

namespace parley::command {

using base::Result;

PrivateFile::PrivateFile(std::string name) : name_(std::move(name)) {
    if (name_.empty() || name_ == "-") {
        fd_ = ::dup(STDOUT_FILENO);
        return;
    }
    fresh_ = name_ + "." + std::to_string(::getpid()) + ".new";
    fd_ = ::open(fresh_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
}

PrivateFile::~PrivateFile() {
    if (fd_ < 0) return;
    ::close(fd_);
    if (!fresh_.empty()) ::unlink(fresh_.c_str());
}

Result<void> PrivateFile::write(std::string_view bytes) {
    while (!bytes.empty()) {
        const ssize_t done = ::write(fd_, bytes.data(), bytes.size());
        if (done < 0 && errno == EINTR) continue;
        if (done <= 0) {
            return base::gateway_error(PARLEY_E_INTERNAL, why() + ": " + std::strerror(errno));
        }
        bytes.remove_prefix(static_cast<std::size_t>(done));
    }
    return {};
}

Result<void> PrivateFile::close() {
    bool is_good = fresh_.empty() || ::fsync(fd_) == 0;
    is_good = ::close(std::exchange(fd_, -1)) == 0 && is_good;
    is_good = is_good && (fresh_.empty() || ::rename(fresh_.c_str(), name_.c_str()) == 0);
    if (is_good) return {};
    auto failure = base::gateway_error(PARLEY_E_INTERNAL, why() + ": " + std::strerror(errno));
    if (!fresh_.empty()) ::unlink(fresh_.c_str());
    return failure;
}

}  // namespace parley::command
