// pipeline/exchange.hpp: one request and its whole reply. exchange.cpp shows the way; each room has
// a file of its own. [loop]
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/arena.hpp"
#include "base/error.hpp"
#include "base/task.hpp"
#include "http/client.hpp"
#include "http/reply.hpp"
#include "http/source.hpp"
#include "pipeline/crossing.hpp"
#include "pipeline/lane.hpp"
#include "plugins/border.hpp"

namespace parley::pipeline {

// What an exchange came to. Views are valid during Recorder::record only.
struct Outcome {
    std::string_view id;
    std::string_view peer;
    std::string_view caller;
    std::string_view method;
    std::string_view path;
    std::string_view dialect;
    std::string_view model;  // as asked
    std::string_view provider;
    std::string_view account;
    std::string_view upstream_model;
    unsigned status = 0;  // as sent; 499: the client left before that
    bool stream = false;
    std::uint64_t request_bytes = 0;
    std::uint64_t reply_bytes = 0;
    std::uint64_t first_byte_ms = 0;
    std::uint64_t total_ms = 0;
    parley_usage usage{};
    const base::Error* error = nullptr;  // null: a success
};

class Exchange {
public:
    Exchange(Lane& lane, http::Client& client);
    ~Exchange();
    Exchange(const Exchange&) = delete;
    Exchange& operator=(const Exchange&) = delete;

    // Answers the request whose head the client has read. Never fails: whatever goes wrong
    // becomes the client's reply, or the end of its connection.
    base::Task<void> run();

private:
    template <class T>
    using Result = base::Result<T>;

    // The rooms, in order.
    base::Task<Result<void>> serve();
    Result<void> match();                               // match.cpp
    Result<void> authenticate();                        // authenticate.cpp
    base::Task<Result<void>> read();                    // exchange.cpp
    base::Task<Result<void>> show_models();             // models.cpp
    Result<void> resolve();                             // resolve.cpp
    base::Task<Result<void>> pick();                    // pick.cpp
    base::Task<Result<void>> send();                    // send.cpp
    base::Task<Result<void>> relay();                   // relay.cpp
    base::Task<void> refuse(const base::Error& error);  // refuse.cpp
    base::Task<void> refuse_plainly(const base::Error& error);
    void record(const base::Error* error);  // record.cpp

    // pick.cpp
    const plugins::Dialect* dialect_for(const routing::Place& place) const;
    Result<void> retarget();
    base::Task<Result<void>> translate();

    // send.cpp
    Result<void> plan();
    base::Task<Result<void>> await_head(std::uint64_t head_ms);
    base::Task<Result<void>> open_upstream(bool fresh);
    base::Task<Result<void>> send_to(http::ReplyReader& reply);
    void write_upstream_head(std::string_view authority);
    bool passes_on(const http::Field& f) const;
    std::uint64_t body_size() const;
    void gather_body(http::Gather& out) const;

    // relay.cpp
    base::Task<Result<void>> relay_success();
    base::Task<Result<void>> relay_failure();
    std::uint64_t limit_wait(std::uint32_t state);
    bool tail_is_over() const;
    base::Task<Result<void>> forward(std::string_view bytes, bool end);
    void let_through(std::string_view bytes, std::size_t taken, http::Gather& out) const;
    void hide_secret(std::span<char> text) const;
    base::Task<Result<void>> read_rest(base::Bytes& body);
    void begin_reply(http::Client::Framing framing, std::uint64_t length);
    base::Task<Result<void>> write(http::Gather& bytes);
    // cross.cpp
    base::Task<Result<void>> cross();
    base::Task<Result<void>> hear(bool stream, Result<http::Source::Piece>& piece);
    base::Task<Result<void>> show_crossed(bool stream);
    base::Task<Result<void>> show_alive();
    base::Task<Result<void>> show_count();
    base::Task<Result<void>> end_crossed(bool stream);
    void begin_crossed(http::Client::Framing framing, bool stream);

    base::Task<Result<void>> compose(const plugins::Composed& reply);
    Result<void> left() const;

    bool wants_stream() const { return (peek_.flags & PARLEY_PEEK_STREAM) != 0; }

    // The client left: nothing that goes on for it is worth going on.
    static void client_gone(void* self);

    Lane& lane_;
    http::Client& client_;
    const std::shared_ptr<const World> world_;
    base::Arena arena_;
    http::Cancellation cancellation_;
    const std::string id_;
    const std::uint64_t started_ms_;

    // As the rooms fill them.
    std::vector<parley_header> headers_;  // the client's, without its key
    parley_http_request request_ = plugins::sized<parley_http_request>();
    parley_call call_ = plugins::sized<parley_call>();
    const plugins::Dialect* dialect_ = nullptr;
    std::string_view caller_;
    parley_peek peek_ = plugins::sized<parley_peek>();
    routing::Candidates candidates_;
    const routing::Candidate* attempt_ = nullptr;
    const plugins::Dialect* upstream_dialect_ = nullptr;
    std::unique_ptr<Crossing> crossing_;  // when that is not the client's
    parley_account account_ = plugins::sized<parley_account>();
    parley_retarget retarget_ = plugins::sized<parley_retarget>();
    parley_plan plan_ = plugins::sized<parley_plan>();
    base::Bytes upstream_head_;
    std::unique_ptr<http::Source> upstream_;
    plugins::Tap tap_;
    base::Bytes held_;        // of the reply: judged later, or shown later
    std::size_t judged_ = 0;  // of held_: what the tap has taken
    std::uint64_t first_byte_ms_ = 0;
    std::uint64_t reply_bytes_ = 0;
    std::uint64_t tail_end_ms_ = 0;  // 0: the reply has not said its end
    unsigned status_ = 0;
    bool gone_ = false;
    bool* ended_ = nullptr;              // set when the exchange ends, for client_gone
    bool reported_by_upstream_ = false;  // the client has the upstream's own words
};

}  // namespace parley::pipeline
