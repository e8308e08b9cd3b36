// accounts/outside.hpp: what ops reach of the world: other hosts, clocks, chance, and the person
// who began one. Tests bring one of their own. [loop]
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "http/call.hpp"

namespace parley::accounts {

// What a person has to do; see parley_show_user.
struct Errand {
    std::string url;
    std::string code;
    std::string message;
    std::uint64_t expires_in_ms = 0;  // 0: not told
};

// A browser that is to come back; see parley_await_callback.
struct Callback {
    unsigned port = 0;
    std::string path;
    base::Secret state;
};

// Who began an op and sees it through.
class Person {
public:
    virtual ~Person() = default;

    virtual base::Result<void> show(const Errand& errand) = 0;
    // The query that the browser came back with, whose state is right. `callback` and
    // `cancellation` must outlive the task.
    virtual base::Task<base::Result<base::Secret>> await(const Callback& callback,
                                                         http::Cancellation& cancellation) = 0;
};

class Outside {
public:
    virtual ~Outside() = default;

    virtual base::Task<base::Result<http::CallReply>> call(const http::Call& call,
                                                           http::Cancellation& cancellation) = 0;
    virtual std::int64_t wall_ms() = 0;
    virtual std::int64_t monotonic_ms() = 0;
    // Fills `into` from the system's random source.
    virtual base::Result<void> draw(std::span<char> into) = 0;

    // Null: nobody is there, as in a refresh.
    virtual Person* person() { return nullptr; }
};

// The real one, with a pool of its own.
std::shared_ptr<Outside> make_outside(http::Loop& loop,
                                      std::shared_ptr<const config::UpstreamLimits> limits,
                                      std::shared_ptr<http::ClientTls> tls);

}  // namespace parley::accounts
