// pipeline/attempt.hpp: one try of an exchange with one account. Its rooms are prove.cpp,
// amend.cpp, send.cpp, relay.cpp, cross.cpp and heal.cpp. [loop]
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.hpp"
#include "base/error.hpp"
#include "base/task.hpp"
#include "http/reply.hpp"
#include "http/source.hpp"
#include "http/upstream.hpp"
#include "pipeline/crossing.hpp"
#include "pipeline/filtering.hpp"
#include "pipeline/outcome.hpp"
#include "pipeline/reply.hpp"
#include "plugins/border.hpp"
#include "routing/pick.hpp"

namespace parley::pipeline {

class Exchange;

class Attempt {
public:
    // `spoken` is the dialect that the place is spoken to in. Everything must outlive the attempt.
    Attempt(Exchange& exchange, routing::Picked picked, const plugins::Dialect& spoken);
    ~Attempt() = default;
    Attempt(const Attempt&) = delete;
    Attempt& operator=(const Attempt&) = delete;

    // From the request as it was asked to the end of the reply. A failure of which the client has
    // seen nothing is not told to it. What the upstream refuses of a translated request, though we
    // chose it and not the client, is corrected, and the request is sent once more.
    base::Task<base::Result<void>> run();

    // The client has seen something of the reply, so no other attempt can follow.
    bool has_shown() const { return has_shown_; }

    // What the failure means to whom it concerns; null: nothing, as it was not the upstream's.
    const parley_verdict* verdict() const { return verdict_ ? &*verdict_ : nullptr; }

    // How it went is the account's from here on. Once.
    void settle(const base::Result<void>& done);

    const routing::Candidate& candidate() const { return candidate_; }

    // As it was told to settle().
    const base::Error& failure() const { return failure_; }

    // Filters have decided: another attempt would come to the same.
    bool is_filtered_out() const {
        return is_hidden_ || (filtering_ != nullptr && filtering_->has_refused());
    }

    // Where a filter sends the request instead, of which no upstream has heard; null: nowhere else.
    const Ruling* elsewhere() const {
        const bool routes = is_crossing() && crossing_->ruling().kind == Ruling::Kind::routes;
        return routes ? &crossing_->ruling() : nullptr;
    }

    // The upstream refused in words that the client understands as they are.
    bool has_refusal() const { return has_refusal_; }

    base::Task<base::Result<void>> show_refusal();

    // The client has heard of the failure in the upstream's own words.
    bool was_told() const { return was_told_; }

    // The client's own error event, for a reply that breaks here; empty when it has none.
    base::Bytes last_words(const base::Error& error);

    const parley_usage& usage() const;

    // The tokens that it cost, once it is settled.
    std::uint64_t cost() const;

    // PARLEY_FINISH_*; 0: not known, as of what is relayed.
    unsigned finish() const { return is_crossing() ? crossing_->finish() : 0; }

    // The reply goes on as it comes.
    bool is_relayed() const { return !is_crossing(); }

    // What has not survived so far, as x-parley-warnings tells it; empty: everything did.
    std::string lost() const;

    // Ends a wait for a connection or a secret.
    void stop_waiting() { cancellation_.fire(); }

    // Ends every wait for the upstream's reply.
    void cancel();

    // Another one answers; this one ends as soon as it can, and is nobody's fault.
    void abandon();

    // The upstream is of no further use.
    void let_go() { source_.reset(); }

private:
    template <class T>
    using Result = base::Result<T>;
    using Task = base::Task<Result<void>>;

    // Nobody waits for it any more: its client has left, or hears another one.
    bool is_off() const;

    bool is_crossing() const { return crossing_ != nullptr; }

    // attempt.cpp
    Task send_and_hear();
    AttemptNote note() const;
    void hear_windows(const parley_http_reply_head& head);
    void judge(const base::Error& error);
    void show();
    std::uint32_t account_number() const;
    std::uint64_t limit_of(std::uint64_t planned,
                           std::uint64_t of_route,
                           std::uint64_t usual) const;
    Result<void> retarget();
    void make_crossing();
    Task translate();

    // filter.cpp
    Result<void> begin_filtering();
    bool can_be_shown() const;
    Task respond();

    bool is_small() const;
    Result<void> speak();
    Result<void> plan();
    Result<void> open_answer(const parley_plan_ask& ask);

