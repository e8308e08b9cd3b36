// watch.hpp: a tap over one input, however cut.
#pragma once

#include <functional>
#include <memory>

#include "fuzz.hpp"
#include "tap.hpp"

namespace parley::fuzz {

using MakeTap = std::unique_ptr<openai::Tap> (*)(const parley_tap_open&);

struct Seen {
    bool refused = false;
    bool complete = false;
    std::string what;  // state, usage, words of an error
    std::string taken;
    std::string client;   // less the cuts
    std::string failure;  // what tap_fail writes then
};

inline void take(std::string_view bytes, const parley_tap& tap, Seen& seen) {
    check(tap.taken <= bytes.size());
    seen.taken += bytes.substr(0, tap.taken);
    std::size_t at = 0;
    for (std::uint64_t i = 0; i < tap.cut_count; ++i) {
        check(tap.cuts[i].at >= at && tap.cuts[i].at + tap.cuts[i].len <= tap.taken);
        seen.client += bytes.substr(at, tap.cuts[i].at - at);
        at = tap.cuts[i].at + tap.cuts[i].len;
    }
    seen.client += bytes.substr(at, tap.taken - at);
}

inline std::string written_failure(openai::Tap& tap) {
    parley_error error{};
    error.error_class = PARLEY_E_UPSTREAM_PROTOCOL;
    std::string bytes;
    const parley_out out{sizeof(out),
                         0,
                         &bytes,
                         [](const parley_out* o, parley_bytes given) -> parley_status {
                             *static_cast<std::string*>(o->ctx) += sdk::view(given);
                             return PARLEY_OK;
                         },
                         nullptr};
    sdk::Out outlet(&out);
    tap.fail(error, outlet);
    return bytes;
}

inline Seen watch(MakeTap make, const Input& input, const std::vector<std::string_view>& pieces) {
    parley_call call{};
    call.operation = PARLEY_OPERATION_GENERATE;
    parley_http_reply_head head{};
    const bool stream = !input.says("application/json");
    head.content_type = sdk::str(stream ? "text/event-stream" : "application/json");
    const std::uint32_t flags = input.says("usage-added") ? PARLEY_RETARGET_USAGE_ADDED : 0;
    const parley_peek peek{};
    const auto tap = make({sizeof(parley_tap_open), flags, &call, &peek, &head});
    parley_tap io{};
    Seen seen;
    std::string held;
    for (std::size_t i = 0; i <= pieces.size() && !seen.refused; ++i) {
        if (i < pieces.size()) held += pieces[i];
        const auto copy = std::make_unique<char[]>(held.size());
        held.copy(copy.get(), held.size());
        const std::string_view bytes(copy.get(), held.size());
        try {
            tap->feed(bytes, i == pieces.size(), io);
        } catch (const sdk::Failure& why) {
            seen.refused = true;
            seen.what = why.message;
        }
        take(bytes, io, seen);
        held.erase(0, io.taken);
        if (seen.refused) break;
        seen.what = std::to_string(io.state) + " " + std::to_string(io.usage.known) + " " +
                    std::to_string(io.usage.input_total) + " " +
                    std::string(sdk::view(io.error.message));
    }
    seen.complete = !seen.refused && io.state == PARLEY_TAP_COMPLETE;
    check(seen.refused || held.empty());
    if (stream) seen.failure = written_failure(*tap);
    return seen;
}

// The same, however cut; of what is refused as a whole, pieces may have been taken.
inline Seen watch_all(MakeTap make, const Input& input) {
    const auto cuts = input.cuts();
    const Seen wanted = watch(make, input, cuts[0]);
    for (const auto& pieces : cuts) {
        const Seen seen = watch(make, input, pieces);
        check(seen.refused == wanted.refused && seen.complete == wanted.complete);
        check(seen.what == wanted.what && seen.failure == wanted.failure);
        check(wanted.refused || (seen.taken == input.body && seen.client == wanted.client));
    }
    return wanted;
}

}  // namespace parley::fuzz
