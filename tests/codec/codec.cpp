#include "codec.hpp"

#include <dlfcn.h>
#include <filesystem>

#include "parley/sdk/json.hpp"

namespace parley::codec {

namespace {

[[noreturn]] void refuse(parley_status status, const parley_error& error) {
    throw Refused(-status,
                  std::string(view(error.message)),
                  std::string(view(error.param)),
                  std::string(view(error.code)));
}

parley_error cleared(const TestArena& arena) {
    auto error = sized<parley_error>();
    error.arena = arena.border();
    return error;
}

// Collects events, a breach of the grammar being a fault of the test.
class Sink {
public:
    const parley_sink* border() const { return &border_; }

    std::vector<Event> events;
    std::string breach;

private:
    static parley_status emit(const parley_sink* sink, const parley_event* event) {
        auto* self = static_cast<Sink*>(sink->ctx);
        if (const char* wrong = self->grammar_.check(*event)) {
            if (self->breach.empty())
                self->breach = std::string(wrong) + ": " + Event(*event).line();
            return -PARLEY_E_INVALID_ARGUMENT;
        }
        self->events.emplace_back(*event);
        return PARLEY_OK;
    }

    static void* alloc(const parley_sink* sink, uint64_t size, uint64_t align) {
        const parley_arena* arena = static_cast<Sink*>(sink->ctx)->arena_.border();
        return arena->alloc(arena, size, align);
    }

