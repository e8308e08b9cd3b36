// relay_properties_test.cpp: what is relayed stays what it was, but for the model's name and for
// what only Parley could read.
#include <algorithm>

#include <boost/json.hpp>
#include <gtest/gtest.h>

#include "events.hpp"
#include "fields.hpp"

namespace parley::codec {

namespace {

namespace json = boost::json;

// How the requests of a dialect are built.
struct Wire {
    const char* id;
    const char* path;
    const char* turns;  // the list of turns
};

constexpr Wire kWires[] = {{"openai-chat", "/v1/chat/completions", "messages"},
                           {"openai-responses", "/v1/responses", "input"},
                           {"anthropic-messages", "/v1/messages", "messages"},
                           {"gemini-generate", "/v1beta/models/m-x:generateContent", "contents"}};

// What goes to the upstream for the model "m-other".
std::string relayed(const Wire& wire, const std::string& body) {
    const Dialect& d = dialect(wire.id);
    auto http = sized<parley_http_request>();
    http.method = str("POST");
    const std::string path = wire.path;
    http.path = str(path);
    http.body = sdk::bytes(body);
    uint32_t count = 0;
    const parley_route* routes = d.table().routes(d.self(), &count);
    auto call = sized<parley_call>();
    call.operation = PARLEY_OPERATION_GENERATE;
    call.http = &http;
    call.content_type = str("application/json");
    const std::string_view wanted = std::string_view(wire.id) == "gemini-generate"
                                        ? "/v1beta/models/{model}:generateContent"
                                        : std::string_view(wire.path);
    const auto* route = std::find_if(
        routes, routes + count, [&](const parley_route& r) { return view(r.path) == wanted; });
    EXPECT_NE(route, routes + count);
    call.route = route->number;
    if (view(route->path).find("{model}") != std::string_view::npos) call.path_model = str("m-x");
    TestArena memory;
    auto peek = sized<parley_peek>();
    auto error = sized<parley_error>();
    error.arena = memory.border();
    EXPECT_EQ(d.table().peek(d.self(), &call, memory.border(), &peek, &error), PARLEY_OK)
        << view(error.message) << '\n'
        << body;
    auto changes = sized<parley_retarget>();
    EXPECT_EQ(d.table().retarget(
                  d.self(), &call, &peek, str("m-other"), memory.border(), &changes, &error),
              PARLEY_OK);
    std::string sent;
    std::size_t at = 0;
    for (uint64_t i = 0; i < changes.edit_count; ++i) {
        const parley_edit& edit = changes.edits[i];
        EXPECT_GE(edit.at, at) << "edits out of order";
        sent += body.substr(at, edit.at - at);
        sent += view(edit.text);
        at = edit.at + edit.len;
    }
    return sent + body.substr(at);
}

std::string space(Chance& chance) {
    return chance.of<std::string>({"", "", "", " ", "\n", "\r\n\t"});
}

std::string joined(Chance& chance, const std::vector<std::string>& all) {
    std::string out = space(chance);
    for (std::size_t i = 0; i < all.size(); ++i) {
        if (i != 0) out += ',' + space(chance);
        out += all[i] + space(chance);
    }
    return out;
}

std::string list(Chance& chance, const std::vector<std::string>& all) {
    return '[' + joined(chance, all) + ']';
}

// ---- 24 ----

// Members that nobody knows, in any order and layout, and the model among them.
std::string any_body(Chance& chance, const Wire& wire, const std::string& model) {
    std::vector<std::string> members;
    for (uint32_t n = chance.below(6); n != 0; --n) {
        members.push_back("\"new_" + std::to_string(n) + '"' + space(chance) + ':' + space(chance) +
                          chance.json(5));
    }
    std::vector<std::string> turns;
    for (uint32_t n = chance.below(4); n != 0; --n) turns.push_back(chance.json_object(5));
    members.push_back('"' + std::string(wire.turns) + "\":" + list(chance, turns));
    if (std::string_view(wire.id) != "gemini-generate") {
        const auto at = members.begin() + chance.below(static_cast<uint32_t>(members.size()) + 1);
        members.insert(at, "\"model\"" + space(chance) + ':' + space(chance) + '"' + model + '"');
    }
    return '{' + joined(chance, members) + '}' + space(chance);
}

TEST(Relay, ChangesTheNameOfTheModelAndNothingElse) {
    for_seeds(500, [](uint32_t seed) {
        for (const Wire& wire : kWires) {
            SCOPED_TRACE(wire.id);
            Chance asked(seed);
            Chance wanted(seed);
            EXPECT_EQ(relayed(wire, any_body(asked, wire, "m-x")),
                      any_body(wanted, wire, "m-other"));
        }
    });
}

// A stream, with comments, unknown events and odd line ends between its own events, is taken as it
// is, however it is cut.
std::string with_noise(Chance& chance, const std::string& id, const std::string& stream) {
    std::string out;
    for (std::size_t at = 0; at < stream.size();) {
        const std::size_t end = stream.find("\n\n", at) + 2;
        out += stream.substr(at, end - at);
        at = end;
        // Behind the last event there is nothing to be watched any more.
        if (at == stream.size() || !chance.one_in(3)) continue;
        if (id == "gemini-generate") {
            out += chance.of<std::string>({"\n\n", "\r\n", "data: {\"new\":[1, 2]}\n\n"});
        } else {
            out += chance.of<std::string>({": comment\n\n",
                                           "\n",
                                           "event: new.thing\r\ndata: {\"type\":\"new.thing\", "
                                           "\"a\" : 1e400}\r\n\r\n",
                                           "retry: 10\n\n"});
        }
    }
    return out;
}

void watch(const Wire& wire, const std::string& stream, std::size_t piece) {
    const Dialect& d = dialect(wire.id);
    auto http = sized<parley_http_request>();
    http.query = str("alt=sse");
    auto call = sized<parley_call>();
    call.operation = PARLEY_OPERATION_GENERATE;
    call.http = &http;
    uint32_t count = 0;
    const parley_route* routes = d.table().routes(d.self(), &count);
    for (uint32_t i = 0; i < count; ++i) {
        const std::string_view path = view(routes[i].path);
        if (path == wire.path || path == "/v1beta/models/{model}:streamGenerateContent") {
            call.route = routes[i].number;
        }
    }
    auto peek = sized<parley_peek>();
    peek.flags = PARLEY_PEEK_STREAM;
    auto head = sized<parley_http_reply_head>();
    head.status = 200;
    head.content_type = str("text/event-stream");
    auto open = sized<parley_tap_open>();
    open.call = &call;
    open.peek = &peek;
    open.head = &head;
    parley_session* session = nullptr;
    auto error = sized<parley_error>();
    ASSERT_EQ(d.table().tap_open(d.self(), &open, &session, &error), PARLEY_OK);
    auto tap = sized<parley_tap>();
    std::string held;
    std::string taken;
    for (std::size_t at = 0; at <= stream.size(); at += piece) {
        held += stream.substr(at, piece);
        const bool end = at + piece > stream.size();
        ASSERT_EQ(d.table().tap_feed(session, sdk::bytes(held), end ? 1 : 0, &tap, &error),
                  PARLEY_OK)
            << view(error.message);
        EXPECT_EQ(tap.cut_count, 0u);
        taken += held.substr(0, tap.taken);
        held.erase(0, tap.taken);
    }
    EXPECT_EQ(taken, stream);
    EXPECT_EQ(tap.state, static_cast<uint32_t>(PARLEY_TAP_COMPLETE));
    d.table().tap_close(session);
}

TEST(Relay, TakesEveryByteOfAStream) {
    for_seeds(60, [](uint32_t seed) {
        Chance chance(seed);
        std::mt19937 random(seed);
        const Events events = any_reply(random);
        for (const Wire& wire : kWires) {
            SCOPED_TRACE(wire.id);
            const std::string stream =
                with_noise(chance, wire.id, dialect(wire.id).encode(plain_request(), events, true));
            for (const std::size_t piece : {std::size_t{1}, std::size_t{7}, stream.size()}) {
                watch(wire, stream, piece);
            }
        }
    });
}

// ---- 23 ----

// What a client may send back of a translated reply, and what of it reaches a native upstream.
struct Turn {
    std::string asked;
    std::string wanted;  // empty: nothing of it
};

std::string envelope(Chance& chance) {
    return "pl1." + chance.of<std::string>({"", "QUJD", "a-b_c", "x1234567890"});
}

// A text that speaks of envelopes is a text.
std::string tricky(Chance& chance) {
    return chance.of<std::string>({R"("say \"pl1. and \"cGwxL")",
                                   R"("pl1.not an envelope")",
                                   R"("\"thoughtSignature\":\"cGwxLg\"")",
                                   R"("\"encrypted_content\":\"pl1.\"")",
                                   "\"" + std::string(300, 'p') + "\""});
}

