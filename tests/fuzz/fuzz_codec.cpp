// The codecs of all bundled dialects. Whatever comes from outside: a decoder's events keep the
// grammar and do not depend on how the bytes are cut, every encoder can write them, and what is
// written is read again without a fault.
#include <array>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include <boost/json/parse.hpp>

#include "codec.hpp"
#include "parley/sdk/json.hpp"

namespace {

using parley::codec::Decoded;
using parley::codec::Dialect;
using parley::codec::Encoded;
using parley::codec::Event;
using parley::codec::Refused;
using parley::codec::Request;

void check(bool holds, const std::string& what, int line = __builtin_LINE()) {
    if (holds) return;
    std::fprintf(stderr, "does not hold: line %d: %s\n", line, what.c_str());
    __builtin_trap();
}

struct Asked {
    const char* dialect;
    const char* path;
};

constexpr std::array kAsked{Asked{"openai-chat", "/v1/chat/completions"},
                            Asked{"openai-responses", "/v1/responses"},
                            Asked{"anthropic-messages", "/v1/messages"},
                            Asked{"gemini-generate", "/v1beta/models/m:generateContent"}};

const std::vector<std::unique_ptr<Dialect>>& dialects() {
    static const auto all = [] {
        std::vector<std::unique_ptr<Dialect>> made;
        for (const Asked& asked : kAsked) made.push_back(std::make_unique<Dialect>(asked.dialect));
        return made;
    }();
    return all;
}

// Halves of code points that a client escaped in a schema of its own are its own matter.
bool is_json(std::string_view text) {
    boost::system::error_code wrong;
    boost::json::parse_options options;
    options.max_depth = 1024;
    boost::json::parse(parley::sdk::json_without_lone_surrogates(text), wrong, {}, options);
    return !wrong;
}

void try_reply(const Dialect& dialect, std::string_view bytes, bool stream) {
    const auto& plain = parley::codec::plain_request();
    std::vector<Event> events;
    try {
        events = dialect.decode(plain, bytes, stream);
    } catch (const Refused& refused) {
        check(false, dialect.id() + ": a reply must end in events: " + refused.what());
    }
    const auto pieces = dialect.decode(plain, bytes, stream, 1);
    const std::string whole = lines(joined(events));
    check(whole == lines(joined(pieces)), dialect.id() + " by bytes:\n" + lines(joined(pieces)));
    const bool failed = events.back().raw.type == PARLEY_EVENT_ERROR;
    if (failed && events.front().raw.type == PARLEY_EVENT_ERROR) return;
    for (const auto& other : dialects()) {
        const std::string streamed = other->encode(plain, events, true);
        const auto back = other->decode(plain, streamed, true);
        check((back.back().raw.type == PARLEY_EVENT_ERROR) == failed,
              dialect.id() + " through " + other->id() + ":\n" + streamed);
        if (failed) continue;
        const std::string body = other->encode(plain, events, false);
        check(is_json(body), other->id() + ": " + body);
        const auto folded = other->decode(plain, body, false);
        check(folded.back().raw.type == PARLEY_EVENT_FINISH, other->id() + ": " + body);
    }
}

void try_request(std::size_t from, std::string_view bytes) {
    Request request;
    request.path = kAsked[from].path;
    request.body = bytes;
    Decoded decoded;
    try {
        decoded = dialects()[from]->decode_request(request);
    } catch (const Refused&) {
        return;
    }
    for (std::size_t to = 0; to < dialects().size(); ++to) {
        Encoded encoded;
        try {
            encoded = dialects()[to]->encode_request(*decoded.request, "model-x");
        } catch (const Refused&) {
            continue;
        }
        check(is_json(encoded.body), encoded.body);
        Request again;
        again.path = encoded.path;
        again.query = encoded.query;
        again.body = encoded.body;
        try {
            dialects()[to]->decode_request(again);
        } catch (const Refused& refused) {
            check(false, std::string(refused.what()) + ": " + encoded.body);
        }
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size > 8192) return 0;
    const std::string_view bytes(reinterpret_cast<const char*>(data), size);
    const bool json = bytes.starts_with('{') || bytes.starts_with('[');
    for (std::size_t i = 0; i < dialects().size(); ++i) {
        try_reply(*dialects()[i], bytes, !json);
        if (json) try_request(i, bytes);
    }
    return 0;
}

// All wires in the plugins' cases are seeds.
extern "C" int LLVMFuzzerInitialize(int* count, char*** arguments) {
    static std::string list;
    for (const auto& entry :
         std::filesystem::recursive_directory_iterator(PARLEY_SOURCE_DIR "/plugins")) {
        const std::string name = entry.path().filename().string();
        const std::string end = entry.path().extension().string();
        const bool wire = entry.path().string().find("/cases/") != std::string::npos &&
                          (end == ".sse" || end == ".json" || name == "reply.http");
        if (wire) list += (list.empty() ? "-seed_inputs=" : ",") + entry.path().string();
    }
    static std::vector<char*> all(*arguments, *arguments + *count);
    all.push_back(list.data());
    all.push_back(nullptr);
    *count += 1;
    *arguments = all.data();
    dialects();  // their coverage is counted from the start
    return 0;
}
