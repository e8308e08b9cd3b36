#include "pipeline/crossing.hpp"

#include <algorithm>

#include "base/clock.hpp"
#include "parley/sdk/event_error.hpp"
#include "parley/sdk/seal.hpp"
#include "pipeline/estimate.hpp"

namespace parley::pipeline {

using base::Result;
using plugins::sized;
using plugins::str;
using plugins::view;

namespace {

const parley_warning kEstimated{
    sizeof(parley_warning), 0, str(PARLEY_WARNING_TOKEN_COUNT_ESTIMATED), {}};

parley_event error_event(const base::Error& error) {
    auto e = sized<parley_event>();
    e.type = PARLEY_EVENT_ERROR;
    e.kind = static_cast<std::uint32_t>(error.error_class);
    e.text = str(error.message);
    e.name = str(error.code);
    e.a = error.retry_after_ms;
    e.b = error.http_status;
    return e;
}

std::string_view name_of_part(std::uint32_t kind) {
    switch (kind) {
        case PARLEY_PART_IMAGE:
            return "image";
        case PARLEY_PART_AUDIO:
            return "audio";
        case PARLEY_PART_VIDEO:
            return "video";
        case PARLEY_PART_DOCUMENT:
            return "document";
        case PARLEY_PART_TOOL_CALL:
            return "tool_call";
        case PARLEY_PART_REASONING:
            return "reasoning";
        default:
            return "part";
    }
}

// Two of the dialects never tell when a reply began, the two others always do.
parley_event dated(parley_event started) {
    if (started.a == 0) started.a = static_cast<std::uint64_t>(base::wall_ms() / 1000);
    return started;
}

}  // namespace

base::Error refusal_of_loss(const parley_warning& lost) {
    const std::string field(view(lost.field));
    auto error = base::client_error(PARLEY_E_UNSUPPORTED,
                                    (field.empty() ? "" : field + ": ") +
                                        "this route is strict: " + std::string(view(lost.code)),
                                    field);
    error.code = "unsupported_value";
    return error;
}

Crossing::Crossing(const plugins::Dialect& client,
                   const plugins::Dialect& upstream,
                   const parley_call& call,
                   base::Arena& arena,
                   const Carriage& carriage,
                   const config::Limits& limits)
    : EventSink(arena),
      client_(client),
      upstream_(upstream),
      call_(call),
      arena_(arena),
      carriage_(carriage),
      encoded_(limits.translated_bytes_max),
      outlet_(out_, limits.translated_bytes_max) {}

Result<void> Crossing::translate(const Terms& terms) {
    request_ = terms.request;
    if (request_ == nullptr) {
        auto request = plugins::decode_request(client_, call_, arena_);
        if (!request) return std::move(request).error();
        request_ = restored(**request, carriage_, arena_);
    }
    is_strict_ = terms.strict;
    target_.model = str(terms.model);
    if (auto filtered = filter(terms); !filtered) return filtered;
    if (ruling_.kind != Ruling::Kind::goes_on || is_relayed_) return {};
    target_.traits = str(terms.traits);
    target_.flags = terms.lenient ? PARLEY_TARGET_LENIENT : 0;
    auto written = plugins::encode_request(upstream_, *request_, target_, arena_, encoded_);
    const bool counts = call_.operation == PARLEY_OPERATION_COUNT_TOKENS;
    must_guess_ = counts && !written && written.error().error_class == PARLEY_E_UNSUPPORTED;
    if (!written && !must_guess_) return written;
    return terms.strict ? refuse_losses() : Result<void>();
}

Result<void> Crossing::filter(const Terms& terms) {
    if (filtering_ == nullptr) return {};
    auto ruling = filtering_->decide(*request_);
    if (!ruling) return std::move(ruling).error();
    ruling_ = *ruling;
    const bool is_changed = terms.request != nullptr || ruling_.request != nullptr;
    if (ruling_.request != nullptr) request_ = ruling_.request;
    is_relayed_ = terms.may_relay && !is_changed && !filtering_->sees_events();
    return {};
}

Result<void> Crossing::read(std::string_view model) {
    auto request = plugins::decode_request(client_, call_, arena_);
    if (!request) return std::move(request).error();
    request_ = *request;
    target_.model = str(model);
    is_of_reply_ = true;
    return {};
}

// On a strict route the first thing that would be warned of is the request's fault.
Result<void> Crossing::refuse_losses() const {
    // Another name for a tool comes back as its own.
    const auto is_loss = [](const parley_warning& w) {
        return view(w.code) != PARLEY_WARNING_TOOL_RENAMED;
    };
    for (std::uint64_t i = 0; i < request_->warning_count; ++i) {
        if (is_loss(*request_->warnings[i])) return refusal_of_loss(*request_->warnings[i]);
    }
    for (std::uint64_t i = 0; i < encoded_.head.warning_count; ++i) {
        if (is_loss(*encoded_.head.warnings[i])) return refusal_of_loss(*encoded_.head.warnings[i]);
    }
    return must_guess_ ? Result<void>(refusal_of_loss(kEstimated)) : Result<void>();
}

bool Crossing::guesses_after(const base::Error& refusal) {
    must_guess_ = call_.operation == PARLEY_OPERATION_COUNT_TOKENS && !is_strict_ &&
                  refusal.error_class == PARLEY_E_UNSUPPORTED;
    return must_guess_;
}

Losses Crossing::losses() const {
    Losses all = lost_;
    // Nothing is known of the request, or it went as it was.
    if (request_ == nullptr || is_of_reply_) return all;
    all.add(request_->warnings, request_->warning_count);
    all.add(encoded_.head.warnings, encoded_.head.warning_count);
    if (must_guess_) all.add(kEstimated);
    return all;
}

Result<void> Crossing::speak(bool client_streams, std::string_view client_model) {
    if (call_.operation == PARLEY_OPERATION_COUNT_TOKENS) return {};
    parley_codec_open& open = encoder_open_;
    open.request = request_;
    open.target = &target_;
    open.arena = arena_.border();
    open.model = str(client_model);
    open.flags = client_streams ? PARLEY_CODEC_STREAM : 0;
    return encoder_.open(client_, open);
}

Result<void> Crossing::listen(const parley_http_reply_head& head, bool upstream_streams) {
    parley_codec_open& open = decoder_open_;
    open.request = request_;
    open.target = &target_;
    open.arena = arena_.border();
    open.head = &head;
    open.flags = upstream_streams ? PARLEY_CODEC_STREAM : 0;
    return decoder_.open(upstream_, open);
}

Result<void> Crossing::feed(std::string_view bytes, bool eof) {
    Result<void> decoded = decoder_.decode(bytes, eof, *this, arena_);
    if (!fault_.message.empty()) return fault_;
    if (filtering_ != nullptr && filtering_->failure() != nullptr) return *filtering_->failure();
    if (state_ == State::finished) return {};
    if (!decoded) return decoded;
    if (eof && !grammar().ended()) {
        return base::upstream_error(PARLEY_E_UPSTREAM_PROTOCOL,
                                    "upstream: the reply ended before it was complete");
    }
    return {};
}

// What a filter makes of reasoning is for the client; the upstream gets its own back.
parley_status Crossing::take(const parley_event& event) {
    remember(event);
    if (filtering_ == nullptr || !filtering_->sees_events()) return pass(event);
    return filtering_->take(event, *this);
}

parley_status Crossing::pass(const parley_event& event) {
    switch (event.type) {
        case PARLEY_EVENT_RESPONSE_STARTED:
            return write(dated(event)) ? PARLEY_OK : -PARLEY_E_BUDGET;
        case PARLEY_EVENT_USAGE:
            sdk::merge_usage(usage_, sdk::usage_of(event));
            break;
        case PARLEY_EVENT_PART_STARTED:
            state_ = State::content;
            break;
        case PARLEY_EVENT_ERROR:
            // How the client hears of it depends on whether its reply has begun.
            fail(event);
            state_ = State::failed;
            return PARLEY_OK;
        case PARLEY_EVENT_FINISH:
            state_ = State::finished;
            finish_ = event.kind;
            break;
        case PARLEY_EVENT_SEAL:
            return write_seal(event) ? PARLEY_OK : -PARLEY_E_BUDGET;
        case PARLEY_EVENT_WARNING:
            lose(view(event.name), view(event.text));
            break;
        default:
            break;
    }
    return write(event) ? PARLEY_OK : -PARLEY_E_BUDGET;
}

bool Crossing::write(const parley_event& event) {
    if (!encoder_.is_open()) return true;
    Result<void> written = encoder_.encode(event, outlet_, arena_);
    if (!written) fault_ = written.error();
    if (encoder_.has_declined()) {
        const bool is_item = event.kind == PARLEY_PART_SERVER_ITEM;
        lose(PARLEY_WARNING_FIELD_DROPPED, is_item ? view(event.name) : name_of_part(event.kind));
    }
    return written.has_value();
}

void Crossing::lose(std::string_view code, std::string_view field) {
    lost_.add({sizeof(parley_warning), 0, str(code), str(field)});
}

Seal Crossing::seal_of(const parley_event& event) const {
    return {static_cast<unsigned>(event.a),
            std::string(view(event.name)),
            std::string(view(target_.model)),
            std::string(view(event.text)),
            std::string(sdk::is_of_place(event) ? carriage_.place : std::string_view())};
}

// The client carries it in an envelope, since it may not reach another upstream as it is. A client
// of the upstream's dialect has it as when it is relayed.
bool Crossing::write_seal(const parley_event& event) {
    if (&client_ == &upstream_) return write(event);
    const Seal seal = seal_of(event);
    carriage_.own(seal);
    const std::string envelope = carriage_.seals.wrap(seal, carriage_.caller);
    parley_event wrapped = event;
    wrapped.text = str(envelope);
    wrapped.name = str(kEnvelopeFamily);
    return write(wrapped);
}

// Keeps the reasoning that stands before a call, since the client may have no field for it.
void Crossing::remember(const parley_event& event) {
    const bool of_call = event.kind == PARLEY_PART_TOOL_CALL;
    if (is_of_reply_ || (!of_call && event.kind != PARLEY_PART_REASONING)) return;
    switch (event.type) {
        case PARLEY_EVENT_PART_STARTED:
            if (of_call) call_id_ = view(event.text);
            if (!of_call) thoughts_.emplace_back();
            break;
        case PARLEY_EVENT_REASONING_DELTA: {
            const bool summary = (event.flags & PARLEY_EVENT_SUMMARY) != 0;
            auto& sections = thoughts_.back().sections;
            const unsigned kind = summary ? PARLEY_REASONING_SUMMARY : PARLEY_REASONING_RAW;
            if (sections.size() <= event.a) sections.push_back({kind, {}});
            sections.back().text += view(event.text);
            break;
        }
        case PARLEY_EVENT_SEAL: {
            if (of_call) thoughts_.emplace_back().of_call = true;
            thoughts_.back().seal = seal_of(event);
            carriage_.own(thoughts_.back().seal);
            break;
        }
        case PARLEY_EVENT_PART_ENDED:
            if (!of_call || thoughts_.empty()) break;
            carriage_.stash.put(
                carriage_.caller, call_id_, std::exchange(thoughts_, {}), carriage_.now_ms);
            break;
        default:
            break;
    }
}

void Crossing::fail(const parley_event& event) {
    const sdk::EventError told(event);
    error_.error_class = told.error.error_class;
    error_.fault = PARLEY_FAULT_UPSTREAM;
    error_.retry_after_ms = told.error.retry_after_ms;
    error_.message = view(told.error.message);
    error_.code = view(told.error.code);
    error_.param = told.param;
}

void Crossing::break_off(const base::Error& error) {
    if (state_ != State::finished) write(error_event(error));
}

void Crossing::ping() {
    auto event = sized<parley_event>();
    event.type = PARLEY_EVENT_PING;
    if (state_ < State::finished && !grammar().ended()) write(event);
}

Result<plugins::Composed> Crossing::count() const {
    const std::uint64_t tokens = must_guess_ ? estimated_tokens(*request_) : usage_.input_total;
    return plugins::encode_count(client_, call_, tokens, arena_);
}

}  // namespace parley::pipeline
