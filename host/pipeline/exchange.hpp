// pipeline/exchange.hpp: one request and its whole reply. exchange.cpp shows the way; each room has
// a file of its own. [loop]
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/arena.hpp"
#include "base/error.hpp"
#include "base/task.hpp"
#include "http/client.hpp"
#include "http/upstream.hpp"
#include "pipeline/asked.hpp"
#include "pipeline/attempt.hpp"
#include "pipeline/lane.hpp"
#include "pipeline/outcome.hpp"
#include "pipeline/reply.hpp"
#include "routing/router.hpp"

namespace parley::pipeline {

struct Race;
struct Runner;

class Exchange : public ListedExchange {
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

    const Asked& asked() const { return asked_; }

    const routing::RouteTerms& terms() const { return course_->terms(); }

    Reply& reply() { return reply_; }

    // By the loop's clock.
    std::uint64_t started_ms() const { return started_ms_; }

    std::string_view id() const { return id_; }

    // As plugins are told of it: as it was asked. Valid as long as the exchange.
    parley_exchange described() const;

    // The request has a form that filters and other dialects can be shown.
    bool has_canonical_form() const;

    // What a filter that sent it elsewhere has made of the request; null: as it was asked.
    const parley_request* given() const { return given_; }

    // From 1.
    unsigned attempt_number() const { return static_cast<unsigned>(tried_.size()); }

    // Another account may still be tried.
    bool has_more() const;

    // Two attempts are under way, and the client has heard of none.
    bool is_racing() const;
    // What the client hears from here on is this one's; the other one ends.
    void claim(const Attempt& attempt);

    // The account has made what later requests will name so, or knows what this one names.
    void owns(std::uint32_t account, std::string_view id);
    void owns_named(std::uint32_t account);

    // An attempt is over.
    void note(const AttemptNote& attempt) { notes_.push_back(attempt); }

    // The client has left, or it was ended; what goes on for it shall end.
    bool is_over() const { return gone_ || end_.has_value(); }

    // ---- for its loop ----

    // It fails with this, whatever it waits for.
    void end(const base::Error& why);

    // Some function of it may still be called for this exchange. Less and less are, unless a filter
    // sends it elsewhere.
    bool may_call(const plugins::Instance& instance) const;

private:
    template <class T>
    using Result = base::Result<T>;

    // The rooms, in order.
    base::Task<Result<void>> serve();
    Result<void> match();                                       // match.cpp
    Result<void> authenticate();                                // authenticate.cpp
    base::Task<Result<void>> prove_key();                       // authenticate.cpp
    base::Task<Result<void>> show_models();                     // models.cpp
    base::Task<Result<void>> read();                            // exchange.cpp
    Result<void> resolve();                                     // resolve.cpp
    Result<void> admit();                                       // admit.cpp
    base::Task<Result<void>> try_accounts();                    // pick.cpp
    base::Task<Result<void>> run_race(std::uint64_t after_ms);  // race.cpp
    base::Task<void> refuse(const base::Error& error);          // refuse.cpp
    void record(const base::Error* error);                      // record.cpp
    void tell_observers(Outcome& outcome);                      // record.cpp

    // pick.cpp
    routing::Picked pick(bool is_aside);
    bool pick_next();
    void drop_attempts();
    void show_route(const routing::Candidate& who);
    bool is_of_account(const Attempt& attempt, const base::Error& error) const;
    Result<void> turn(const Ruling& elsewhere);  // turn.cpp
    void find_unfit(std::string_view provider);  // resolve.cpp
    bool goes_on(const base::Error& error);
    bool may_retry();
    base::Error exhausted(const base::Error* last);
    std::uint64_t hedges_after_ms() const;   // race.cpp; 0: not at all
    void begin_second(Race& race);           // race.cpp
    void weigh(Race& race, Runner& runner);  // race.cpp
    Result<void> unserved() const;           // resolve.cpp
    Result<void> find_owner();               // owner.cpp
    void spend(std::uint64_t tokens);        // record.cpp
    const plugins::Dialect* dialect_for(const routing::Place& place) const;
    base::Task<void> refuse_plainly(const base::Error& error);  // refuse.cpp

    // The client left: nothing that goes on for it is worth going on.
    static void client_gone(void* self);
    void stop_attempts();

    Lane& lane_;
    http::Client& client_;
    const std::shared_ptr<const World> world_;
    base::Arena arena_;
    const std::string id_;
    const std::uint64_t started_ms_;
    std::uint64_t read_ms_ = 0;  // when the request was there, by the loop's clock; 0: it was not
    Asked asked_;
    Reply reply_;
    std::shared_ptr<const routing::Course> course_;  // of the model
    std::vector<const routing::Place*> unfit_;       // places that cannot be asked this
    std::vector<std::uint64_t> tried_;               // routing::Picked::number
    std::uint32_t owner_ = 0;                        // routing::Ask::owner
    std::size_t step_ = 0;                           // of the course
    const parley_request* given_ = nullptr;
    unsigned turns_ = 0;      // how often filters have sent it elsewhere
    routing::Nobody nobody_;  // why there is nobody left to try
    base::Error rejection_;   // of a policy that wants none of them; without a message: none
    std::optional<Attempt> first_;
    std::unique_ptr<Attempt> second_;                // beside the first
    Attempt* attempt_ = nullptr;                     // the one that counts; null: there is none
    Race* race_ = nullptr;                           // of the two; null: there is one at most
    std::vector<AttemptNote> notes_;                 // of attempts that are over
    std::shared_ptr<accounts::HashedKey> unproven_;  // what the caller's key has to fit yet
    bool is_budget_spent_ = false;                   // the caller's, of attempts beyond the first
    bool is_admitted_ = false;                       // counts against its caller's limits
    bool gone_ = false;
    std::optional<base::Error> end_;  // why it was ended; nothing: it was not
    bool* ended_ = nullptr;           // set when the exchange ends, for stop_attempts
};

}  // namespace parley::pipeline
