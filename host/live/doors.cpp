#include "live/doors.hpp"

#include <algorithm>

#include "base/log.hpp"
#include "http/tls.hpp"

namespace parley::live {

using base::LogLevel;
using config::Fault;

std::optional<Doors::Plan> Doors::plan(const config::Config& config, std::vector<Fault>& faults) {
    const config::Server& server = config.server;
    const std::size_t before = faults.size();
    Plan plan;
    plan.terms.connections_max = config.limits.connections_max;
    plan.terms.handshake_ms = config.limits.handshake_ms;
    if (!server.tls_certificate.empty()) {
        auto context = http::make_server_context(server.tls_certificate, server.tls_key);
        if (context) {
            plan.terms.tls = std::move(*context);
        } else {
            faults.push_back({{}, "server.tls_certificate", context.error().message});
        }
    }
    for (const std::string& address : server.listen) {
        Door door{address, find(address)};
        if (door.listener == nullptr) {
            auto bound = bind(address, plan.terms);
            if (!bound) {
                faults.push_back({{}, "server.listen", bound.error().message});
                continue;
            }
            door.listener = std::move(*bound);
        }
        plan.doors.push_back(std::move(door));
    }
    if (faults.size() != before) return std::nullopt;
    return plan;
}

// An address may overlap with one that is open and about to go, such as all with one of its kind.
base::Result<std::shared_ptr<http::Listener>> Doors::bind(const std::string& address,
                                                          const http::Listener::Terms& terms) {
    const auto share = [this](bool shares) {
        for (const Door& door : doors_) door.listener->share_port(shares);
    };
    share(true);
    const http::Listener::Place place{address, opened_before(address), !doors_.empty()};
    auto bound = http::Listener::bind(place, loops_, terms, count_, serve_);
    share(false);
    return bound;
}

void Doors::open(Plan plan) {
    http::Loop& first = *loops_.front();
    for (const auto& [configured, listener] : plan.doors) {
        first.post([listener = listener, terms = plan.terms] { listener->change(terms); });
        if (find(configured) != nullptr) continue;
        listener->start();
        parent_.keep(configured, listener->socket());
        base::log(LogLevel::info,
                  "listening",
                  {{"address", listener->address()}, {"version", PARLEY_VERSION}});
    }
    std::swap(doors_, plan.doors);
    parent_.drop_rest();
    for (auto& [configured, listener] : plan.doors) {
        if (find(configured) != nullptr) continue;
        parent_.drop(configured);
        base::log(LogLevel::info, "no longer listening", {{"address", listener->address()}});
        first.post([listener = std::move(listener)] { listener->retire(); });
    }
}

// By the words of the configuration, or, when a service manager has opened it, by its address.
int Doors::opened_before(const std::string& address) {
    const int kept = parent_.take(address);
    if (kept >= 0) return kept;
    const auto endpoint = http::parse_address(address);
    return endpoint ? parent_.take(http::to_text(*endpoint)) : -1;
}

std::vector<std::string> Doors::addresses() const {
    std::vector<std::string> all;
    for (const Door& door : doors_) all.push_back(door.listener->address());
    return all;
}

void Doors::shut(const std::vector<Door>& doors) {
    for (const Door& door : doors) door.listener->retire();
}

void Doors::leave_to_next(const std::vector<Door>& doors) {
    for (const Door& door : doors) door.listener->stop();
}

std::shared_ptr<http::Listener> Doors::find(const std::string& configured) const {
    const auto door = std::find_if(doors_.begin(), doors_.end(), [&](const Door& known) {
        return known.configured == configured;
    });
    return door == doors_.end() ? nullptr : door->listener;
}

}  // namespace parley::live
