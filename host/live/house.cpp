#include "live/house.hpp"

#include <algorithm>
#include <csignal>
#include <thread>

#include "base/black_box.hpp"
#include "base/log.hpp"
#include "supervisor/crash.hpp"

namespace parley::live {

using base::LogLevel;
using pipeline::World;

namespace {

constexpr std::uint64_t kNoLimitMs = std::uint64_t{1} << 62;

// What was asked for, or one for so many cores each.
std::size_t or_share_of_cores(std::uint64_t asked, unsigned cores_each) {
    const unsigned cores = std::max(1u, std::thread::hardware_concurrency());
    return asked != 0 ? asked : (cores + cores_each - 1) / cores_each;
}

// How long the supervisor lets plugins hold a loop up.
void watch_calls(const config::SupervisorLimits& limits) {
    base::BlackBox& box = base::black_box();
    box.leak_bytes.store(limits.leak_bytes);
    box.slow_call_ms.store(static_cast<std::uint32_t>(limits.slow_call_ms));
    box.stuck_dump_ms.store(static_cast<std::uint32_t>(limits.stuck_dump_ms));
    box.stuck_abort_ms.store(static_cast<std::uint32_t>(limits.stuck_abort_ms));
}

}  // namespace

// From here on signals ask for something, also those that come before the loops run.
House::House(std::shared_ptr<plugins::HostServices> services, supervisor::Parent& parent)
    : services_(std::move(services)),
      signals_(control_.io(), SIGTERM, SIGINT, SIGHUP),
      parent_(parent),
      parent_speaks_(control_.io()) {
    if (parent_.link() >= 0) parent_speaks_.assign(parent_.link());
}

House::~House() {
    if (parent_speaks_.is_open()) parent_speaks_.release();
    services_->post_to_control = nullptr;
    control_.io().restart();
    control_.io().poll();  // what others have left to end here
}

House::Faults House::change(Inputs inputs) {
    const config::Config& config = inputs.config;
    Faults faults;
    if (is_draining_) faults.push_back({{}, "", "parley is stopping; nothing changes any more"});
    if (is_draining_) return faults;
    if (world_ == nullptr) build(config);
    auto doors = doors_->plan(config, faults);
    if (!doors) return faults;
    auto made =
        pipeline::make_world(config, *inputs.catalogue, services_, world_.get(), inputs.stored);
    if (made.world == nullptr) return std::move(made.faults);
    const auto gap = open_gap(made);
    if (gap != nullptr) {
        const std::chrono::milliseconds time_max(config.plugins.limits.gap_ms);
        if (const auto done = gap->hand_over(time_max); !done) {
            faults.push_back({{}, "", done.error().message});
            bring_back(made.handovers);
            return faults;
        }
    }
    log_.enable(config.log.exchanges);
    base::change_log_level(base::log_level_of(config.log.level));
    watch_calls(config.supervisor);
    tell(made.world);
    parent_.say("processes", std::to_string(config.supervisor.processes));
    inputs_ = std::move(inputs);
    if (doors_->all().empty()) {
        first_plan_ = std::move(doors);
    } else {
        doors_->open(std::move(*doors));
    }
    return faults;
}

// What may be active only once changes hands while nobody calls it. Null: there is no such thing.
std::unique_ptr<Gap> House::open_gap(const pipeline::MadeWorld& made) {
    if (made.handovers.empty()) return nullptr;
    std::vector<Gap::Place> places;
    for (std::size_t i = 0; is_serving_ && i < loops_.size(); ++i) {
        places.push_back({loops_[i].get(), fronts_[i].get()});
    }
    return std::make_unique<Gap>(std::move(places),
                                 made.handovers,
                                 made.world->observers.threads(),
                                 made.world->config.observer_limits);
}

// One that has lost its place though nobody has taken it gets another life.
void House::bring_back(const std::vector<plugins::Handover>& handovers) {
    const auto is_well = [](const plugins::Handover& each) { return each.from->is_active(); };
    if (std::all_of(handovers.begin(), handovers.end(), is_well)) return;
    auto made = pipeline::make_world(
        inputs_.config, *inputs_.catalogue, services_, world_.get(), inputs_.stored);
    if (made.world != nullptr && made.handovers.empty()) return tell(made.world);
    for (const config::Fault& fault : made.faults) {
        base::log(LogLevel::error,
                  "a plugin that may be active only once is not active any more; restart parley",
                  {{"why", fault.message}});
    }
}

void House::open_doors() {
    doors_->open(std::move(*first_plan_));
    first_plan_.reset();
}

// What stays until the end, as the first configuration wants it.
void House::build(const config::Config& config) {
    const auto processes = static_cast<unsigned>(config.supervisor.processes);
    const std::size_t threads = or_share_of_cores(config.server.threads, processes);
    std::vector<http::Loop*> all;
    for (std::size_t i = 0; i < threads; ++i) {
        loops_.push_back(std::make_unique<http::Loop>(static_cast<int>(i)));
        all.push_back(loops_.back().get());
    }
    workers_.emplace(or_share_of_cores(config.server.workers, 2 * processes));
    const auto serve = [this](http::Stream::Ptr stream) {
        const int index = stream->loop().index();
        return fronts_[static_cast<std::size_t>(index)]->serve(std::move(stream));
    };
    doors_.emplace(std::move(all), count_, serve, parent_);
}

// The refresher is told first: what is in force of the new accounts goes to the loops with the
// World, so that no exchange begins with an account that its loop knows no secret of.
void House::tell(const std::shared_ptr<const World>& world) {
    world_ = world;
    if (!here_.empty()) former_.add(inputs_.catalogue, std::move(here_));
    std::vector<std::shared_ptr<const World>> here;
    for (std::size_t i = 0; i < loops_.size(); ++i) here.push_back(pipeline::counted_apart(world));
    here_.assign(here.begin(), here.end());
    if (refresher_ == nullptr) {
        refresher_ = pipeline::make_refresher(first(), world);
        for (std::size_t i = 0; i < loops_.size(); ++i) {
            fronts_.push_back(std::make_unique<manage::Front>(
                *loops_[i], *workers_, std::move(here[i]), *refresher_, log_));
        }
        return;
    }
    first().post([this, world, here = std::move(here)]() mutable {
        refresher_->adopt(pipeline::change_to(first(), world));
        const auto secrets = std::make_shared<const accounts::Standing>(refresher_->standing());
        for (std::size_t i = 0; i < loops_.size(); ++i) {
            loops_[i]->post([front = fronts_[i].get(),
                             here = std::move(here[i]),
                             secrets]() mutable { front->adopt(std::move(here), *secrets); });
        }
    });
}

void House::end_exchanges_with(const plugins::Library& library, const base::Error& why) {
    former_.each_with(library, [&](std::size_t loop, const FormerWorlds::Here& here) {
        loops_[loop]->post([&on = *loops_[loop], front = fronts_[loop].get(), here, why] {
            on.wake();
            if (const auto world = here.lock()) front->underway().end(*world, why);
        });
    });
}

// Loops work in the order they are told: this goes the way of every change, behind it.
void House::when_in_force(std::function<void()> then) {
    const std::shared_ptr<void> all(nullptr,
                                    [this, then = std::move(then)](void*) { control_.post(then); });
    first().post([this, all] {
        for (const auto& loop : loops_) loop->post([all] {});
    });
}

void House::run() {
    services_->post_to_control = [this](std::function<void()> work) {
        control_.post(std::move(work));
    };
    wait_for_signal();
    wait_for_parent();
    refresher_->start();
    is_serving_ = true;
    std::vector<std::jthread> threads;
    for (const auto& each : loops_) {
        threads.emplace_back([&loop = *each] {
            plugins::set_loop_index(loop.index());
            base::black_box_line().is_loop.store(1);
            supervisor::give_signals_a_stack();
            loop.run();
        });
    }
    control_.run();
}

void House::wait_for_signal() {
    signals_.async_wait([this](const boost::system::error_code& fault, int signal) {
        if (fault) return;
        control_.wake();
        if (signal == SIGHUP) {
            wait_for_signal();
            if (on_hang_up_) on_hang_up_();
            return;
        }
        if (is_draining_) return stop();
        wait_for_signal();
        end(stopping());
    });
}

// Another worker has taken over, and nobody waits for the end of this one: what has begun may take
// its time. When the supervisor is gone, it is as if it had said to stop.
void House::wait_for_parent() {
    if (!parent_speaks_.is_open()) return;
    parent_speaks_.async_wait(boost::asio::posix::stream_descriptor::wait_read,
                              [this](const boost::system::error_code& fault) {
                                  if (fault) return;
                                  control_.wake();
                                  auto message = supervisor::receive(parent_.link());
                                  if (!message) return end(stopping());
                                  hear_parent(std::move(*message));
                                  wait_for_parent();
                              });
}

void House::hear_parent(supervisor::Message message) {
    if (message.verb == "retire") end(relieved());
    if (message.verb == "door") parent_.know(message.rest, std::move(message.descriptor));
    if (message.verb == "reload" && on_hang_up_) on_hang_up_();
    if (message.verb == "look" && on_look_) on_look_();
}

// Workers at other seats do what this one has done.
void House::say_changed() {
    parent_.say("changed");
}

void House::have_others_look() {
    parent_.say("look");
}

base::Result<void> House::ask_for_upgrade() const {
    if (parent_.link() < 0) {
        return base::client_error(PARLEY_E_UNSUPPORTED,
                                  "it runs without a supervisor, which could start another one");
    }
    parent_.say("upgrade");
    return {};
}

void House::end(Patience patience) {
    if (is_draining_) return;
    is_draining_ = true;
    first().post([this, doors = doors_->all(), patience] {
        first().wake();
        patience.has_next ? Doors::leave_to_next(doors) : Doors::shut(doors);
        drain(patience);
    });
}

House::Patience House::stopping() const {
    return {.busy_ms = inputs_.config.limits.drain_ms, .idle_ms = 1, .has_next = false};
}

House::Patience House::relieved() const {
    return {.busy_ms = kNoLimitMs, .idle_ms = inputs_.config.limits.relief_ms, .has_next = true};
}

// ---- the drain, on the first loop ----

// No new connections; idle ones close, streams finish within the limit.
void House::drain(Patience patience) {
    base::log(LogLevel::info, "draining", {{"connections", count_->load()}});
    for (std::size_t i = 0; i < loops_.size(); ++i) {
        loops_[i]->post([front = fronts_[i].get(), patience] { front->drain(patience.idle_ms); });
    }
    drain_until_ms_ = first().now_ms() + patience.busy_ms;
    look_again_.emplace(
        first().deadlines(), this, [](void* self) { static_cast<House*>(self)->look_again(); });
    look_again_->set(1);
}

void House::look_again() {
    const bool over = first().now_ms() >= drain_until_ms_;
    if (count_->load() == 0 || cut_) {
        refresher_->rest();
        if (refresher_->is_idle()) return stop();
        // What a refresh waits for has a turn of the loop to let go.
        if (over) refresher_->stop();
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

void House::stop() {
    for (const auto& loop : loops_) loop->stop();
    control_.stop();
}

}  // namespace parley::live
