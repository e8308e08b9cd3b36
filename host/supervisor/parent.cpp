#include "supervisor/parent.hpp"

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <fcntl.h>
#include <optional>
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

// The value of --worker: "<link>,<memory>,<language>".
struct Handover {
    int link = -1;
    int memory = -1;
    int language = 0;
};

std::optional<Handover> read_handover(const std::string& text) {
    Handover found;
    const char* at = text.data();
    const char* const end = text.data() + text.size();
    for (int* const number : {&found.link, &found.memory, &found.language}) {
        if (number != &found.link && (at == end || *at++ != ',')) return std::nullopt;
        const auto [rest, fault] = std::from_chars(at, end, *number);
        if (fault != std::errc() || *number < 0) return std::nullopt;
        at = rest;
    }
    return at == end ? std::optional(found) : std::nullopt;
}

base::Error no_work(std::string why) {
    return base::gateway_error(PARLEY_E_PRECONDITION, std::move(why));
}

}  // namespace

base::Result<Parent> Parent::meet(const std::string& worker) {
    const auto handover = read_handover(worker);
    if (!handover) return no_work("--worker: a supervisor says it to its workers, nobody else");
    Parent parent;
    parent.link_ = Descriptor(handover->link);
    const Descriptor memory(handover->memory);
    if (handover->language != kLanguage) {
        return no_work("the supervisor is of another version of parley and speaks language " +
                       std::to_string(handover->language) + "; this program speaks " +
                       std::to_string(kLanguage) + ", restart parley to change to it");
    }
    ::fcntl(parent.link(), F_SETFD, FD_CLOEXEC);
    if (!base::keep_black_box(memory.get())) return no_work("--worker: it has no black box");
    for (;;) {
        std::optional<Message> message = receive(parent.link());
        if (!message) return no_work("the supervisor is gone");
        if (message->verb == "crash") parent.crashes_.push_back(read_crash(message->rest));
        if (message->verb == "door") {
            parent.is_first_ = false;
            parent.know(message->rest, std::move(message->descriptor));
        }
        if (message->verb == "go") {
            parent.seat_ = std::max(1, std::atoi(message->rest.c_str()));
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
