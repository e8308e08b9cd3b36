#include "store/read_cipher.hpp"

#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstring>
#include <fcntl.h>
#include <fstream>
#include <iterator>
#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

extern char** environ;

namespace parley::store {

using base::Result;
using base::Secret;

namespace {

constexpr std::size_t kKeyTextMax = 4096;

base::Error fault_at(const char* key, std::string what) {
    base::Error why = base::gateway_error(PARLEY_E_CONFIG, std::move(what));
    why.param = std::string("store.") + key;
    return why;
}

Result<Secret> read_file(const std::string& file) {
    std::ifstream in(file, std::ios::binary);
    std::string text{std::istreambuf_iterator<char>(in), {}};
    if (!in.good() && !in.eof()) {
        return fault_at("encryption_key_file", "cannot be read: " + file);
    }
    return Secret(std::move(text));
}

// What comes until the other end is closed, or the time is up.
bool read_until_closed(int fd, std::uint64_t time_ms, std::string& into) {
    using Clock = std::chrono::steady_clock;
    const auto until = Clock::now() + std::chrono::milliseconds(static_cast<std::int64_t>(time_ms));
    std::array<char, 512> block{};
    while (into.size() <= kKeyTextMax) {
        const auto left =
            std::chrono::duration_cast<std::chrono::milliseconds>(until - Clock::now()).count();
        if (left <= 0) return false;
        pollfd wait{fd, POLLIN, 0};
        if (::poll(&wait, 1, static_cast<int>(left)) <= 0) continue;
        const ssize_t got = ::read(fd, block.data(), block.size());
        if (got == 0) return true;
        if (got < 0 && errno != EINTR) return false;
        if (got > 0) into.append(block.data(), static_cast<std::size_t>(got));
    }
    return false;
}

Result<Secret> run_command(const std::vector<std::string>& command, std::uint64_t time_ms) {
    constexpr const char* kKey = "encryption_key_command";
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0) return fault_at(kKey, std::strerror(errno));
    posix_spawn_file_actions_t actions;
    ::posix_spawn_file_actions_init(&actions);
    ::posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
    std::vector<char*> arguments;
    for (const std::string& one : command) arguments.push_back(const_cast<char*>(one.c_str()));
    arguments.push_back(nullptr);
    pid_t child = 0;
    const int failed =
        ::posix_spawnp(&child, arguments[0], &actions, nullptr, arguments.data(), environ);
    ::posix_spawn_file_actions_destroy(&actions);
    ::close(ends[1]);
    std::string text;
    const bool is_read = failed == 0 && read_until_closed(ends[0], time_ms, text);
    ::close(ends[0]);
    if (failed != 0) {
        return fault_at(kKey, "cannot run " + command[0] + ": " + std::strerror(failed));
    }
    if (!is_read) ::kill(child, SIGKILL);
    int status = 0;
    while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
    }
    Secret key(std::move(text));
    if (!is_read) return fault_at(kKey, "did not end within store.call_ms with a short text");
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
        return fault_at(kKey, command[0] + " failed; expected exit status 0");
    }
    return key;
}

// Which key says what documents are encrypted with; null: none.
const char* source_of(const config::Store& wished) {
    if (!wished.encryption_key.empty()) return "encryption_key";
    if (!wished.encryption_key_file.empty()) return "encryption_key_file";
    if (!wished.encryption_key_command.empty()) return "encryption_key_command";
    return nullptr;
}

Result<Secret> text_of(const config::Store& wished) {
    if (!wished.encryption_key.empty()) return wished.encryption_key;
    if (!wished.encryption_key_file.empty()) return read_file(wished.encryption_key_file);
    return run_command(wished.encryption_key_command, wished.limits.call_ms);
}

}  // namespace

Result<Cipher> read_cipher(const config::Store& wished) {
    const int sources = (wished.encryption_key.empty() ? 0 : 1) +
                        (wished.encryption_key_file.empty() ? 0 : 1) +
                        (wished.encryption_key_command.empty() ? 0 : 1);
    const char* source = source_of(wished);
    if (sources > 1) return fault_at(source, "given beside another; expected one of the three");
    if (source == nullptr && !wished.old_encryption_key.empty()) {
        return fault_at("old_encryption_key", "given without a new one; expected both");
    }
    if (source == nullptr) return Cipher();
    auto text = text_of(wished);
    if (!text) return std::move(text).error();
    std::vector<CipherKey> keys;
    auto key = read_cipher_key(*text);
    if (!key) return fault_at(source, key.error().message);
    keys.push_back(std::move(*key));
    if (!wished.old_encryption_key.empty()) {
        auto old = read_cipher_key(wished.old_encryption_key);
        if (!old) return fault_at("old_encryption_key", old.error().message);
        keys.push_back(std::move(*old));
    }
    return Cipher(std::move(keys));
}

}  // namespace parley::store
