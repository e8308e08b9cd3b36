// pipeline/exchange.hpp: one request and its whole reply. exchange.cpp shows the way; each room has
// a file of its own. [loop]
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "base/arena.hpp"
#include "base/error.hpp"
#include "base/task.hpp"
#include "http/client.hpp"
#include "http/upstream.hpp"
#include "pipeline/asked.hpp"
#include "pipeline/attempt.hpp"
#include "pipeline/lane.hpp"
#include "pipeline/reply.hpp"
#include "routing/router.hpp"

namespace parley::pipeline {

class Exchange {
public:
    Exchange(Lane& lane, http::Client& client);
    ~Exchange();
    Exchange(const Exchange&) = delete;
    Exchange& operator=(const Exchange&) = delete;

    // Answers the request whose head the client has read. Never fails: whatever goes wrong
    // becomes the client's reply, or the end of its connection.
    base::Task<void> run();

    // ---- for its attempts ----

    Lane& lane() { return lane_; }

    http::Client& client() { return client_; }

    const World& world() const { return *world_; }

    base::Arena& arena() { return arena_; }

    http::Cancellation& cancellation() { return cancellation_; }

    const Asked& asked() const { return asked_; }

    Reply& reply() { return reply_; }

    // By the loop's clock.
    std::uint64_t started_ms() const { return started_ms_; }

    // Another account may still be tried.
    bool has_more() const;

    // The client has left; what goes on for it shall end.
    bool is_gone() const { return gone_; }

private:
    template <class T>
    using Result = base::Result<T>;

    // The rooms, in order.
    base::Task<Result<void>> serve();
    Result<void> match();                               // match.cpp
    Result<void> authenticate();                        // authenticate.cpp
    base::Task<Result<void>> show_models();             // models.cpp
    base::Task<Result<void>> read();                    // exchange.cpp
    Result<void> resolve();                             // resolve.cpp
    base::Task<Result<void>> try_accounts();            // pick.cpp
    base::Task<void> refuse(const base::Error& error);  // refuse.cpp
    void record(const base::Error* error);              // record.cpp

    // pick.cpp
    bool pick_next();
    bool goes_on(const base::Error& error) const;
    const plugins::Dialect* dialect_for(const routing::Place& place) const;
    base::Task<void> refuse_plainly(const base::Error& error);  // refuse.cpp

    // The client left: nothing that goes on for it is worth going on.
    static void client_gone(void* self);

    Lane& lane_;
    http::Client& client_;
    const std::shared_ptr<const World> world_;
    base::Arena arena_;
    http::Cancellation cancellation_;
    const std::string id_;
    const std::uint64_t started_ms_;
    Asked asked_;
    Reply reply_;
    routing::Candidates candidates_;
    std::optional<Attempt> attempt_;
    unsigned attempts_ = 0;
    bool gone_ = false;
    bool* ended_ = nullptr;  // set when the exchange ends, for client_gone
};

}  // namespace parley::pipeline
