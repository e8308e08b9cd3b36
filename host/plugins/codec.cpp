#include "plugins/codec.hpp"

namespace parley::plugins {

using base::Arena;
using base::Function;
using base::Result;

Rope::Rope(std::size_t bytes_max) : bytes_max_(bytes_max), out_(sized<parley_out>()) {
    out_.ctx = this;
    out_.write = [](const parley_out* out, parley_bytes b) -> parley_status {
        auto* self = static_cast<Rope*>(out->ctx);
        if (!self->has_room(b.len)) return -PARLEY_E_BUDGET;
        const bool joins = !self->pieces_.empty() && self->pieces_.back().borrowed == nullptr;
        if (!joins) self->pieces_.push_back({nullptr, self->own_.size(), 0});
        self->own_.append(view(b));
        self->pieces_.back().size += b.len;
        return PARLEY_OK;
    };
    out_.borrow = [](const parley_out* out, parley_bytes b) -> parley_status {
        constexpr std::size_t kWorthwhile = 1024;
        auto* self = static_cast<Rope*>(out->ctx);
        if (b.len < kWorthwhile) return out->write(out, b);
        if (!self->has_room(b.len)) return -PARLEY_E_BUDGET;
        self->pieces_.push_back({view(b).data(), 0, b.len});
        return PARLEY_OK;
    };
}

bool Rope::has_room(std::size_t size) {
    if (size > bytes_max_ - size_) return false;
    size_ += size;
    return true;
}

bool translates_clients(const Dialect& dialect) {
    const parley_dialect& t = dialect.table();
    return t.decode_request != nullptr && t.encoder_open != nullptr;
}

bool translates_upstreams(const Dialect& dialect) {
    const parley_dialect& t = dialect.table();
    return t.encode_request != nullptr && t.decoder_open != nullptr;
}

Result<const parley_request*> decode_request(const Dialect& dialect,
                                             const parley_call& call,
                                             Arena& arena) {
    parley_error error = cleared_error(arena);
    const parley_request* request = nullptr;
    const base::Visit visit = dialect.instance().visit(Function::decode_request);
    const auto status =
        dialect.table().decode_request(dialect.self(), &call, arena.border(), &request, &error);
    if (auto ok = outcome(status, error, dialect.id()); !ok) return std::move(ok).error();
    if (request == nullptr) {
        return base::gateway_error(PARLEY_E_INTERNAL, std::string(dialect.id()) + ": no request");
    }
    return request;
}

Result<void> encode_request(const Dialect& dialect,
                            const parley_request& request,
                            const parley_target& target,
                            Arena& arena,
                            EncodedRequest& out) {
    parley_error error = cleared_error(arena);
    const base::Visit visit = dialect.instance().visit(Function::encode_request);
    const auto status = dialect.table().encode_request(
        dialect.self(), &request, &target, arena.border(), &out.head, out.body.border(), &error);
    return outcome(status, error, dialect.id());
}

std::string correct_traits(const Dialect& dialect,
                           const parley_request& request,
                           const parley_target& target,
                           const base::Error& told,
                           Arena& arena) {
    const parley_dialect& table = dialect.table();
    if (!PARLEY_HAS(&table, parley_dialect, correct_traits)) return {};
    parley_error error = to_border(told);
    error.arena = arena.border();
    parley_str traits{};
    const base::Visit visit = dialect.instance().visit(Function::correct);
    const auto status =
        table.correct_traits(dialect.self(), &request, &target, &error, arena.border(), &traits);
    return status == PARLEY_OK ? std::string(view(traits)) : std::string();
}

Result<Composed> encode_count(const Dialect& dialect,
                              const parley_call& call,
                              std::uint64_t input_tokens,
                              Arena& arena) {
    constexpr std::size_t kCountBytesMax = 64 * 1024;
    Composed reply{sized<parley_http_reply>(), {}};
    const parley_dialect& table = dialect.table();
    if (!PARLEY_HAS(&table, parley_dialect, encode_count)) {
        return base::client_error(PARLEY_E_NOT_FOUND, "this dialect does not count tokens");
    }
    const Outlet outlet(reply.body, kCountBytesMax);
    parley_error error = cleared_error(arena);
    const base::Visit visit = dialect.instance().visit(Function::encode_models);
    const auto status = table.encode_count(
        dialect.self(), &call, input_tokens, arena.border(), &reply.head, outlet.border(), &error);
    if (auto ok = outcome(status, error, dialect.id()); !ok) return std::move(ok).error();
    return reply;
}

// ---- events ----

EventSink::EventSink(Arena& arena) : arena_(arena) {
    sink_.ctx = this;
    sink_.emit = [](const parley_sink* sink, const parley_event* event) {
        return static_cast<EventSink*>(sink->ctx)->emit(*event);
    };
    sink_.alloc = [](const parley_sink* sink, uint64_t size, uint64_t align) {
        return static_cast<EventSink*>(sink->ctx)->arena_.alloc(size, align);
    };
}

parley_status EventSink::emit(const parley_event& event) {
    if (const char* wrong = grammar_.check(event)) {
        breach_ = wrong;
        return -PARLEY_E_INVALID_ARGUMENT;
    }
    return take(event);
}

Decoder::~Decoder() {
    if (session_ == nullptr) return;
    const base::Visit visit = dialect_->instance().visit(Function::decoder);
    dialect_->table().decoder_close(session_);
}

Result<void> Decoder::open(const Dialect& dialect, const parley_codec_open& open) {
    dialect_ = &dialect;
    auto error = sized<parley_error>();
    error.arena = open.arena;
    const base::Visit visit = dialect.instance().visit(Function::decoder);
    const auto status = dialect.table().decoder_open(dialect.self(), &open, &session_, &error);
    if (status < 0) session_ = nullptr;
    return outcome(status, error, dialect.id());
}

Result<void> Decoder::decode(std::string_view input,
                             bool eof,
                             const EventSink& sink,
                             Arena& arena) {
    parley_error error = cleared_error(arena);
    const base::Visit visit = dialect_->instance().visit(Function::decoder);
    const auto status =
        dialect_->table().decode(session_, bytes(input), eof ? 1 : 0, sink.border(), &error);
    if (sink.breach() != nullptr) {
        auto e = base::gateway_error(
            PARLEY_E_INTERNAL, std::string(dialect_->id()) + ": wrong event: " + sink.breach());
        e.fault = PARLEY_FAULT_PLUGIN;
        e.scope = PARLEY_SCOPE_PLUGIN;
        return e;
    }
    return outcome(status, error, dialect_->id());
}

Encoder::~Encoder() {
    if (session_ == nullptr) return;
    const base::Visit visit = dialect_->instance().visit(Function::encoder);
    dialect_->table().encoder_close(session_);
}

Result<void> Encoder::open(const Dialect& dialect, const parley_codec_open& open) {
    dialect_ = &dialect;
    auto error = sized<parley_error>();
    error.arena = open.arena;
    const base::Visit visit = dialect.instance().visit(Function::encoder);
    const auto status = dialect.table().encoder_open(dialect.self(), &open, &session_, &error);
    if (status < 0) session_ = nullptr;
    return outcome(status, error, dialect.id());
}

Result<void> Encoder::encode(const parley_event& event, const Outlet& out, Arena& arena) {
    parley_error error = cleared_error(arena);
    const base::Visit visit = dialect_->instance().visit(Function::encoder);
    const auto status = dialect_->table().encode(session_, &event, out.border(), &error);
    has_declined_ = status == PARLEY_DECLINED;
    return outcome(status, error, dialect_->id());
}

}  // namespace parley::plugins
