// command/serve.cpp: the server, from start to drain.
#include <csignal>
#include <iostream>
#include <malloc.h>
#include <thread>

#include <boost/asio/signal_set.hpp>

#include "base/log.hpp"
#include "command/commands.hpp"
#include "command/greeting.hpp"
#include "command/setup.hpp"
#include "http/listener.hpp"
#include "http/tls.hpp"
#include "manage/exchange_log.hpp"
#include "manage/front.hpp"
#include "pipeline/make_world.hpp"

namespace parley::command {

using base::LogLevel;

namespace {

// Bodies come and go: memory of their size is kept for the next one instead of being given back to
// the system, which would clear every page of it again.
void keep_freed_memory() {
    constexpr int kKeptBytes = 8 * 1024 * 1024;
    constexpr int kMappedFromBytes = 1024 * 1024;
    ::mallopt(M_TRIM_THRESHOLD, kKeptBytes);
    ::mallopt(M_MMAP_THRESHOLD, kMappedFromBytes);
}

// What was asked for, or one for so many cores each.
std::size_t or_share_of_cores(std::uint64_t asked, unsigned cores_each) {
    const unsigned cores = std::max(1u, std::thread::hardware_concurrency());
    return asked != 0 ? asked : (cores + cores_each - 1) / cores_each;
}

class Server {
public:
    explicit Server(std::shared_ptr<const pipeline::World> world)
        : world_(std::move(world)),
          log_(world_->config.log.exchanges),
          workers_(or_share_of_cores(world_->config.server.workers, 2)) {
        const std::size_t threads = or_share_of_cores(world_->config.server.threads, 1);
        for (std::size_t i = 0; i < threads; ++i) {
            loops_.push_back(std::make_unique<http::Loop>(static_cast<int>(i)));
        }
        refresher_ = pipeline::make_refresher(*loops_.front(), world_);
        for (const auto& loop : loops_) {
            fronts_.push_back(
                std::make_unique<manage::Front>(*loop, workers_, world_, *refresher_, log_));
        }
        // From here on a signal asks for a drain, also one that comes before the loops run.
        signals_.emplace(loops_.front()->io(), SIGTERM, SIGINT);
    }

    base::Result<void> listen() {
        const config::Server& server = world_->config.server;
        std::shared_ptr<SSL_CTX> tls;
        if (!server.tls_certificate.empty()) {
            auto context = http::make_server_context(server.tls_certificate, server.tls_key);
            if (!context) return std::move(context).error();
            tls = std::move(*context);
        }
        std::vector<http::Loop*> loops;
        for (const auto& loop : loops_) loops.push_back(loop.get());
        for (const std::string& address : server.listen) {
            auto listener = http::Listener::bind(
                address,
                loops,
                tls,
                count_,
                world_->config.limits.connections_max,
                [this](http::Stream::Ptr stream) {
                    const int index = stream->loop().index();
                    return fronts_[static_cast<std::size_t>(index)]->serve(std::move(stream));
                });
            if (!listener) return std::move(listener).error();
            listeners_.push_back(std::move(*listener));
        }
        return {};
    }

    std::vector<std::string> addresses() const {
        std::vector<std::string> all;
        for (const auto& listener : listeners_) all.push_back(listener->address());
        return all;
    }

    // Until the drain that SIGTERM or SIGINT starts is over.
    void run() {
        http::Loop& first = *loops_.front();
        wait_for_signal(*signals_);
        refresher_->start();
        for (const auto& listener : listeners_) listener->start();
        std::vector<std::jthread> threads;
        for (std::size_t i = 1; i < loops_.size(); ++i) {
            threads.emplace_back([&loop = *loops_[i]] {
                plugins::set_loop_index(loop.index());
                loop.run();
            });
        }
        plugins::set_loop_index(0);
        first.run();
    }

private:
    void wait_for_signal(boost::asio::signal_set& signals) {
        signals.async_wait([this, &signals](const boost::system::error_code& fault, int) {
            if (fault) return;
            loops_.front()->wake();
            if (draining_) {
                stop();
                return;
            }
            wait_for_signal(signals);
            drain();
        });
    }

    // No new connections, idle ones closed, streams finish within the limit.
    void drain() {
        draining_ = true;
        for (const auto& listener : listeners_) listener->stop();
        base::log(LogLevel::info, "draining", {{"connections", count_->load()}});
        for (std::size_t i = 0; i < loops_.size(); ++i) {
            loops_[i]->post([front = fronts_[i].get()] { front->drain(); });
        }
        drain_until_ms_ = loops_.front()->now_ms() + world_->config.limits.drain_ms;
        look_again_soon();
    }

    void look_again_soon() {
        look_again_.emplace(loops_.front()->deadlines(), this, [](void* self) {
            static_cast<Server*>(self)->look_again();
        });
        look_again_->set(1);
    }

    void look_again() {
        const bool over = loops_.front()->now_ms() >= drain_until_ms_;
        if (count_->load() == 0 || cut_) {
            // What a refresh waits for has a turn of the loop to let go.
            if (refresher_->is_idle()) return stop();
            refresher_->stop();
            look_again_->set(1);
            return;
        }
        if (over) {
            cut_ = true;
            base::log(LogLevel::warn, "drain: limit reached", {{"connections", count_->load()}});
            for (std::size_t i = 0; i < loops_.size(); ++i) {
                loops_[i]->post([front = fronts_[i].get()] { front->cut(); });
            }
        }
        look_again_->set(1);
    }

    void stop() {
        for (const auto& loop : loops_) loop->stop();
    }

    std::shared_ptr<const pipeline::World> world_;
    manage::ExchangeLog log_;
    std::vector<std::unique_ptr<http::Loop>> loops_;
    std::unique_ptr<accounts::Refresher> refresher_;
    std::vector<std::unique_ptr<manage::Front>> fronts_;
    http::Workers workers_;  // behind what it works for: it ends first
    std::shared_ptr<http::ConnectionCount> count_ = std::make_shared<http::ConnectionCount>(0);
    std::vector<std::unique_ptr<http::Listener>> listeners_;
    std::uint64_t drain_until_ms_ = 0;
    bool draining_ = false;
    bool cut_ = false;
    std::optional<http::Deadline> look_again_;
    std::optional<boost::asio::signal_set> signals_;
};

}  // namespace

int serve(const Options& options) {
    const Setup setup = read_configuration(options, true);
    if (!report(setup.loaded, setup.file)) return 1;
    const config::Config& config = setup.loaded.config;
    base::set_up_log({base::log_level_of(config.log.level), config.log.format == "json"});
    std::signal(SIGPIPE, SIG_IGN);
    keep_freed_memory();

    const auto services = make_services();
    const plugins::Catalogue catalogue = load_plugins(config, services);
    pipeline::MadeWorld made = pipeline::make_world(config, catalogue, services);
    if (made.world == nullptr) {
        for (const config::Fault& fault : made.faults) std::cerr << fault.text(setup.file) << '\n';
        return 1;
    }
    Server server(made.world);
    if (auto listening = server.listen(); !listening) {
        std::cerr << listening.error().message << '\n';
        return 1;
    }
    const std::vector<std::string> addresses = server.addresses();
    for (const std::string& address : addresses) {
        base::log(LogLevel::info, "listening", {{"address", address}, {"version", PARLEY_VERSION}});
    }
    greet(config, setup, addresses.front());
    made.world.reset();
    server.run();
    base::log(LogLevel::info, "stopped");
    return 0;
}

}  // namespace parley::command
