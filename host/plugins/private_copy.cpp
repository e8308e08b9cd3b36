#include "plugins/private_copy.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <system_error>
#include <unistd.h>
#include <utility>

#include "base/digest.hpp"
#include "base/hex.hpp"
#include "plugins/text.hpp"

namespace parley::plugins {

using base::Result;

namespace {

constexpr std::size_t kCopyBytes = 65'536;
constexpr unsigned kNoExecSeal = 8;  // MFD_NOEXEC_SEAL, newer than Debian 12's headers

class Fd {
public:
    explicit Fd(int fd) : fd_(fd) {}

    Fd(const Fd&) = delete;
    Fd& operator=(const Fd&) = delete;

    ~Fd() {
        if (fd_ >= 0) ::close(fd_);
    }

    int get() const { return fd_; }

private:
    int fd_;
};

constexpr const char* kNoFile = "not a regular file; a library was expected";

std::string reason(int error) {
    return std::generic_category().message(error);
}

base::Error file_refusal(int error_class, std::string message) {
    return refusal("file", error_class, std::move(message));
}

Result<void> check_owner(const struct stat& facts, const std::string& what) {
    if (facts.st_uid != 0 && facts.st_uid != ::geteuid()) {
        const std::string us = ::geteuid() == 0 ? "" : " or user " + std::to_string(::geteuid());
        return file_refusal(PARLEY_E_FORBIDDEN,
                            what + " belongs to user " + std::to_string(facts.st_uid) + "; root" +
                                us + ", who runs parley, was expected, run chown");
    }
    if ((facts.st_mode & (S_IWGRP | S_IWOTH)) != 0) {
        return file_refusal(PARLEY_E_FORBIDDEN,
                            what + " can be written by its group or by others, who could then " +
                                "run what they like; run chmod go-w");
    }
    return {};
}

Result<int> open_failed(int error) {
    switch (error) {
        case ENOENT:
            return file_refusal(PARLEY_E_NOT_FOUND, "there is no such file");
        case ELOOP:
            return file_refusal(PARLEY_E_FORBIDDEN,
                                "a symbolic link; put the file itself into the folder");
        case ENXIO:  // a socket
            return file_refusal(PARLEY_E_FORBIDDEN, kNoFile);
        default:
            return file_refusal(PARLEY_E_FORBIDDEN, "cannot be opened (" + reason(error) + ")");
    }
}

// Opens a file by way of its folder, so that both are the ones that were looked at.
Result<int> open_securely(const std::string& path) {
    const std::size_t slash = path.rfind('/');
    const std::string folder = slash == path.npos ? "." : path.substr(0, slash + 1);
    const std::string name = slash == path.npos ? path : path.substr(slash + 1);
    const Fd at(::open(folder.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));

    struct stat facts {};

    if (at.get() < 0 || ::fstat(at.get(), &facts) != 0) return open_failed(errno);
    if (Result<void> right = check_owner(facts, "its folder"); right.has_error()) {
        return right.error();
    }
    // O_NONBLOCK: a named pipe must not hold up the control thread.
    const int fd =
        ::openat(at.get(), name.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
    return fd < 0 ? open_failed(errno) : Result<int>(fd);
}

Result<struct stat> check_file(int fd, std::uint64_t bytes_max) {
    struct stat facts {};

    if (::fstat(fd, &facts) != 0) {
        return file_refusal(PARLEY_E_INTERNAL, "cannot be looked at (" + reason(errno) + ")");
    }
    if (!S_ISREG(facts.st_mode)) {
        return file_refusal(PARLEY_E_INVALID_ARGUMENT, kNoFile);
    }
    if (Result<void> right = check_owner(facts, "the file"); right.has_error()) {
        return right.error();
    }
    const auto size = static_cast<std::uint64_t>(facts.st_size);
    if (size > bytes_max) {
        return file_refusal(PARLEY_E_TOO_LARGE,
                            counted(size, "byte") + "; at most " + std::to_string(bytes_max) +
                                " are taken (plugins.library_bytes_max)");
    }
    if (size == 0) {
        return file_refusal(PARLEY_E_INVALID_ARGUMENT, "the file is empty; copy it again");
    }
    return facts;
}

// Whether the file is still as it was; a writer in its middle shows in the time.
bool is_unchanged(int fd, const struct stat& before) {
    struct stat now {};

    return ::fstat(fd, &now) == 0 && now.st_size == before.st_size &&
           now.st_mtim.tv_sec == before.st_mtim.tv_sec &&
           now.st_mtim.tv_nsec == before.st_mtim.tv_nsec;
}

int make_memory(const std::string& name) {
    const std::string shown = "parley:" + name.substr(0, 200);
    constexpr unsigned kFlags = MFD_CLOEXEC | MFD_ALLOW_SEALING;
    // Hardened systems only give memory that cannot be run as a program; older ones know no such.
    const int fd = ::memfd_create(shown.c_str(), kFlags | kNoExecSeal);
    return fd >= 0 || errno != EINVAL ? fd : ::memfd_create(shown.c_str(), kFlags);
}

bool write_all(int fd, const char* data, std::size_t size) {
    while (size != 0) {
        const ssize_t n = ::write(fd, data, size);
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) return false;
        data += n;
        size -= static_cast<std::size_t>(n);
    }
    return true;
}

}  // namespace

std::string sha256_hex(std::span<const std::byte> bytes) {
    return base::to_hex(base::sha256({reinterpret_cast<const char*>(bytes.data()), bytes.size()}));
}

Result<PrivateCopy> PrivateCopy::make(const std::string& path, std::uint64_t bytes_max) {
    const Result<int> opened = open_securely(path);
    if (opened.has_error()) return opened.error();
    const Fd source(*opened);
    const Result<struct stat> facts = check_file(source.get(), bytes_max);
    if (facts.has_error()) return facts.error();
    const auto size = static_cast<std::uint64_t>(facts->st_size);
    PrivateCopy copy;
    if (!copy.fill(source.get(), size, path.substr(path.rfind('/') + 1))) {
        return file_refusal(PARLEY_E_INTERNAL, "cannot be copied (" + reason(errno) + ")");
    }
    if (copy.size_ != size || !is_unchanged(source.get(), *facts)) {
        return file_refusal(PARLEY_E_CONFLICT,
                            "the file changed while it was read; write it under another name and "
                            "move it into place");
    }
    if (!copy.seal_and_map() || !copy.hash()) {
        return file_refusal(PARLEY_E_INTERNAL, "the copy cannot be sealed (" + reason(errno) + ")");
    }
    return copy;
}

PrivateCopy::~PrivateCopy() {
    if (data_ != nullptr) ::munmap(const_cast<std::byte*>(data_), size_);
    if (fd_ >= 0 && !kept_) ::close(fd_);
}

std::string PrivateCopy::path() const {
    return "/proc/self/fd/" + std::to_string(fd_);
}

// Reads one byte more than there should be, to notice a file that grows.
bool PrivateCopy::fill(int source, std::uint64_t size, const std::string& name) {
    fd_ = make_memory(name);
    if (fd_ < 0) return false;
    std::array<char, kCopyBytes> buffer{};
    while (size_ <= size) {
        const ssize_t n = ::read(source, buffer.data(), buffer.size());
        if (n < 0 && errno == EINTR) continue;
        if (n < 0 || !write_all(fd_, buffer.data(), static_cast<std::size_t>(n))) return false;
        if (n == 0) break;
        size_ += static_cast<std::size_t>(n);
    }
    return true;
}

bool PrivateCopy::seal_and_map() {
    constexpr int kSeals = F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL;
    if (::fcntl(fd_, F_ADD_SEALS, kSeals) != 0) return false;
    void* const data = ::mmap(nullptr, size_, PROT_READ, MAP_PRIVATE, fd_, 0);
    if (data == MAP_FAILED) return false;
    data_ = static_cast<const std::byte*>(data);
    return true;
}

void PrivateCopy::drop_pages() const {
    ::madvise(const_cast<std::byte*>(data_), size_, MADV_DONTNEED);
}

Result<void> PrivateCopy::write_to(const std::string& path) const {
    const std::string fresh = path + ".new";
    ::unlink(fresh.c_str());
    const int fd =
        ::open(fresh.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    const bool is_written =
        fd >= 0 && write_all(fd, reinterpret_cast<const char*>(data_), size_) && ::fsync(fd) == 0;
    const int error = errno;
    if (fd >= 0) ::close(fd);
    drop_pages();
    if (is_written && ::rename(fresh.c_str(), path.c_str()) == 0) return {};
    const std::string why = reason(is_written ? errno : error);
    ::unlink(fresh.c_str());
    return file_refusal(PARLEY_E_INTERNAL, "cannot be written to " + path + " (" + why + ")");
}

bool PrivateCopy::hash() {
    sha256_ = sha256_hex(bytes());
    return !sha256_.empty();
}

void PrivateCopy::swap(PrivateCopy& other) noexcept {
    std::swap(fd_, other.fd_);
    std::swap(data_, other.data_);
    std::swap(size_, other.size_);
    std::swap(kept_, other.kept_);
    std::swap(sha256_, other.sha256_);
}

}  // namespace parley::plugins
