// openai_test.hpp: a host that fits a screen or two. It calls the plugin through its C tables, as
// the real one does, with memory that ends where it says.
#pragma once

#include <cstring>
#include <memory>
#include <optional>
#include <ostream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "parley/dialect.h"
#include "parley/provider.h"
#include "parley/sdk/plugin.hpp"

extern "C" const parley_entry parley_plugin_v0;

namespace parley::openai {

using sdk::str;
using sdk::view;

template <class T>
T sized() {
    T value{};
    value.struct_size = sizeof(T);
    return value;
}

// Gives blocks of their own, so that one byte too far is seen; none after the first `left`.
class TestArena {
public:
    explicit TestArena(std::size_t left = SIZE_MAX) : left_(left) {}

    TestArena(const TestArena&) = delete;
    TestArena& operator=(const TestArena&) = delete;

    const parley_arena* border() const { return &border_; }

private:
    static void* alloc(const parley_arena* arena, uint64_t size, uint64_t) {
        auto* self = static_cast<TestArena*>(arena->ctx);
        if (self->left_ == 0) return nullptr;
        --self->left_;
        return self->blocks_.emplace_back(std::make_unique<char[]>(size)).get();
    }

    std::size_t left_;
    std::vector<std::unique_ptr<char[]>> blocks_;
    parley_arena border_{sizeof(border_), 0, this, alloc};
};

// Takes at most `left` bytes.
struct TestOut {
    std::string bytes;
    std::size_t left = SIZE_MAX;
    parley_out border{sizeof(border), 0, this, append, append};

    static parley_status append(const parley_out* out, parley_bytes given) {
        auto* self = static_cast<TestOut*>(out->ctx);
        if (given.len > self->left) return -PARLEY_E_BUDGET;
        self->left -= given.len;
        self->bytes += view(given);
        return PARLEY_OK;
    }
};

inline parley_error cleared(const TestArena& arena) {
    auto error = sized<parley_error>();
    error.arena = arena.border();
    return error;
}

// A component of the plugin and an instance of it.
class Instance {
public:
    explicit Instance(std::string_view id) {
        for (uint32_t i = 0; i < parley_plugin_v0.component_count(); ++i) {
            const parley_component* each = parley_plugin_v0.component(i);
            if (view(each->id) == id) component = each;
        }
        if (component == nullptr) throw std::runtime_error("no component " + std::string(id));
        EXPECT_EQ(component->create(nullptr, &self, nullptr), PARLEY_OK);
    }

    ~Instance() { component->destroy(self); }

    Instance(const Instance&) = delete;
    Instance& operator=(const Instance&) = delete;

    const parley_component* component = nullptr;
    parley_instance* self = nullptr;
};

struct Dialect : Instance {
    using Instance::Instance;

    const parley_dialect& table() const {
        return *static_cast<const parley_dialect*>(component->table);
    }

    const parley_route& route(std::string_view path) const {
        uint32_t count = 0;
        const parley_route* all = table().routes(self, &count);
        for (uint32_t i = 0; i < count; ++i) {
            if (view(all[i].path) == path) return all[i];
        }
        throw std::runtime_error("no route " + std::string(path));
    }
};

inline const Dialect& dialect_of(std::string_view path) {
    static const Dialect chat("openai-chat");
    static const Dialect responses("openai-responses");
    return path.starts_with("/v1/responses") ? responses : chat;
}

// A request, its body in memory of its own.
class Request {
public:
    Request(std::string path, std::string content_type, std::string_view body)
        : dialect(dialect_of(path)),
          path_(std::move(path)),
          content_type_(std::move(content_type)),
          body_(std::make_unique<char[]>(body.size())),
          size_(body.size()) {
        if (!body.empty()) std::memcpy(body_.get(), body.data(), body.size());
        http_.method = str("POST");
        http_.path = str(path_);
        http_.body = sdk::bytes(this->body());
        const parley_route& route = dialect.route(path_);
        call.route = route.number;
        call.operation = route.operation;
        call.http = &http_;
        call.content_type = str(content_type_);
    }

