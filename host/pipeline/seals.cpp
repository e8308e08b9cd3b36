#include "pipeline/seals.hpp"

#include <array>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <filesystem>
#include <unistd.h>

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "base/base64.hpp"
#include "base/digest.hpp"

namespace parley::pipeline {

namespace {

constexpr std::size_t kTagBytes = 8;
constexpr std::size_t kKeyBytes = 32;
constexpr char kVersion = 1;
constexpr char kVersionWithPlace = 2;

// Short texts are told apart by a byte with their size in front.
void put(std::string& out, std::string_view text) {
    constexpr std::size_t kTextBytesMax = 255;
    text = text.substr(0, kTextBytesMax);
    out += static_cast<char>(text.size());
    out += text;
}

bool take(std::string_view& from, std::string& text) {
    if (from.empty()) return false;
    const std::size_t size = static_cast<unsigned char>(from.front());
    from.remove_prefix(1);
    if (from.size() < size) return false;
    text = from.substr(0, size);
    from.remove_prefix(size);
    return true;
}

std::string random_key() {
    std::string key(kKeyBytes, '\0');
    base::fill_random({reinterpret_cast<unsigned char*>(key.data()), key.size()});
    return key;
}

std::string read_key(const std::string& file) {
    const int fd = ::open(file.c_str(), O_RDONLY | O_CLOEXEC);
    if (fd < 0) return {};
    std::string key(kKeyBytes + 1, '\0');
    const ssize_t size = ::read(fd, key.data(), key.size());
    ::close(fd);
    key.resize(size < 0 ? 0 : static_cast<std::size_t>(size));
    return key;
}

// Written beside and linked into place, so that nobody ever reads half of it.
bool write_key(const std::string& file, const std::string& key) {
    std::error_code ignored;
    const std::string fresh = file + '.' + std::to_string(::getpid());
    const int fd = ::open(fresh.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0) return false;
    bool done = ::write(fd, key.data(), key.size()) == static_cast<ssize_t>(key.size());
    done = ::fsync(fd) == 0 && done;
    done = ::close(fd) == 0 && done;
    // Another process may have been first: its key counts.
    done = done && (::link(fresh.c_str(), file.c_str()) == 0 || errno == EEXIST);
    std::filesystem::remove(fresh, ignored);
    return done;
}

}  // namespace

std::string Seals::wrap(const Seal& seal, std::string_view caller) const {
    std::string content;
    content += seal.place.empty() ? kVersion : kVersionWithPlace;
    content += static_cast<char>(seal.scheme);
    put(content, seal.family);
    put(content, seal.model);
    if (!seal.place.empty()) put(content, seal.place);
    content += seal.data;
    return std::string(kPrefix) + base::to_base64url(tag(caller, content) + content);
}

std::optional<Seal> Seals::unwrap(std::string_view envelope, std::string_view caller) const {
    if (!envelope.starts_with(kPrefix)) return {};
    const auto bytes = base::from_base64url(envelope.substr(kPrefix.size()));
    if (!bytes || bytes->size() < kTagBytes + 2) return {};
    const std::string_view all(*bytes);
    std::string_view content = all.substr(kTagBytes);
    const bool ours = base::equal_in_constant_time(tag(caller, content), all.substr(0, kTagBytes));
    if (!ours) return {};
    const char version = content[0];
    if (version != kVersion && version != kVersionWithPlace) return {};
    Seal seal;
    seal.scheme = static_cast<unsigned char>(content[1]);
    content.remove_prefix(2);
    if (!take(content, seal.family) || !take(content, seal.model)) return {};
    if (version == kVersionWithPlace && !take(content, seal.place)) return {};
    seal.data = content;
    return seal;
}

std::string Seals::tag(std::string_view caller, std::string_view content) const {
    std::string message;
    put(message, caller);
    message += content;
    std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
    unsigned size = 0;
    const std::string_view key = key_.reveal();
    HMAC(EVP_sha256(),
         key.data(),
         static_cast<int>(key.size()),
         reinterpret_cast<const unsigned char*>(message.data()),
         message.size(),
         digest.data(),
         &size);
    return {reinterpret_cast<const char*>(digest.data()), kTagBytes};
}

base::Secret kept_seal_key(const std::string& state_folder, std::string& warning) {
    const std::string file = state_folder + "/seal.key";
    std::string key = read_key(file);
    if (key.size() == kKeyBytes) return base::Secret(std::move(key));
    const std::string fresh = random_key();
    std::error_code ignored;
    std::filesystem::create_directories(state_folder, ignored);
    if (key.empty() && write_key(file, fresh)) key = read_key(file);
    if (key.size() == kKeyBytes) return base::Secret(std::move(key));
    warning = file + ": cannot be kept, so reasoning that clients carry is void after a restart";
    return base::Secret(fresh);
}

}  // namespace parley::pipeline