Turn same(std::string text) {
    return {text, text};
}

Turn chat_turn(Chance& chance) {
    const std::string call =
        R"({"id":"c","type":"function","function":{"name":"f","arguments":)" + tricky(chance) + '}';
    const std::string own = R"(,"extra_content":{"google":{"thought_signature":"c2ln"}}})";
    const std::string ours =
        R"("extra_content" : {"google":{"thought_signature":")" + envelope(chance) + "\"}}";
    const auto turn = [](const std::string& calls) {
        return R"({"role":"assistant","content":null,"tool_calls":[)" + calls + "]}";
    };
    switch (chance.below(5)) {
        case 0:
            return {turn(call + ", " + ours + "}"), turn(call + "}")};
        case 1:
            return {turn("{" + ours + " ,\"id\":\"d\"}"), turn(R"({"id":"d"})")};
        case 2:
            return {turn("{ " + ours + " }," + call + own), turn("{}," + call + own)};
        case 3:
            return same(turn(call + own));
        default:
            return same(R"({"role":"user","content":)" + tricky(chance) + "}");
    }
}

Turn responses_turn(Chance& chance) {
    switch (chance.below(4)) {
        case 0:
            return {R"({"type":"reasoning","summary":[],"encrypted_content":")" + envelope(chance) +
                        "\"}",
                    ""};
        case 1:
            return {R"({"encrypted_content" : ")" + envelope(chance) +
                        R"(","id":"rs_1","summary":[{"text":"a ] }"}],"type":"reasoning"})",
                    ""};
        case 2:
            return same(R"({"type":"reasoning","summary":[],"encrypted_content":"gAAAA"})");
        default:
            return same(R"({"role":"user","content":)" + tricky(chance) + "}");
    }
}

