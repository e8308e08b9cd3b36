// http/callback.hpp: waits on a loopback port for the one browser that a login sent away. [loop]
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "base/secret.hpp"
#include "http/listener.hpp"

namespace parley::http {

// What browsers are shown, as HTML.
struct CallbackPages {
    std::string_view came;      // the one that was awaited
    std::string_view refused;   // the same, when it brings an error instead of a code
    std::string_view stranger;  // one of another login, or of none
};

class CallbackDoor {
public:
    struct Terms {
        unsigned port = 0;   // 0: any free one
        std::string path;    // "/auth/callback"
        base::Secret state;  // what the query's `state` must be
        CallbackPages pages;
    };

    // Told once, with the query as it came. The browser has been answered by then.
    using Came = std::function<void(base::Secret)>;

    // Listens on 127.0.0.1 and, where the machine has it, on ::1: browsers take either for
    // "localhost". A port that is taken is PARLEY_E_CONFLICT.
    static base::Result<std::unique_ptr<CallbackDoor>> open(Loop& loop, Terms terms, Came came);

    ~CallbackDoor();

    unsigned port() const;

    // Nobody comes in any more, and nobody is awaited.
    void close();
    // Ends what is left.
    void cut();

    // Everybody has left: it may be destroyed.
    bool is_empty() const;

private:
    struct Inside;

    explicit CallbackDoor(std::shared_ptr<Inside> inside) : inside_(std::move(inside)) {}

    base::Result<void> listen(Loop& loop, const std::string& address);

    std::shared_ptr<Inside> inside_;  // shared with the connections
    std::vector<std::shared_ptr<Listener>> listeners_;
    std::shared_ptr<ConnectionCount> count_ = std::make_shared<ConnectionCount>(0);
};

}  // namespace parley::http
