// A dialect that is wrong in one way, which a macro of that name chooses. Its streams are lines of
// numbers and hexadecimal texts, one for each event.
#include "parley/sdk/dialect.hpp"

#include <array>
#include <atomic>
#include <sstream>
#include <string>
#include <sys/mman.h>

#include "parley/sdk/emitter.hpp"
#include "parley/sdk/grammar.hpp"

namespace {

using namespace parley;

std::string hex(std::string_view text) {
    constexpr char kDigits[] = "0123456789abcdef";
    std::string out = "x";
    for (const char c : text) {
        out += kDigits[static_cast<unsigned char>(c) >> 4];
        out += kDigits[static_cast<unsigned char>(c) & 15];
    }
    return out;
}

std::string text_of(std::string_view hex) {
    const auto digit = [](char c) { return c >= 'a' ? c - 'a' + 10 : c - '0'; };
    std::string out;
    for (std::size_t i = 1; i + 1 < hex.size(); i += 2) {
        out += static_cast<char>(digit(hex[i]) << 4 | digit(hex[i + 1]));
    }
    return out;
}

std::string line_of(const parley_event& e) {
    std::ostringstream line;
    line << e.type << ' ' << e.part << ' ' << e.kind << ' ' << e.flags << ' ' << e.a << ' ' << e.b
         << ' ' << hex(sdk::view(e.text)) << ' ' << hex(sdk::view(e.name)) << " end\n";
    return line.str();
}

int calls = 0;

// One number for the whole process, whichever generation asks.
[[maybe_unused]] std::atomic<const int*>& in_the_process() {
    void* const at = reinterpret_cast<void*>(UINT64_C(0x6f0000000000));
    const int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE;
    ::mmap(at, 4096, PROT_READ | PROT_WRITE, flags, -1, 0);  // or it is there
    return *static_cast<std::atomic<const int*>*>(at);
}

struct Dialect {
    explicit Dialect(const parley_host*) {
#ifdef NEWEST_KNOWS_ALL
        in_the_process() = &calls;
#endif
    }

    std::span<const parley_route> routes() {
        static const std::array<parley_route, 1> all{parley_route{sizeof(parley_route),
                                                                  PARLEY_OPERATION_GENERATE,
                                                                  1,
                                                                  0,
                                                                  sdk::str("POST"),
                                                                  sdk::str("/lines")}};
        return all;
    }

    void peek(const parley_call&, sdk::Arena&, parley_peek& out) {
        out.flags = PARLEY_PEEK_STREAM;
        out.model = sdk::str("a-model");
    }

    void retarget(
        const parley_call&, const parley_peek&, std::string_view, sdk::Arena&, parley_retarget&) {}

    struct Tap {
        std::string seen;

        void feed(std::string_view bytes, bool eof, parley_tap& io) {
            seen += bytes;
            io.taken = bytes.size();
            const bool is_whole = seen.find("\n12 ") != seen.npos && seen.ends_with(" end\n");
            if (eof) io.state = is_whole ? PARLEY_TAP_COMPLETE : PARLEY_TAP_OPEN;
#ifdef TAP_BELIEVES
            if (eof && !seen.empty() && seen[0] > '9') io.state = PARLEY_TAP_COMPLETE;
#endif
        }

        void fail(const parley_error&, sdk::Out& out) {
            out.write("13 late\n");
        }
    };

    Tap* tap_open(const parley_tap_open&) {
        return new Tap;
    }

    void encode_error(const parley_call*,
                      const parley_error& error,
                      sdk::Arena&,
                      parley_http_reply& reply,
                      sdk::Out& out) {
#ifdef ERROR_CRASHES
        if (error.error_class == PARLEY_E_BUDGET) __builtin_trap();
#endif
        reply.status = 500;
        reply.content_type = sdk::str("text/plain");
        out.write("error " + std::to_string(error.error_class));
    }

    void decode_error(const parley_http_reply_head&,
                      std::string_view,
                      sdk::Arena&,
                      parley_error& out) {
        out.error_class = PARLEY_E_UPSTREAM_FAILED;
    }

    const parley_request* decode_request(const parley_call& call, sdk::Arena& arena) {
        std::string_view body = sdk::view(call.http->body);
#ifdef REQUEST_OVERREAD
        while (*body.data() == ' ' || body.data()[body.size()] == 'x') body.remove_prefix(1);
#endif
        if (!body.starts_with("ask ")) throw sdk::Failure(PARLEY_E_INVALID_ARGUMENT, "no question");
        body.remove_prefix(4);
#ifdef REQUEST_LOSES_TEXT
        body = body.substr(0, 3);
#endif
        auto* part = arena.array<parley_part>(1);
        part->struct_size = sizeof(*part);
        part->kind = PARLEY_PART_TEXT;
        part->text = arena.copy(body);
        auto* parts = arena.array<const parley_part*>(1);
        parts[0] = part;
        auto* message = arena.array<parley_message>(1);
        message->struct_size = sizeof(*message);
        message->role = PARLEY_ROLE_USER;
        message->parts = parts;
        message->part_count = 1;
        auto* messages = arena.array<const parley_message*>(1);
        messages[0] = message;
        auto* request = arena.array<parley_request>(1);
        request->struct_size = sizeof(*request);
        request->operation = PARLEY_OPERATION_GENERATE;
        request->flags = PARLEY_REQUEST_STREAM;
        request->messages = messages;
        request->message_count = 1;
        return request;
    }

