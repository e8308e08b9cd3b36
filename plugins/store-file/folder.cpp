#include "folder.hpp"

#include <array>
#include <cerrno>
#include <cstring>
#include <dirent.h>
#include <fcntl.h>
#include <memory>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

namespace parley::store_file {

using sdk::Failure;
using sdk::store_failure;

namespace {

constexpr std::string_view kTemporaries = ".parley/tmp/";

constexpr int64_t kNsPerSecond = 1'000'000'000;

std::string parent_of(std::string_view path) {
    const std::size_t slash = path.rfind('/');
    return std::string(slash == path.npos ? "" : path.substr(0, slash));
}

void make_folder(const std::string& path) {
    if (::mkdir(path.c_str(), 0700) == 0 || errno == EEXIST) return;
    throw system_failure(errno, "cannot make a folder", path);
}

void make_folders(const std::string& path) {
    for (std::size_t at = path.find('/', 1); at != path.npos; at = path.find('/', at + 1)) {
        const std::string part = path.substr(0, at);
        if (::access(part.c_str(), F_OK) != 0) make_folder(part);
    }
    make_folder(path);
}

Stamp stamp_of(const struct stat& found) {
    return {found.st_mtim.tv_sec * kNsPerSecond + found.st_mtim.tv_nsec,
            found.st_ino,
            static_cast<uint64_t>(found.st_size)};
}

void write_all(int file, std::string_view text, const std::string& path) {
    while (!text.empty()) {
        const ssize_t written = ::write(file, text.data(), text.size());
        if (written < 0 && errno == EINTR) continue;
        if (written < 0) throw system_failure(errno, "cannot write", path);
        text.remove_prefix(static_cast<std::size_t>(written));
    }
}

std::string read_all(int file, const std::string& path, uint64_t bytes_max) {
    std::string text;
    std::array<char, 64 * 1024> piece{};
    for (;;) {
        const ssize_t count = ::read(file, piece.data(), piece.size());
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) throw system_failure(errno, "cannot read", path);
        if (count == 0) return text;
        text.append(piece.data(), static_cast<std::size_t>(count));
        if (text.size() > bytes_max) {
            throw store_failure(PARLEY_E_TOO_LARGE,
                                path + ": more than " + std::to_string(bytes_max) + " bytes");
        }
    }
}

}  // namespace

Descriptor& Descriptor::operator=(Descriptor&& other) noexcept {
    std::swap(number_, other.number_);
    return *this;
}

Descriptor::~Descriptor() {
    if (number_ >= 0) ::close(number_);
}

Failure system_failure(int error, std::string_view what, std::string_view path) {
    std::array<char, 128> words{};
    const std::string reason = ::strerror_r(error, words.data(), words.size());
    const std::string text = std::string(path) + ": " + std::string(what) + ": " + reason;
    switch (error) {
        case EACCES:
        case EPERM:
        case EROFS:
            return store_failure(PARLEY_E_FORBIDDEN, text);
        case EMFILE:
        case ENFILE:
        case EAGAIN:
        case ENOMEM:
            return store_failure(PARLEY_E_OVERLOADED, text, 200);
        case EFBIG:
            return store_failure(PARLEY_E_TOO_LARGE, text);
        default:
            return store_failure(PARLEY_E_INTERNAL, text);
    }
}

void Folder::open(const std::string& root, bool create) {
    root_ = root;

    struct stat found {};

    if (::stat(root_.c_str(), &found) != 0) {
        if (errno != ENOENT) throw system_failure(errno, "cannot be opened", root_);
        if (!create) {
            throw store_failure(PARLEY_E_INTERNAL, root_ + ": does not exist, and create is false");
        }
        make_folders(root_);
    } else if (!S_ISDIR(found.st_mode)) {
        throw store_failure(PARLEY_E_INTERNAL, root_ + ": not a folder");
    }
    for (const char* own : {"/.parley", "/.parley/tmp", "/.parley/leases"}) {
        make_folder(root_ + own);
    }
    sync_folder_of(".parley/tmp/any");
    sync_folder_of("any");
}

void Folder::check() const {
    const std::string own = path(".parley/tmp");
    if (::access(own.c_str(), F_OK) == 0) return;
    if (errno != ENOENT) throw system_failure(errno, "cannot be looked at", own);
    throw store_failure(PARLEY_E_INTERNAL, root_ + ": the store's folder is gone");
}

// Revisions are made of times; a file system that rounds them would give two writes the same one.
void Folder::check_clock() {
    constexpr int64_t kOdd = 1'700'000'000'123'456'789;
    const Temporary written = write_temporary("", kOdd);
    remove(written.name);
    if (written.stamp.modified_ns == kOdd) return;
    throw store_failure(PARLEY_E_INTERNAL,
                        root_ + ": this file system does not keep times to the nanosecond");
}