    explicit Request(std::string_view body, const std::string& path = "/v1/chat/completions")
        : Request(path, "application/json", body) {}

    Request(const Request&) = delete;
    Request& operator=(const Request&) = delete;

    std::string_view body() const { return {body_.get(), size_}; }

    // The same status as the plugin's; what it found is in peeked and error.
    parley_status peek() {
        peeked = sized<parley_peek>();
        error = cleared(arena);
        return dialect.table().peek(dialect.self, &call, arena.border(), &peeked, &error);
    }

    // What goes to the upstream instead of the body, or nothing at a failure.
    std::optional<std::string> retarget(std::string_view model, uint32_t flags = 0) {
        changes = sized<parley_retarget>();
        changes.flags = flags;
        error = cleared(arena);
        const parley_status status = dialect.table().retarget(
            dialect.self, &call, &peeked, str(model), arena.border(), &changes, &error);
        if (status != PARLEY_OK) return std::nullopt;
        std::string sent;
        std::size_t at = 0;
        for (uint64_t i = 0; i < changes.edit_count; ++i) {
            const parley_edit& edit = changes.edits[i];
            if (edit.at < at || edit.at + edit.len > size_) {
                ADD_FAILURE() << "edit " << i << " at " << edit.at;
                return std::nullopt;
            }
            sent += body().substr(at, edit.at - at);
            sent += view(edit.text);
            at = edit.at + edit.len;
        }
        return sent + std::string(body().substr(at));
    }

    std::string model() const { return std::string(view(peeked.model)); }

    std::string message() const { return std::string(view(error.message)); }

    std::string param() const { return std::string(view(error.param)); }

    const Dialect& dialect;
    TestArena arena;
    parley_call call = sized<parley_call>();
    parley_peek peeked = sized<parley_peek>();
    parley_retarget changes = sized<parley_retarget>();
    parley_error error = sized<parley_error>();

private:
    std::string path_;
    std::string content_type_;
    std::unique_ptr<char[]> body_;
    std::size_t size_;
    parley_http_request http_ = sized<parley_http_request>();
};

// How a reply looked to the tap, and what of it came through.
struct Outcome {
    parley_status status = PARLEY_OK;
    uint32_t state = PARLEY_TAP_OPEN;
    std::vector<uint64_t> usage;  // known, then the counters
    int error_class = 0;
    std::string error_code;
    std::string error_message;
    std::string taken;
    std::string client;  // what was taken, less the cuts
    std::vector<std::string> made;

    bool operator==(const Outcome&) const = default;

    bool complete() const { return status == PARLEY_OK && state == PARLEY_TAP_COMPLETE; }
};

inline std::ostream& operator<<(std::ostream& out, const Outcome& o) {
    return out << "status " << o.status << ", state " << o.state << ", usage "
               << testing::PrintToString(o.usage) << ", error " << o.error_class << " "
               << o.error_code << " \"" << o.error_message << "\", taken " << o.taken.size()
               << ", client " << testing::PrintToString(o.client);
}

struct ReplyKind {
    std::string path = "/v1/chat/completions";
    std::string content_type = "text/event-stream";
    bool usage_added = false;
};

// Watches one reply. Bytes come in memory that goes away with the next call.
class Watched {
public:
    explicit Watched(const ReplyKind& kind) : dialect_(dialect_of(kind.path)) {
        const parley_route& route = dialect_.route(kind.path);
        auto call = sized<parley_call>();
        call.route = route.number;
        call.operation = route.operation;
        const auto peeked = sized<parley_peek>();
        auto head = sized<parley_http_reply_head>();
        head.status = 200;
        head.content_type = str(kind.content_type);
        auto open = sized<parley_tap_open>();
        open.retarget_flags = kind.usage_added ? PARLEY_RETARGET_USAGE_ADDED : 0;
        open.call = &call;
        open.peek = &peeked;
        open.head = &head;
        const auto& table = dialect_.table();
        EXPECT_EQ(table.tap_open(dialect_.self, &open, &session_, nullptr), PARLEY_OK);
        tap_.error = cleared(arena_);
    }

    ~Watched() { dialect_.table().tap_close(session_); }