    sdk::GrammarChecker grammar_;
    TestArena arena_;
    parley_sink border_{sizeof(border_), 0, this, emit, alloc};
};

constexpr const char* kTypes[] = {
    "?",
    "response_started",
    "part_started",
    "text_delta",
    "reasoning_delta",
    "tool_args_delta",
    "media_delta",
    "seal",
    "citation",
    "server_update",
    "part_ended",
    "usage",
    "finish",
    "error",
    "ping",
    "warning",
    "raw",
    "ext",
};

bool is_delta(const Event& e) {
    return e.raw.type == PARLEY_EVENT_TEXT_DELTA || e.raw.type == PARLEY_EVENT_REASONING_DELTA ||
           e.raw.type == PARLEY_EVENT_TOOL_ARGS_DELTA;
}

}  // namespace

std::string Event::line() const {
    std::string json;
    sdk::JsonWriter w(json);
    w.begin_object();
    w.key("event").string(raw.type < std::size(kTypes) ? kTypes[raw.type] : "?");
    const bool of_part =
        raw.type >= PARLEY_EVENT_PART_STARTED && raw.type <= PARLEY_EVENT_PART_ENDED;
    if (of_part) w.key("part").number(raw.part);
    if (raw.kind != 0) w.key("kind").number(raw.kind);
    if (raw.flags != 0) w.key("flags").number(raw.flags);
    if (raw.a != 0) w.key("a").number(static_cast<int64_t>(raw.a));
    if (raw.b != 0) w.key("b").number(static_cast<int64_t>(raw.b));
    if (!text.empty()) w.key("text").string(text);
    if (!name.empty()) w.key("name").string(name);
    if (!extra.empty()) w.key("extra").raw(extra);
    w.end_object();
    return json;
}

std::string lines(const std::vector<Event>& events) {
    std::string all;
    for (const Event& e : events) all += e.line() + '\n';
    return all;
}

std::vector<Event> joined(const std::vector<Event>& events) {
    std::vector<Event> out;
    for (const Event& e : events) {
        if (e.raw.type == PARLEY_EVENT_PING || e.raw.type == PARLEY_EVENT_RAW ||
            e.raw.type == PARLEY_EVENT_WARNING) {
            continue;
        }
        const bool joins = !out.empty() && is_delta(e) && out.back().raw.type == e.raw.type &&
                           out.back().raw.part == e.raw.part && out.back().raw.a == e.raw.a &&
                           out.back().extra.empty() && e.extra.empty();
        if (joins) {
            out.back().text += e.text;
        } else {
            out.push_back(e);
        }
    }
    return out;
}

Dialect::Dialect(const std::string& id) : id_(id) {
    for (const auto& file : std::filesystem::directory_iterator(PARLEY_PLUGIN_DIR)) {
        if (file.path().extension() != ".so") continue;
        void* library = dlopen(file.path().c_str(), RTLD_NOW | RTLD_LOCAL);
        if (library == nullptr) throw std::runtime_error(dlerror());
        const auto* entry = static_cast<const parley_entry*>(dlsym(library, "parley_plugin_v0"));
        for (uint32_t i = 0; entry != nullptr && i < entry->component_count(); ++i) {
            const parley_component* each = entry->component(i);
            if (view(each->id) == id && view(each->kind) == PARLEY_KIND_DIALECT) component_ = each;
        }
        if (component_ != nullptr) {
            library_ = library;
            break;
        }
        // Others stay open: what counts their branches does not bear that they go.
    }
    if (component_ == nullptr) throw std::runtime_error("no dialect " + id);
    table_ = static_cast<const parley_dialect*>(component_->table);
    if (component_->create(nullptr, &self_, nullptr) != PARLEY_OK) {
        throw std::runtime_error("cannot create " + id);
    }
}

Dialect::~Dialect() {
    component_->destroy(self_);
    // The library stays: a sanitizer reports better with its symbols.
}

Decoded Dialect::decode_request(Request request) const {
    Decoded decoded;
    auto wire = std::make_shared<const Request>(std::move(request));
    decoded.wire = wire;
    decoded.arena = std::make_shared<TestArena>();
    sdk::Arena arena = decoded.arena->sdk();
    auto* http = arena.array<parley_http_request>(1);
    *http = sized<parley_http_request>();
    http->method = str(wire->method);
    http->path = str(wire->path);
    http->query = str(wire->query);
    auto* headers = arena.array<parley_header>(wire->headers.size() + 1);
    for (std::size_t i = 0; i < wire->headers.size(); ++i) {
        headers[i] = {str(wire->headers[i].first), str(wire->headers[i].second), 0};
    }
    http->headers = headers;
    http->header_count = static_cast<uint32_t>(wire->headers.size());
    http->body = sdk::bytes(wire->body);
    auto call = sized<parley_call>();
    call.http = http;
    call.content_type = str("application/json");
    uint32_t count = 0;
    const parley_route* routes = table_->routes(self_, &count);
    bool known = false;
    for (uint32_t i = 0; i < count && !known; ++i) {
        const std::string_view path = view(routes[i].path);
        const std::size_t brace = path.find("{model}");
        const std::string_view before = path.substr(0, brace);
        const std::string_view after =
            brace == path.npos ? std::string_view() : path.substr(brace + 7);
        const std::string_view asked = wire->path;
        const bool fits = brace == path.npos
                              ? asked == path
                              : asked.starts_with(before) && asked.ends_with(after) &&
                                    asked.size() > before.size() + after.size();
        if (!fits || view(routes[i].method) != wire->method) continue;
        known = true;
        call.route = routes[i].number;
        call.operation = routes[i].operation;
        if (brace != path.npos) {
            call.path_model =
                str(asked.substr(before.size(), asked.size() - before.size() - after.size()));
        }
    }
    if (!known) throw std::runtime_error(id_ + " has no route " + wire->path);
    parley_error error = cleared(*decoded.arena);
    const parley_status status =
        table_->decode_request(self_, &call, decoded.arena->border(), &decoded.request, &error);
    if (status < 0) refuse(status, error);
    return decoded;
}

Encoded Dialect::encode_request(const parley_request& request,
                                const std::string& model,
                                const std::string& traits) const {
    TestArena arena;
    TestOut out;
    auto target = sized<parley_target>();
    target.model = str(model);
    target.traits = str(traits);
    auto head = sized<parley_encoded_request>();
    parley_error error = cleared(arena);
    const parley_status status = table_->encode_request(
        self_, &request, &target, arena.border(), &head, &out.border, &error);
    if (status < 0) refuse(status, error);
    Encoded encoded;
    encoded.path = view(head.path);
    encoded.query = view(head.query);
    encoded.content_type = view(head.content_type);
    for (uint64_t i = 0; i < head.header_count; ++i) {
        encoded.headers.emplace_back(view(head.headers[i].name), view(head.headers[i].value));
    }
    for (uint64_t i = 0; i < head.warning_count; ++i) {
        std::string warning(view(head.warnings[i]->code));
        if (head.warnings[i]->field.len != 0) {
            warning += ';';
            warning += view(head.warnings[i]->field);
        }
        encoded.warnings.push_back(std::move(warning));
    }
    encoded.body = std::move(out.bytes);
    return encoded;
}

std::string Dialect::correct_traits(const parley_request& request,
                                    const std::string& traits,
                                    std::string_view refusal) const {
    const TestArena arena;
    auto head = sized<parley_http_reply_head>();
    head.status = 400;
    head.content_type = str("application/json");
    parley_error told = cleared(arena);
    table_->decode_error(self_, &head, sdk::bytes(refusal), arena.border(), &told);
    auto target = sized<parley_target>();
    target.model = str("m-x");
    target.traits = str(traits);
    parley_str right{};
    const parley_status status =
        table_->correct_traits(self_, &request, &target, &told, arena.border(), &right);
    if (status != PARLEY_OK && status != PARLEY_DECLINED) refuse(status, told);
    return status == PARLEY_OK ? std::string(view(right)) : std::string();
}

std::vector<Event> Dialect::decode(const parley_request& request,
                                   std::string_view bytes,
                                   bool stream,
                                   std::size_t piece,
                                   const std::string& traits) const {
    TestArena arena;
    auto target = sized<parley_target>();
    target.model = str("m-x");
    target.traits = str(traits);
    auto head = sized<parley_http_reply_head>();
    head.status = 200;
    head.content_type = str(stream ? "text/event-stream" : "application/json");
    auto open = sized<parley_codec_open>();
    open.flags = stream ? PARLEY_CODEC_STREAM : 0;
    open.request = &request;
    open.target = &target;
    open.head = &head;
    open.arena = arena.border();
    parley_error error = cleared(arena);
    parley_session* session = nullptr;
    parley_status status = table_->decoder_open(self_, &open, &session, &error);
    if (status < 0) refuse(status, error);
    Sink sink;
    if (piece == 0) piece = std::max<std::size_t>(bytes.size(), 1);
    for (std::size_t at = 0; at <= bytes.size() && status >= 0; at += piece) {
        // Memory of its own for each piece: whoever keeps a view of it is seen.
        const std::string given(bytes.substr(at, piece));
        const bool eof = at + piece >= bytes.size();
        status = table_->decode(session, sdk::bytes(given), eof ? 1 : 0, sink.border(), &error);
        if (eof) break;
    }
    table_->decoder_close(session);
    if (!sink.breach.empty()) throw std::runtime_error("grammar: " + sink.breach);
    if (status < 0) refuse(status, error);
    const bool ended =
        !sink.events.empty() && (sink.events.back().raw.type == PARLEY_EVENT_FINISH ||
                                 sink.events.back().raw.type == PARLEY_EVENT_ERROR);
    if (!ended) throw std::runtime_error("no terminal event: " + lines(sink.events));
    return std::move(sink.events);
}

std::string Dialect::encode(const parley_request& request,
                            const std::vector<Event>& events,
                            bool stream,
                            const std::string& model,
                            std::vector<uint32_t>* declined) const {
    TestArena arena;
    auto target = sized<parley_target>();
    auto open = sized<parley_codec_open>();
    open.flags = stream ? PARLEY_CODEC_STREAM : 0;
    open.request = &request;
    open.target = &target;
    open.model = str(model);
    open.arena = arena.border();
    parley_error error = cleared(arena);
    parley_session* session = nullptr;
    parley_status status = table_->encoder_open(self_, &open, &session, &error);
    if (status < 0) refuse(status, error);
    TestOut out;
    for (const Event& e : events) {
        const parley_event event = e.border();
        status = table_->encode(session, &event, &out.border, &error);
        if (status < 0) break;
        if (status == PARLEY_DECLINED && declined != nullptr) declined->push_back(event.kind);
    }
    table_->encoder_close(session);
    if (status < 0) refuse(status, error);
    return std::move(out.bytes);
}

const parley_request& plain_request() {
    static const parley_request request = [] {
        auto r = sized<parley_request>();
        r.operation = PARLEY_OPERATION_GENERATE;
        r.flags = PARLEY_REQUEST_STREAM | PARLEY_REQUEST_STREAM_USAGE;
        r.dialect = str("test");
        r.model = str("m-x");
        return r;
    }();
    return request;
}

}  // namespace parley::codec