std::optional<Stamp> Folder::stamp(std::string_view name) const {
    struct stat found {};

    const std::string full = path(name);
    if (::stat(full.c_str(), &found) == 0) {
        if (S_ISREG(found.st_mode)) return stamp_of(found);
        throw store_failure(PARLEY_E_CORRUPT_STATE, full + ": not a file");
    }
    if (errno == ENOENT || errno == ENOTDIR) return std::nullopt;
    throw system_failure(errno, "cannot be looked at", full);
}

std::optional<Contents> Folder::read(std::string_view name, uint64_t bytes_max) const {
    const std::string full = path(name);
    constexpr int kTries = 5;
    for (int i = 0; i < kTries; ++i) {
        const Descriptor file(::open(full.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
        if (!file.is_open()) {
            if (errno == ENOENT || errno == ENOTDIR) return std::nullopt;
            throw system_failure(errno, "cannot be opened", full);
        }

        struct stat before {};

        struct stat after {};

        if (::fstat(file.get(), &before) != 0) throw system_failure(errno, "cannot stat", full);
        if (!S_ISREG(before.st_mode)) {
            throw store_failure(PARLEY_E_CORRUPT_STATE, full + ": not a file");
        }
        std::string text = read_all(file.get(), full, bytes_max);
        if (::fstat(file.get(), &after) != 0) throw system_failure(errno, "cannot stat", full);
        if (stamp_of(before) == stamp_of(after)) return Contents{std::move(text), stamp_of(after)};
    }
    throw store_failure(PARLEY_E_OVERLOADED, full + ": is being written", 100);
}

Temporary Folder::write_temporary(std::string_view text, int64_t modified_ns) {
    const std::string name = std::string(kTemporaries) + std::to_string(::getpid()) + '-' +
                             std::to_string(reinterpret_cast<uintptr_t>(this)) + '-' +
                             std::to_string(temporaries_.fetch_add(1));
    const std::string full = path(name);
    const Descriptor file(::open(full.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
    if (!file.is_open()) {
        if (errno == ENOENT) check();
        throw system_failure(errno, "cannot be made", full);
    }
    try {
        write_all(file.get(), text, full);
        const std::array<timespec, 2> times{
            timespec{0, UTIME_OMIT},
            timespec{modified_ns / kNsPerSecond, modified_ns % kNsPerSecond},
        };
        if (::futimens(file.get(), times.data()) != 0) {
            throw system_failure(errno, "cannot set the time", full);
        }
        if (::fsync(file.get()) != 0) throw system_failure(errno, "cannot be synced", full);

        struct stat written {};

        if (::fstat(file.get(), &written) != 0) throw system_failure(errno, "cannot stat", full);
        return {name, stamp_of(written)};
    } catch (...) {
        ::unlink(full.c_str());
        throw;
    }
}

void Folder::make_folders_for(std::string_view name) const {
    for (std::size_t at = name.find('/'); at != name.npos; at = name.find('/', at + 1)) {
        const std::string part(name.substr(0, at));
        const std::string full = path(part);
        if (::mkdir(full.c_str(), 0700) == 0) {
            sync_folder_of(part);
        } else if (errno != EEXIST) {
            throw system_failure(errno, "cannot make a folder", full);
        }
    }
}

void Folder::move(std::string_view from, std::string_view to) const {
    const std::string target = path(to);
    if (::rename(path(from).c_str(), target.c_str()) == 0) return;
    throw system_failure(errno, "cannot be replaced", target);
}

void Folder::remove(std::string_view name) const {
    const std::string full = path(name);
    if (::unlink(full.c_str()) == 0 || errno == ENOENT) return;
    throw system_failure(errno, "cannot be removed", full);
}

void Folder::sync_folder_of(std::string_view name) const {
    const std::string full = path(parent_of(name));
    const Descriptor folder(::open(full.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!folder.is_open()) throw system_failure(errno, "cannot be opened", full);
    if (::fsync(folder.get()) != 0) throw system_failure(errno, "cannot be synced", full);
}

void Folder::replace(std::string_view name, std::string_view text) {
    make_folders_for(name);
    timespec now{};
    ::clock_gettime(CLOCK_REALTIME, &now);
    const Temporary written = write_temporary(text, now.tv_sec * kNsPerSecond + now.tv_nsec);
    move(written.name, name);
    sync_folder_of(name);
}

// Left by processes that were killed while they wrote.
void Folder::remove_temporaries() const {
    const std::string full = path(kTemporaries);
    const std::unique_ptr<DIR, int (*)(DIR*)> all(::opendir(full.c_str()), ::closedir);
    if (all == nullptr) throw system_failure(errno, "cannot be listed", full);
    while (const dirent* entry = ::readdir(all.get())) {
        const std::string_view name = entry->d_name;
        if (name != "." && name != "..") remove(std::string(kTemporaries) + entry->d_name);
    }
}

}  // namespace parley::store_file