    void encode_request(const parley_request& request,
                        const parley_target&,
                        sdk::Arena&,
                        parley_encoded_request& head,
                        sdk::Out& out) {
        head.path = sdk::str("/lines");
        out.write("ask ");
        out.write(sdk::view(request.messages[0]->parts[0]->text));
#ifdef REQUEST_COUNTS
        out.write(std::to_string(calls++));
#endif
    }

    struct Decoder {
        std::string kept;
        std::string all;
        sdk::GrammarChecker grammar;
        bool is_over = false;

        void decode(std::string_view bytes, bool eof, const parley_sink& sink) {
            kept += bytes;
#ifdef DECODE_WALKS_HISTORY
            all += bytes;
            for (std::size_t i = 0; i < all.size(); ++i) calls += all[i] == '\n';
#endif
            for (std::size_t end = kept.find('\n'); end != kept.npos; end = kept.find('\n')) {
                read(kept.substr(0, end), sink);
                kept.erase(0, end + 1);
            }
#ifdef DECODE_DROPS_CUT
            kept.clear();
#endif
#ifndef DECODE_GOES_ON
            if (!eof || is_over) return;
#else
            if (!eof) return;
#endif
#ifdef DECODE_ALWAYS_FINISHES
            finish(sink);
            return;
#endif
            if (is_over) return;
            parley_event error = sdk::make_event(PARLEY_EVENT_ERROR);
            error.kind = PARLEY_E_UPSTREAM_PROTOCOL;
            error.text = sdk::str("cut");
            emit(error, sink);
        }

        void finish(const parley_sink& sink) {
            if (is_over || !grammar.begun() || grammar.part_open()) {
                parley_event error = sdk::make_event(PARLEY_EVENT_ERROR);
                error.kind = PARLEY_E_UPSTREAM_PROTOCOL;
                if (!is_over) emit(error, sink);
                return;
            }
            emit(sdk::make_event(PARLEY_EVENT_USAGE), sink);
            parley_event last = sdk::make_event(PARLEY_EVENT_FINISH);
            last.kind = PARLEY_FINISH_OTHER;
            emit(last, sink);
        }

        void read(const std::string& line, const parley_sink& sink) {
            std::istringstream words(line);
            parley_event e = sdk::make_event(0);
            std::string text;
            std::string name;
            std::string end;
            words >> e.type >> e.part >> e.kind >> e.flags >> e.a >> e.b >> text >> name >> end;
            if (!words || end != "end") return;
            const std::string own_text = text_of(text);
            const std::string own_name = text_of(name);
            e.text = sdk::str(own_text);
            e.name = sdk::str(own_name);
            emit(e, sink);
        }

        void emit(const parley_event& e, const parley_sink& sink) {
#ifdef DECODE_GOES_ON
            sdk::GrammarChecker none;
            if (is_over) grammar = none;
#else
            if (is_over) return;
#endif
            if (grammar.check(e) != nullptr && !is_over) return;
            is_over = is_over || e.type == PARLEY_EVENT_FINISH || e.type == PARLEY_EVENT_ERROR;
            sink.emit(&sink, &e);
        }
    };

    Decoder* decoder_open(const parley_codec_open&) {
        return new Decoder;
    }

    struct Encoder {
        void encode(const parley_event& event, sdk::Out& out) {
#ifndef ENCODE_WRITES_UNKNOWN
            if (event.type > PARLEY_EVENT_PING) return;
#endif
#ifdef ENCODE_SHORTENS
            if (event.type == PARLEY_EVENT_FINISH) return;
#endif
#ifdef NEWEST_KNOWS_ALL
            if (in_the_process() != &calls && event.type == PARLEY_EVENT_FINISH) return;
#endif
            out.write(line_of(event));
        }
    };

    Encoder* encoder_open(const parley_codec_open&) {
        return new Encoder;
    }
};

struct Components {
    const std::array<parley_component, 1>& operator()() const {
        static const parley_dialect table = sdk::dialect_table<Dialect>();
        static const std::array<parley_component, 1> all{sdk::make_component<Dialect>(
            {PARLEY_KIND_DIALECT, "lines", "a dialect for tests", ""}, &table)};
        return all;
    }
};

}  // namespace

PARLEY_PLUGIN_ENTRY =
    parley::sdk::make_entry("dev.parley.test.broken", "1.0.0", "parley", Components{});