// The content of one turn: blocks that stay and blocks that go.
Turn messages_turn(Chance& chance) {
    std::vector<std::string> asked;
    std::vector<std::string> wanted;
    for (uint32_t n = 1 + chance.below(4); n != 0; --n) {
        switch (chance.below(4)) {
            case 0:
                asked.push_back(R"({"type":"thinking","thinking":"x","signature":")" +
                                envelope(chance) + "\"}");
                break;
            case 1:
                asked.push_back(R"({"type":"redacted_thinking","data":")" + envelope(chance) +
                                "\"}");
                break;
            case 2:
                asked.push_back(R"({"type":"thinking","thinking":"x","signature":"c2ln"})");
                wanted.push_back(asked.back());
                break;
            default:
                asked.push_back(R"({"type":"text","text":)" + tricky(chance) + "}");
                wanted.push_back(asked.back());
                break;
        }
    }
    if (wanted.empty()) wanted.emplace_back(R"({"type":"text","text":"no text"})");
    const auto turn = [&](const std::vector<std::string>& blocks) {
        return R"({"role":"assistant","content":)" + list(chance, blocks) + "}";
    };
    return {turn(asked), turn(wanted)};
}

Turn gemini_turn(Chance& chance) {
    // "pl1.", "pl1.ABC" and "pl1.a-b_c"
    const auto ours = chance.of<std::string>({"cGwxLg==", "cGwxLkFCQw==", "cGwxLmEtYl9j"});
    const auto turn = [&](const std::string& signature) {
        return R"({"role":"model","parts":[{"functionCall":{"name":"f","args":{"a":)" +
               tricky(chance) + R"(}},"thoughtSignature" : ")" + signature + "\"}]}";
    };
    if (chance.one_in(3)) return same(turn("c2ln"));
    Chance again = chance;
    const std::string asked = turn(ours);
    chance = again;
    return {asked, turn("skip_thought_signature_validator")};
}

Turn any_turn(Chance& chance, const Wire& wire) {
    const std::string_view id = wire.id;
    if (id == "openai-chat") return chat_turn(chance);
    if (id == "openai-responses") return responses_turn(chance);
    return id == "anthropic-messages" ? messages_turn(chance) : gemini_turn(chance);
}

TEST(Relay, TakesOutEnvelopesAndNothingElse) {
    for_seeds(400, [](uint32_t seed) {
        for (const Wire& wire : kWires) {
            SCOPED_TRACE(wire.id);
            Chance chance(seed);
            std::vector<std::string> asked;
            std::vector<std::string> wanted;
            bool any = false;
            for (uint32_t n = chance.below(6); n != 0; --n) {
                const Turn turn = any_turn(chance, wire);
                asked.push_back(turn.asked);
                if (!turn.wanted.empty()) wanted.push_back(turn.wanted);
                any = any || turn.asked != turn.wanted;
            }
            const auto body = [&](const std::vector<std::string>& turns) {
                return R"({"model":"m-other","new":)" + std::string(R"({"a":[1, 2]},")") +
                       wire.turns + "\":" + list(chance, turns) + R"(,"z":1.50})";
            };
            const std::string before = body(asked);
            const std::string sent = relayed(wire, before);
            if (!any) {
                EXPECT_EQ(sent, before);
                continue;
            }
            json::error_code fault;
            const json::value got = json::parse(sent, fault);
            ASSERT_FALSE(fault) << sent << "\nof\n" << before;
            EXPECT_EQ(got, json::parse(body(wanted))) << sent << "\nof\n" << before;
        }
    });
}

}  // namespace

}  // namespace parley::codec
