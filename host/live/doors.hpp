// live/doors.hpp: the addresses where clients come in. They are opened, closed and given other
// certificates while the others go on. [control]
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "config/load.hpp"
#include "http/listener.hpp"
#include "supervisor/parent.hpp"

namespace parley::live {

class Doors {
public:
    // Listeners accept on the first of the loops. The parent keeps them open over our end.
    Doors(std::vector<http::Loop*> loops,
          std::shared_ptr<http::ConnectionCount> count,
          http::Listener::Serve serve,
          supervisor::Parent& parent)
        : loops_(std::move(loops)),
          count_(std::move(count)),
          serve_(std::move(serve)),
          parent_(parent) {}

    struct Door {
        std::string configured;  // "127.0.0.1:0"
        std::shared_ptr<http::Listener> listener;
    };

    // What a configuration needs, ready but not open yet.
    struct Plan {
        std::vector<Door> doors;  // those that stay, and new ones
        http::Listener::Terms terms;
    };

    // Nothing, when one of the new addresses or the certificate is no good.
    std::optional<Plan> plan(const config::Config& config, std::vector<config::Fault>& faults);

    // Doors of the plan are open from now on, all others are shut. Connections go on.
    void open(Plan plan);

    // Where clients are served, in the order of the configuration.
    std::vector<std::string> addresses() const;

    // For a drain: nobody comes in any more but who waits at the door already. [first loop]
    static void shut(const std::vector<Door>& doors);
    // For a drain after which another worker serves: it takes those who wait too. [first loop]
    static void leave_to_next(const std::vector<Door>& doors);

    const std::vector<Door>& all() const { return doors_; }

private:
    std::shared_ptr<http::Listener> find(const std::string& configured) const;
    int opened_before(const std::string& address);
    base::Result<std::shared_ptr<http::Listener>> bind(const std::string& address,
                                                       const http::Listener::Terms& terms);

    std::vector<http::Loop*> loops_;
    std::shared_ptr<http::ConnectionCount> count_;
    http::Listener::Serve serve_;
    supervisor::Parent& parent_;
    std::vector<Door> doors_;
};

}  // namespace parley::live
