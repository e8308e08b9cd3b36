// live/house.hpp: everything that runs while Parley serves, and how it changes under way.
//
// The thread that runs the house is the control thread: it loads plugins, makes Worlds and ends
// them. Each loop has a thread of its own. A change makes a whole new World beside the old one and
// then tells every loop; what began in the old one ends there, and with its last exchange it goes.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/signal_set.hpp>

#include "http/on_loop.hpp"
#include "live/doors.hpp"
#include "live/former_worlds.hpp"
#include "live/gap.hpp"
#include "manage/exchange_log.hpp"
#include "manage/front.hpp"
#include "pipeline/make_world.hpp"

namespace parley::live {

// What a World is made from.
struct Inputs {
    config::Config config;
    std::shared_ptr<const plugins::Catalogue> catalogue;
    pipeline::Stored stored = {};
};

class House {
public:
    House(std::shared_ptr<plugins::HostServices> services, supervisor::Parent& parent);
    ~House();
    House(const House&) = delete;
    House& operator=(const House&) = delete;

    using Faults = std::vector<config::Fault>;

    // Everything that begins from now on does so in a World of these inputs. When there are faults,
    // nothing has changed. [control]
    Faults change(Inputs inputs);

    // Lets clients in, once the first change has been made and whatever else they may rely on.
    void open_doors();

    // The same libraries serve, and something else is known of their files. [control]
    void note(std::shared_ptr<const plugins::Catalogue> catalogue) {
        inputs_.catalogue = std::move(catalogue);
    }

    // Calls back once every loop lives in the World of the latest change. [control]
    void when_in_force(std::function<void()> then);

    // The first change has been made.
    bool is_built() const { return world_ != nullptr; }

    std::uint64_t connections() const { return count_->load(std::memory_order_relaxed); }

    // Of the latest change. [control]
    const Inputs& inputs() const { return inputs_; }

    // In which exchanges begin now. [control]
    const std::shared_ptr<const pipeline::World>& world() const { return world_; }

    // Exchanges that go on with a library that serves no more.
    std::uint64_t exchanges_with(const plugins::Library& library) {
        return former_.count_with(library);
    }

    // Each ends with the error of its dialect.
    void end_exchanges_with(const plugins::Library& library, const base::Error& why);

    // Where clients are served.
    std::vector<std::string> addresses() const { return doors_->addresses(); }

    // Where work for the control thread goes.
    http::Loop& control() { return control_; }

    // Work for a thread that serves, where functions of plugins may be called that loops call.
    http::OnLoop on_loop(std::function<void()> work) {
        return {first(), control_, std::move(work)};
    }

    // What SIGHUP asks for.
    void on_hang_up(std::function<void()> what) { on_hang_up_ = std::move(what); }

    // Others that serve side by side follow this one.
    bool is_followed() const { return parent_.seat() == 1; }

    // What was read anew is in force here, and is to be taken over there.
    void say_changed();

    // What another worker asks for that was told of news in the store.
    void on_look(std::function<void()> what) { on_look_ = std::move(what); }

    // This one was told.
    void have_others_look();

    // Has workers started from the program as it is on disk now, which relieve those that serve.
    // An error where nobody could do that.
    base::Result<void> ask_for_upgrade() const;

    // Until the drain that SIGTERM, SIGINT or the supervisor starts is over.
    void run();

private:
    // How long a drain lets exchanges go on, and how long it waits for a request on an idle
    // connection.
    struct Patience {
        std::uint64_t busy_ms = 0;
        std::uint64_t idle_ms = 0;
        bool has_next = false;  // another worker takes who comes from now on
    };

    Patience stopping() const;
    Patience relieved() const;

    void build(const config::Config& config);
    std::unique_ptr<Gap> open_gap(const pipeline::MadeWorld& made);
    void bring_back(const std::vector<plugins::Handover>& handovers);
    void tell(const std::shared_ptr<const pipeline::World>& world);
    void wait_for_signal();
    void wait_for_parent();
    void hear_parent(supervisor::Message message);
    void end(Patience patience);
    void drain(Patience patience);
    void look_again();
    void stop();

    http::Loop& first() { return *loops_.front(); }

    std::shared_ptr<plugins::HostServices> services_;
    http::Loop control_{-1};
    Inputs inputs_;
    std::shared_ptr<const pipeline::World> world_;
    std::vector<FormerWorlds::Here> here_;  // the same, as each loop counts it
    FormerWorlds former_;
    manage::ExchangeLog log_{true};
    std::vector<std::unique_ptr<http::Loop>> loops_;
    std::unique_ptr<accounts::Refresher> refresher_;
    std::vector<std::unique_ptr<manage::Front>> fronts_;
    std::optional<http::Workers> workers_;  // behind what it works for: it ends first
    std::shared_ptr<http::ConnectionCount> count_ = std::make_shared<http::ConnectionCount>(0);
    std::optional<Doors> doors_;
    std::optional<Doors::Plan> first_plan_;  // until the doors are open
    boost::asio::signal_set signals_;
    supervisor::Parent& parent_;
    boost::asio::posix::stream_descriptor parent_speaks_;
    std::function<void()> on_hang_up_;
    std::function<void()> on_look_;
    bool is_serving_ = false;  // the loops run, or are about to
    bool is_draining_ = false;
    // Of the drain, on the first loop.
    std::uint64_t drain_until_ms_ = 0;
    bool cut_ = false;
    std::optional<http::Deadline> look_again_;
};

}  // namespace parley::live
