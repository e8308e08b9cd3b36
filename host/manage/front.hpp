// manage/front.hpp: the front door. A connection's requests one after another: the house's own
// pages are answered here, everything else becomes an exchange. One for each loop. [loop]
#pragma once

#include <memory>
#include <set>

#include "base/task.hpp"
#include "http/client.hpp"
#include "http/stream.hpp"
#include "pipeline/lane.hpp"

namespace parley::manage {

class Front {
public:
    Front(http::Loop& loop,
          http::Workers& workers,
          std::shared_ptr<const pipeline::World> world,
          accounts::Refresher& refresher,
          pipeline::Recorder& recorder)
        : lane_(loop, workers, std::move(world), refresher, recorder) {}

    // Serves a connection to its end.
    base::Task<void> serve(http::Stream::Ptr stream);

    // Exchanges that begin from now on do so in this world, which is counted apart.
    void adopt(std::shared_ptr<const pipeline::World> world, const accounts::Standing& secrets) {
        lane_.adopt(std::move(world), secrets);
    }

    // What goes on and what waits on this loop.
    pipeline::Underway& underway() { return lane_.underway(); }

    // Each connection closes after the reply to its current request; an idle one waits at most
    // last_call_ms (1 at least) for that request.
    void drain(std::uint64_t last_call_ms);
    // Ends what is left.
    void cut();

private:
    bool is_draining() const { return last_call_ms_ != 0; }

    base::Task<void> answer(http::Client& client);
    base::Task<bool> answer_own_page(http::Client& client);
    base::Task<void> refuse(http::Client& client);
    // False: a web page of a foreign origin may not do this.
    bool apply_cors(http::Client& client);

    pipeline::Lane lane_;
    std::set<http::Client*> clients_;
    std::uint64_t last_call_ms_ = 0;  // of the drain; 0 before it
};

}  // namespace parley::manage