    // amend.cpp
    parley_plan_ask plan_ask() const;
    bool is_translated() const;
    bool must_cross();
    bool may_relay() const;
    Result<void> amend(const parley_plan_ask& ask);
    Result<void> merge_edits(std::size_t body_bytes);
    Result<void> refuse_losses() const;

    // heal.cpp
    std::string traits() const;
    bool may_be_healed(const base::Error& refusal) const;
    Task heal(base::Error refusal);
    base::Task<bool> learn_from(const base::Error& refusal);
    void start_over();

    // prove.cpp
    Task wait_for_secret();
    bool may_renew() const;
    Task renew();

    // send.cpp
    Task send();
    Task await_head(std::uint64_t head_ms);
    Task connect(bool fresh);
    Task send_to(http::ReplyReader& reply);
    void write_head(std::string_view authority);
    void write_encoded_fields(std::span<const parley_header> own);
    bool passes_on(const http::Field& f) const;
    std::uint64_t body_size() const;
    std::span<const parley_edit> edits() const;
    void gather_body(http::Gather& out) const;

    // relay.cpp
    Task hear_reply();
    Task relay();
    Task hear_refusal();
    std::uint64_t limit_wait(std::uint32_t state);
    bool tail_is_over() const;
    bool is_gated() const;
    base::Error tapped_error() const;
    Task forward(std::string_view bytes, bool end);
    void let_through(std::string_view bytes, std::size_t taken, http::Gather& out) const;
    void hide_secret(std::span<char> text) const;
    bool shows_secret(std::string_view text) const;
    Task read_refusal();
    void begin_relayed(bool end, std::size_t size);
    void begin_reply(Reply::Framing framing, std::uint64_t length);

    // cross.cpp
    Task recast(bool ended);
    Task read_request();
    Task cross(bool ended);
    Task hear(bool stream, Result<http::Source::Piece>& piece);
    Task show_crossed(bool stream);
    Task show_alive();
    Task show_count();
    Task end_crossed(bool stream);
    void begin_crossed(Reply::Framing framing, bool stream);
    Task write_crossed();

    Exchange& exchange_;
    routing::Picked picked_;
    const routing::Candidate& candidate_;
    const plugins::Dialect& spoken_;
    accounts::LiveSecretPtr secret_;  // null: has to be waited for
    parley_account account_ = plugins::sized<parley_account>();
    parley_retarget retarget_ = plugins::sized<parley_retarget>();
    const FilterChain* filters_;                                 // null: none wants to see anything
    parley_exchange known_ = plugins::sized<parley_exchange>();  // what filters are told of it
    parley_filter_open filter_open_ = plugins::sized<parley_filter_open>();
    std::unique_ptr<Filtering> filtering_;
    std::unique_ptr<Crossing> crossing_;  // when the request is not relayed, or the reply is recast
    std::uint32_t wants_ = 0;             // PARLEY_WANT_* of the place
    parley_amendment amendment_ = plugins::sized<parley_amendment>();
    base::Bytes joined_;              // the encoded body, where it is amended
    std::vector<parley_edit> edits_;  // of an amended body
    std::string lesson_;              // the traits that a refusal has corrected, a JSON object
    parley_plan plan_ = plugins::sized<parley_plan>();
    base::Bytes head_;  // of the request
    http::Cancellation cancellation_;
    std::unique_ptr<http::Source> source_;
    plugins::Tap tap_;
    base::Bytes held_;                       // of the reply: judged later, or shown later
    std::size_t judged_ = 0;                 // of held_: what the tap has taken
    unsigned status_ = 0;                    // of the reply; 0: there was none
    bool is_reused_ = false;                 // the connection
    std::uint64_t connected_ms_ = 0;         // when it stood
    std::uint64_t received_bytes_ = 0;       // of the reply's body
    std::uint64_t heard_ms_ = 0;             // when the reply's head came
    std::uint64_t tail_end_ms_ = 0;          // 0: the reply has not said its end
    base::Error told_;                       // the failure as the upstream told it
    std::optional<parley_verdict> verdict_;  // on it; texts lie there, or in the arena
    base::Error failure_;
    std::uint64_t content_ms_ = 0;  // until the client saw something; 0: it has not
    bool has_shown_ = false;
    bool has_refusal_ = false;  // it lies in held_
    bool was_told_ = false;
    bool has_ended_well_ = false;
    bool is_abandoned_ = false;
    bool is_hidden_ = false;   // from a filter that insists
    bool is_renewed_ = false;  // the request is made again with a new secret
};

}  // namespace parley::pipeline