    Watched(const Watched&) = delete;
    Watched& operator=(const Watched&) = delete;

    // False once the plugin has refused something; then it is not asked again.
    bool feed(std::string_view piece, bool eof) {
        if (seen_.status != PARLEY_OK) return false;
        held_ += piece;
        auto copy = std::make_unique<char[]>(held_.size());
        held_.copy(copy.get(), held_.size());
        feed_in_place({copy.get(), held_.size()}, eof);
        if (seen_.status == PARLEY_OK) held_.erase(0, tap_.taken);
        EXPECT_TRUE(!eof || seen_.status != PARLEY_OK || held_.empty());
        memory_ = std::move(copy);
        return seen_.status == PARLEY_OK;
    }

    void feed_in_place(std::string_view bytes, bool eof) {
        auto error = cleared(arena_);
        const auto feed = dialect_.table().tap_feed;
        seen_.status = feed(session_, sdk::bytes(bytes), eof ? 1 : 0, &tap_, &error);
        EXPECT_LE(tap_.taken, bytes.size());
        take(bytes);
        seen_.state = tap_.state;
        const parley_usage& u = tap_.usage;
        seen_.usage = {u.known,
                       u.input_total,
                       u.input_cache_read,
                       u.input_cache_write,
                       u.output_total,
                       u.output_reasoning};
        const bool refused = seen_.status != PARLEY_OK;
        if (!refused && tap_.state != PARLEY_TAP_FAILED) return;
        const parley_error& why = refused ? error : tap_.error;
        seen_.error_class = why.error_class;
        seen_.error_code = view(why.code);
        seen_.error_message = view(why.message);
    }

    // The dialect's own error event, or nothing when it has none.
    std::string fail(const parley_error& error) {
        TestOut out;
        fail_status = dialect_.table().tap_fail(session_, &error, &out.border);
        return out.bytes;
    }

    const Outcome& seen() const { return seen_; }

    const parley_tap& tap() const { return tap_; }

    parley_status fail_status = PARLEY_OK;

private:
    void take(std::string_view bytes) {
        seen_.taken += bytes.substr(0, tap_.taken);
        std::size_t at = 0;
        for (uint64_t i = 0; i < tap_.cut_count; ++i) {
            const parley_span& cut = tap_.cuts[i];
            EXPECT_TRUE(cut.at >= at && cut.at + cut.len <= tap_.taken);
            seen_.client += bytes.substr(at, cut.at - at);
            at = cut.at + cut.len;
        }
        seen_.client += bytes.substr(at, tap_.taken - at);
        for (uint64_t i = 0; i < tap_.made_count; ++i) seen_.made.emplace_back(view(tap_.made[i]));
    }

    const Dialect& dialect_;
    TestArena arena_;
    parley_session* session_ = nullptr;
    parley_tap tap_ = sized<parley_tap>();
    std::string held_;
    std::unique_ptr<char[]> memory_;
    Outcome seen_;
};

inline Outcome watch(const ReplyKind& kind,
                     const std::vector<std::string_view>& pieces,
                     bool eof_apart = false) {
    Watched watched(kind);
    for (std::size_t i = 0; i < pieces.size(); ++i) {
        if (!watched.feed(pieces[i], !eof_apart && i + 1 == pieces.size())) break;
    }
    if (eof_apart || pieces.empty()) watched.feed("", true);
    return watched.seen();
}

// The offsets behind each event of a stream, by its blank lines; the end is the last.
inline std::vector<std::size_t> event_ends(std::string_view stream) {
    std::vector<std::size_t> ends;
    bool line_is_empty = true;
    for (std::size_t i = 0; i < stream.size(); ++i) {
        if (stream[i] != '\r' && stream[i] != '\n') {
            line_is_empty = false;
            continue;
        }
        if (stream[i] == '\r' && i + 1 < stream.size() && stream[i + 1] == '\n') ++i;
        if (line_is_empty) ends.push_back(i + 1);
        line_is_empty = true;
    }
    if (ends.empty() || ends.back() != stream.size()) ends.push_back(stream.size());
    return ends;
}

}  // namespace parley::openai
