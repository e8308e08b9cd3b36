// codec.hpp: the dialects of the built plugins, called through their C tables as the host does.
#pragma once

#include <cstring>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "parley/dialect.h"
#include "parley/sdk/grammar.hpp"
#include "parley/sdk/plugin.hpp"

namespace parley::codec {

using sdk::str;
using sdk::view;

template <class T>
T sized() {
    T value{};
    value.struct_size = sizeof(T);
    return value;
}

// Gives blocks of their own, so that one byte too far is seen.
class TestArena {
public:
    TestArena() = default;
    TestArena(const TestArena&) = delete;
    TestArena& operator=(const TestArena&) = delete;

    const parley_arena* border() const { return &border_; }

    sdk::Arena sdk() const { return sdk::Arena(&border_); }

private:
    static void* alloc(const parley_arena* arena, uint64_t size, uint64_t) {
        auto* self = static_cast<TestArena*>(arena->ctx);
        return self->blocks_.emplace_back(std::make_unique<char[]>(size)).get();
    }

    std::vector<std::unique_ptr<char[]>> blocks_;
    parley_arena border_{sizeof(border_), 0, this, alloc};
};

struct TestOut {
    std::string bytes;
    parley_out border{sizeof(border), 0, this, append, append};

    static parley_status append(const parley_out* out, parley_bytes given) {
        static_cast<TestOut*>(out->ctx)->bytes += view(given);
        return PARLEY_OK;
    }
};

// What a call into a dialect refused.
struct Refused : std::runtime_error {
    Refused(int32_t c, std::string m, std::string p, std::string k)
        : std::runtime_error(m), error_class(c), param(std::move(p)), code(std::move(k)) {}

    int32_t error_class;
    std::string param;
    std::string code;
};

// An event with texts of its own.
struct Event {
    explicit Event(const parley_event& e)
        : raw(e), text(view(e.text)), name(view(e.name)), extra(view(e.extra)) {}

    parley_event border() const {
        parley_event e = raw;
        e.text = str(text);
        e.name = str(name);
        e.extra = str(extra);
        return e;
    }

    // One line of JSON; only what is set.
    std::string line() const;

    parley_event raw;
    std::string text;
    std::string name;
    std::string extra;
};

// The lines of all events. `joined`: neighbouring deltas of a part are one, pings, raws and
// warnings are left out.
std::string lines(const std::vector<Event>& events);
std::vector<Event> joined(const std::vector<Event>& events);

struct Request {
    std::string method = "POST";
    std::string path;
    std::string query;
    std::vector<std::pair<std::string, std::string>> headers;
    std::string body;
};

struct Encoded {
    std::string path;
    std::string query;
    std::string content_type;
    std::vector<std::pair<std::string, std::string>> headers;
    std::vector<std::string> warnings;  // "code" or "code;field"
    std::string body;
};

// A canonical request with the memory it stands in.
struct Decoded {
    std::shared_ptr<const Request> wire;
    std::shared_ptr<TestArena> arena;
    const parley_request* request = nullptr;
};

// What was decoded, as JSON with one member for each thing that is set; without origins.
std::string dump(const parley_request& request);

// One dialect of one plugin, with an instance of its own.
class Dialect {
public:
    // Finds it among the plugins that this build made; throws when there is none.
    explicit Dialect(const std::string& id);
    ~Dialect();
    Dialect(const Dialect&) = delete;
    Dialect& operator=(const Dialect&) = delete;

    const std::string& id() const { return id_; }

    const parley_dialect& table() const { return *table_; }

    parley_instance* self() const { return self_; }

    Decoded decode_request(Request request) const;
    Encoded encode_request(const parley_request& request,
                           const std::string& model,
                           const std::string& traits = {}) const;

    // The traits that would have been right, by an upstream's refusal with the status 400; empty
    // when it is the client's to hear.
    std::string correct_traits(const parley_request& request,
                               const std::string& traits,
                               std::string_view refusal) const;

    // Feeds `bytes` in pieces of `piece` (0: whole) and checks the grammar of what comes.
    std::vector<Event> decode(const parley_request& request,
                              std::string_view bytes,
                              bool stream,
                              std::size_t piece = 0,
                              const std::string& traits = {}) const;
    // `declined`: the kinds of the parts that the dialect said it has no room for.
    std::string encode(const parley_request& request,
                       const std::vector<Event>& events,
                       bool stream,
                       const std::string& model = "m-x",
                       std::vector<uint32_t>* declined = nullptr) const;

private:
    std::string id_;
    void* library_ = nullptr;
    const parley_component* component_ = nullptr;
    const parley_dialect* table_ = nullptr;
    parley_instance* self_ = nullptr;
};

// The smallest request that a codec can be opened with.
const parley_request& plain_request();

}  // namespace parley::codec
