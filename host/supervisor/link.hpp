// supervisor/link.hpp: what the supervisor and a worker say to each other: short texts, now and
// then with a descriptor, over a socket pair that keeps messages apart.
//
//   supervisor to worker                      worker to supervisor
//   crash <signal> <sha256> <function> <file> keep <address>   + the listening socket
//   door <address>   + a listening socket     drop <address>
//   go <seat>        all has been said        ready
//   retire           it is not needed now     log <level> <text|json>
//                                             upgrade            as SIGUSR2
//   reload           the first seat has       changed            what the others take over too
//                    taken something over     processes <count>  workers that are wanted
//   look             another worker was told  look               the others are to look at the
//                    of news in the store                        store, too
//
// Both read what they do not know as nothing. After an upgrade they are of different programs.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace parley::supervisor {

// What both must have in common: these messages and the layout of base::BlackBox. A change of
// meaning or of layout is another language, which a worker of another program refuses to speak.
inline constexpr int kLanguage = 1;

// Owns a descriptor.
class Descriptor {
public:
    Descriptor() = default;

    explicit Descriptor(int number) : number_(number) {}

    Descriptor(Descriptor&& other) noexcept : number_(std::exchange(other.number_, -1)) {}

    Descriptor& operator=(Descriptor&& other) noexcept {
        std::swap(number_, other.number_);
        return *this;
    }

    ~Descriptor();

    int get() const { return number_; }

    int release() { return std::exchange(number_, -1); }

    explicit operator bool() const { return number_ >= 0; }

private:
    int number_ = -1;
};

struct Message {
    std::string verb;
    std::string rest;
    Descriptor descriptor;
};

// False when the other side is gone.
bool send(int link, std::string_view verb, std::string_view rest = {}, int descriptor = -1);

// Waits for the next message; empty when the other side is gone.
std::optional<Message> receive(int link);

}  // namespace parley::supervisor
