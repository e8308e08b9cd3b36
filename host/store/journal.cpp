#include "store/journal.hpp"

#include <array>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <filesystem>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>

#include <zlib.h>

#include "base/secret.hpp"

namespace parley::store {

namespace fs = std::filesystem;

using base::Result;

namespace {

constexpr std::string_view kForm = "parley journal 1\n";
constexpr std::size_t kHeadBytes = 8;

void put_number(std::string& out, std::uint32_t number) {
    for (int shift = 0; shift < 32; shift += 8) out += static_cast<char>(number >> shift & 0xFF);
}

std::uint32_t number_at(std::string_view from) {
    std::uint32_t number = 0;
    for (std::size_t i = 0; i < 4; ++i) {
        number |= std::uint32_t{static_cast<unsigned char>(from[i])} << (8 * i);
    }
    return number;
}

// A length of zeros, as a crash leaves them in a file, must not pass for a record.
std::uint32_t sum_of(std::string_view length, std::string_view text) {
    const auto add = [](std::uint64_t sum, std::string_view bytes) {
        return ::crc32_z(sum, reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size());
    };
    return static_cast<std::uint32_t>(add(add(0xA5, length), text));
}

void put_record(std::string& out, std::string_view text) {
    std::string length;
    put_number(length, static_cast<std::uint32_t>(text.size()));
    out += length;
    put_number(out, sum_of(length, text));
    out += text;
}

bool write_all(int fd, std::string_view bytes, std::uint64_t at) {
    while (!bytes.empty()) {
        const ssize_t done = ::pwrite(fd, bytes.data(), bytes.size(), static_cast<off_t>(at));
        if (done < 0 && errno == EINTR) continue;
        if (done <= 0) return false;
        bytes.remove_prefix(static_cast<std::size_t>(done));
        at += static_cast<std::uint64_t>(done);
    }
    return true;
}

bool read_all(int fd, std::string& out) {
    std::array<char, 65'536> block{};
    for (;;) {
        const ssize_t got = ::read(fd, block.data(), block.size());
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return false;
        if (got == 0) return true;
        out.append(block.data(), static_cast<std::size_t>(got));
    }
}

// A name in a folder lasts when the folder is on the disk.
bool sync_folder(const std::string& file) {
    const std::string folder = fs::path(file).parent_path().string();
    const int fd =
        ::open(folder.empty() ? "." : folder.c_str(), O_RDONLY | O_CLOEXEC | O_DIRECTORY);
    if (fd < 0) return false;
    const bool synced = ::fsync(fd) == 0;
    ::close(fd);
    return synced;
}

struct Replay {
    std::vector<std::string> records;
    std::uint64_t good_bytes = 0;
    bool is_damaged = false;  // more is wrong than that the last record was cut off
};

// A length that was written in part is short; one that was written whole says where the record
// ends, and what a crash cut off ends at the end of the file.
Replay replay(std::string_view all) {
    Replay out;
    if (!all.starts_with(kForm)) {
        out.is_damaged = !kForm.starts_with(all);
        return out;
    }
    out.good_bytes = kForm.size();
    std::string_view rest = all.substr(kForm.size());
    while (rest.size() >= kHeadBytes) {
        const std::uint32_t size = number_at(rest);
        const std::string_view text = rest.substr(kHeadBytes, size);
        const bool is_whole = text.size() == size;
        if (!is_whole || sum_of(rest.substr(0, 4), text) != number_at(rest.substr(4))) {
            out.is_damaged = is_whole && rest.size() > kHeadBytes + size;
            return out;
        }
        out.records.emplace_back(text);
        out.good_bytes += kHeadBytes + size;
        rest.remove_prefix(kHeadBytes + size);
    }
    return out;
}

}  // namespace

bool make_private_folder(const std::string& path) {
    std::error_code fault;
    if (fs::is_directory(path, fault)) return true;
    const fs::path above = fs::path(path).parent_path();
    if (!above.empty() && !make_private_folder(above.string())) return false;
    if (::mkdir(path.c_str(), 0700) == 0) return true;
    const int why = errno;
    const bool is_there = fs::is_directory(path, fault);
    errno = why;
    return is_there;
}

base::Error Journal::failure(const char* what) const {
    return base::gateway_error(PARLEY_E_INTERNAL,
                               path_ + ": cannot be " + what + ": " + std::strerror(errno));
}

Result<Journal::Opened> Journal::open(std::string path) {
    Opened out;
    Journal& self = out.journal;
    self.path_ = std::move(path);
    self.fd_ = ::open(self.path_.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (self.fd_ < 0) return self.failure("opened");
    std::string all;
    if (!read_all(self.fd_, all)) return self.failure("read");
    Replay replayed = replay(all);
    if (replayed.is_damaged) {
        const std::string kept = self.path_ + ".damaged";
        std::error_code fault;
        fs::copy_file(self.path_, kept, fs::copy_options::overwrite_existing, fault);
        if (fault) return self.failure("kept as damaged");
        out.problem = self.path_ + ": damaged after " + std::to_string(replayed.good_bytes) +
                      " of " + std::to_string(all.size()) + " bytes; the file is kept as " + kept;
    }
    base::wipe(all.data(), all.size());
    out.records = std::move(replayed.records);
    self.bytes_ = replayed.good_bytes;
    self.has_rest_ = replayed.good_bytes != all.size();
    if (replayed.good_bytes == 0) {
        if (auto ok = self.rewrite({}); !ok) return std::move(ok).error();
    }
    return out;
}

Result<Journal::Opened> Journal::look(const std::string& path) {
    Opened out;
    out.journal.path_ = path;
    std::string all;
    const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    const bool is_read = fd >= 0 && read_all(fd, all);
    if (fd >= 0) ::close(fd);
    if (!is_read) return out.journal.failure("read");
    out.records = replay(all).records;
    base::wipe(all.data(), all.size());
    return out;
}

Result<void> Journal::append(std::span<const std::string> records) {
    std::string text;
    for (const std::string& record : records) put_record(text, record);
    const bool is_cut = !has_rest_ || ::ftruncate(fd_, static_cast<off_t>(bytes_)) == 0;
    has_rest_ = true;
    const bool is_written = is_cut && write_all(fd_, text, bytes_) && ::fdatasync(fd_) == 0;
    base::wipe(text.data(), text.size());
    if (!is_written) return failure("written");
    bytes_ += text.size();
    has_rest_ = false;
    return {};
}

Result<void> Journal::rewrite(std::span<const std::string> records) {
    std::string text(kForm);
    for (const std::string& record : records) put_record(text, record);
    const std::string fresh = path_ + ".new";
    const int fd = ::open(fresh.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    const bool is_written = fd >= 0 && write_all(fd, text, 0) && ::fsync(fd) == 0 &&
                            ::rename(fresh.c_str(), path_.c_str()) == 0;
    base::wipe(text.data(), text.size());
    if (!is_written) {
        auto why = failure("written anew");
        if (fd >= 0) ::close(fd);
        return why;
    }
    if (fd_ >= 0) ::close(fd_);
    fd_ = fd;
    bytes_ = text.size();
    has_rest_ = false;
    if (!sync_folder(path_)) return failure("made to last");
    return {};
}

void Journal::swap(Journal& other) noexcept {
    path_.swap(other.path_);
    std::swap(fd_, other.fd_);
    std::swap(bytes_, other.bytes_);
    std::swap(has_rest_, other.has_rest_);
}

Journal::~Journal() {
    if (fd_ >= 0) ::close(fd_);
}

}  // namespace parley::store
