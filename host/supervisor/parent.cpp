#include "supervisor/parent.hpp"

#include <charconv>
#include <fcntl.h>
#include <sstream>

#include "base/black_box.hpp"
#include "supervisor/crash.hpp"

namespace parley::supervisor {

namespace {

Crash read_crash(const std::string& text) {
    std::istringstream words(text);
    Crash crash;
    std::uint32_t function = 0;
    words >> crash.signal >> crash.sha256 >> function;
    crash.function = name_of(function);
    words.get();
    std::getline(words, crash.file);
    return crash;
}

// "<link>,<memory>"
std::optional<std::pair<int, int>> read_descriptors(const std::string& text) {
    std::pair<int, int> found{-1, -1};
    const char* const end = text.data() + text.size();
    const auto [comma, fault] = std::from_chars(text.data(), end, found.first);
    if (fault != std::errc() || comma == end || *comma != ',') return std::nullopt;
    const auto [rest, bad] = std::from_chars(comma + 1, end, found.second);
    if (bad != std::errc() || rest != end) return std::nullopt;
    return found;
}

}  // namespace

std::optional<Parent> Parent::meet(const std::string& worker) {
    const auto descriptors = read_descriptors(worker);
    if (!descriptors) return std::nullopt;
    Parent parent;
    parent.link_ = Descriptor(descriptors->first);
    const Descriptor memory(descriptors->second);
    ::fcntl(parent.link(), F_SETFD, FD_CLOEXEC);
    if (!base::keep_black_box(memory.get())) return std::nullopt;
    for (;;) {
        std::optional<Message> message = receive(parent.link());
        if (!message) return std::nullopt;
        if (message->verb == "crash") parent.crashes_.push_back(read_crash(message->rest));
        if (message->verb == "door") {
            parent.is_first_ = false;
            parent.know(message->rest, std::move(message->descriptor));
        }
        if (message->verb == "go") {
            parent.seat_ = std::stoi(message->rest);
            return parent;
        }
    }
}

void Parent::know(const std::string& address, Descriptor socket) {
    doors_[address] = std::move(socket);
}

std::string Parent::at_seat(const std::string& name) const {
    return seat_ == 1 ? name : name + '-' + std::to_string(seat_);
}

int Parent::take(const std::string& address) {
    const auto found = doors_.find(address);
    if (found == doors_.end()) return -1;
    const int socket = found->second.release();
    doors_.erase(found);
    return socket;
}

void Parent::keep(const std::string& address, int socket) const {
    if (link_) send(link_.get(), "keep", address, socket);
}

void Parent::drop(const std::string& address) const {
    say("drop", address);
}

void Parent::drop_rest() {
    for (const auto& [address, socket] : doors_) drop(address);
    doors_.clear();
}

void Parent::say(std::string_view verb, std::string_view rest) const {
    if (link_) send(link_.get(), verb, rest);
}

}  // namespace parley::supervisor
