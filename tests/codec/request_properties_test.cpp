// request_properties_test.cpp: what holds for every request on every way between two dialects.
#include <algorithm>
#include <iostream>
#include <set>

#include <boost/json.hpp>
#include <gtest/gtest.h>

#include "any_request.hpp"
#include "events.hpp"
#include "fields.hpp"
#include "wire.hpp"

namespace parley::codec {

namespace {

namespace json = boost::json;

constexpr const char* kModel = "m-x";
const std::vector<std::string> kNothing;

Encoded encoded_for(const std::string& target, const Decoded& asked) {
    return dialect(target).encode_request(*asked.request, kModel);
}

Decoded hop(const std::string& target, const Decoded& asked) {
    return dialect(target).decode_request(sent(target, encoded_for(target, asked)));
}

// Fields that both dialects carry, whoever of the two asks.
std::vector<const Field*> common_fields(const std::string& a,
                                        const std::string& b,
                                        Chance& chance) {
    const auto carries = [](const Row& row, const std::string& client, const std::string& target) {
        return row.is_said_by(client) && row.outcome(client, target).fate == Fate::carries;
    };
    const bool thinks = chance.one_in(2);
    const auto chosen = choose([&](const Row& row) {
        // Among others, one wire can only say it of all of them, or not at all.
        const bool of_all = row.id == "tools.strict" || row.id == "tool_choice.none";
        // Models that think are not told how to draw.
        const bool draws = row.id.starts_with("temperature") || row.id.starts_with("top_");
        const bool excluded = of_all || (thinks ? draws : row.id.starts_with("reasoning"));
        return carries(row, a, a) && carries(row, a, b) && carries(row, b, a) && !excluded &&
               chance.one_in(5);
    });
    std::vector<const Field*> fields;
    for (const Row* row : chosen) fields.push_back(&field(row->id));
    return fields;
}

std::string names_of(const std::vector<const Field*>& fields) {
    std::string names;
    for (const Field* each : fields) names += std::string(each->id) + ' ';
    return names;
}

// What `asked` says and `got` does not.
std::vector<std::string> lost(const parley_request& asked, const parley_request& got) {
    return without(statements(asked), statements(got));
}

// 1: a request in a dialect's own words comes back from it. 3: and from any other and back.
TEST(Requests, ComeBackFromAnyOtherDialect) {
    for_seeds(400, [](uint32_t seed) {
        Chance chance(seed);
        const std::string& a = kDialects[seed % 4];
        const std::string& b = kDialects[seed / 4 % 4];
        const auto set = common_fields(a, b, chance);
        SCOPED_TRACE(a + " -> " + b + ": " + names_of(set));
        const Decoded asked = ask(a, set, seed);
        const Decoded there = hop(b, asked);
        EXPECT_EQ(lost(*asked.request, *there.request), kNothing) << encoded_for(b, asked).body;
        const Decoded back = hop(a, there);
        EXPECT_EQ(lost(*asked.request, *back.request), kNothing) << encoded_for(a, there).body;
    });
}

// The same for talks, turn by turn.
TEST(Requests, TalksComeBackFromAnyOtherDialect) {
    for_seeds(200, [](uint32_t seed) {
        AnyRequest any{seed, kDialects[seed % 4], seed % 5, true};
        const std::string& b = kDialects[seed / 4 % 4];
        SCOPED_TRACE(any.client + " -> " + b);
        Decoded asked = any.make();
        // Roles of system text and marks of errors are said in other words by some.
        const auto talk = [](const Decoded& one) {
            json::value all = json::parse(dump(*one.request));
            for (auto& part : all.as_object()["instructions"].is_array()
                                  ? all.at("instructions").as_array()
                                  : all.as_object()["none"].emplace_array()) {
                part.as_object().erase("role");
            }
            std::string text = json::serialize(all.at("instructions")) + '\n';
            for (const auto& message : all.at("messages").as_array()) {
                std::string one_message = json::serialize(message) + '\n';
                for (const char* mark : {"\"is_error\":2,", "Error: "}) {
                    for (std::size_t at; (at = one_message.find(mark)) != one_message.npos;) {
                        one_message.erase(at, std::string(mark).size());
                    }
                }
                text += one_message;
            }
            return text;
        };
        EXPECT_EQ(talk(hop(b, asked)), talk(asked));
        EXPECT_EQ(talk(hop(any.client, hop(b, asked))), talk(asked));
    });
}

// 2: what is read of what was written is written the same, byte for byte.
TEST(Requests, AreWrittenAsTheyWereRead) {
    for_seeds(200, [](uint32_t seed) {
        const std::string& own = kDialects[seed % 4];
        AnyRequest any{seed, kDialects[seed / 4 % 4], seed % 6};
        SCOPED_TRACE(any.client + " -> " + own);
        const Encoded once = encoded_for(own, any.make());
        const Decoded read = dialect(own).decode_request(sent(own, once));
        EXPECT_EQ(encoded_for(own, read).body, once.body);
    });
}

// 5: the normal form of a normal form is itself, and what the user said stays in its order.
TEST(Requests, NeedToBeMendedOnce) {
    for_seeds(200, [](uint32_t seed) {
        const Decoded asked = AnyRequest{seed, kDialects[seed % 4], seed % 7}.make();
        MadeRequest again(kDialects[seed % 4]);
        const parley_request& r = *asked.request;
        for (uint64_t i = 0; i < r.instruction_count; ++i) {
            parley_part part = *r.instructions[i];
            parley_part& copy = again.make<parley_part>();
            copy = part;
            again.draft().instruct(copy, part.role);
        }
        for (uint64_t m = 0; m < r.message_count; ++m) {
            again.draft().begin(r.messages[m]->role, "messages");
            for (uint64_t p = 0; p < r.messages[m]->part_count; ++p) {
                again.draft().add(*r.messages[m]->parts[p]);
            }
        }
        const Decoded twice = again.finish();
        EXPECT_EQ(twice.request->warning_count, 0u);
        const auto talk = [](const parley_request& one) {
            const json::value all = json::parse(dump(one));
            return json::serialize(all.at("messages"));
        };
        EXPECT_EQ(talk(*twice.request), talk(r));
    });
}

// 6, 7: calls and results pair, turns alternate, names and ids are legal, at every upstream.
TEST(Requests, AreWhatTheirUpstreamsTake) {
    for_seeds(600, [](uint32_t seed) {
        AnyRequest any{seed, kDialects[seed % 4], seed % 9};
        if (seed % 3 == 0) any.seals = seed % 2 == 0 ? "openai" : "anthropic";
        const Decoded asked = any.make();
        for (const std::string& target : kDialects) {
            SCOPED_TRACE(any.client + " -> " + target);
            const Encoded encoded = encoded_for(target, asked);
            EXPECT_EQ(request_fault(target, encoded.body), "") << encoded.body;
        }
    });
}

// ---- 18 ----

// A body up to the end of its last turn.
std::string head_of(const std::string& body) {
    sdk::JsonReader r(body);
    sdk::JsonString key;
    r.enter_object();
    while (r.next_key(key)) {
        const std::string_view raw = r.raw();
        if (key.raw != "messages" && key.raw != "input" && key.raw != "contents") continue;
        return body.substr(0, static_cast<std::size_t>(raw.data() - body.data()) + raw.size() - 1);
    }
    return {};
}

TEST(Requests, KeepTheirHeadWhenATalkGoesOn) {
    for_seeds(120, [](uint32_t seed) {
        for (const std::string& target : kDialects) {
            SCOPED_TRACE(target);
            std::string last;
            for (uint32_t turns = 0; turns < 5; ++turns) {
                AnyRequest any{seed, kDialects[seed % 4], turns};
                any.seals = seed % 2 == 0 ? "" : "gemini";
                const std::string body = encoded_for(target, any.make()).body;
                EXPECT_EQ(encoded_for(target, any.make()).body, body);
                const std::string head = head_of(body);
                // The turn that was the last may have grown, but nothing in it changed.
                const std::string open = last.substr(0, last.find_last_not_of("]}") + 1);
                EXPECT_TRUE(head.starts_with(open)) << open << "\n" << head;
                last = head;
            }
        }
    });
}

// ---- 19 ----

// The names of the functions of a request to an upstream, in its order.
std::vector<std::string> wire_names(const std::string& target, const std::string& body) {
    std::vector<std::string> names;
    const json::value all = json::parse(body);
    const auto* tools = all.as_object().if_contains("tools");
    if (tools == nullptr) return names;
    for (const auto& tool : tools->as_array()) {
        if (target == "gemini-generate") {
            for (const auto& one : tool.at("functionDeclarations").as_array()) {
                names.emplace_back(one.at("name").as_string());
            }
            continue;
        }
        const json::object& o = tool.as_object();
        const char* inner = o.contains("function") ? "function" : "custom";
        const json::object& named = target == "openai-chat" ? o.at(inner).as_object() : o;
        names.emplace_back(named.at("name").as_string());
    }
    return names;
}

TEST(Names, GoOutLegalAndComeBackAsTheyWere) {
    for_seeds(150, [](uint32_t seed) {
        const Decoded asked = AnyRequest{seed, kDialects[seed % 4], 2}.make();
        const parley_request& r = *asked.request;
        // Of tools with one name the last counts.
        std::vector<std::string> own;
        for (uint64_t i = 0; i < r.tool_count; ++i) {
            const std::string name(view(r.tools[i]->name));
            const bool again = std::any_of(r.tools + i + 1,
                                           r.tools + r.tool_count,
                                           [&](const auto* t) { return view(t->name) == name; });
            if (!again) own.push_back(name);
        }
        for (const std::string& target : kDialects) {
            SCOPED_TRACE(target);
            const auto names = wire_names(target, encoded_for(target, asked).body);
            std::set<std::string> back;
            for (const std::string& name : names) {
                Script s;
                s.start()
                    .call("c1", name)
                    .args("{}")
                    .end()
                    .usage(1, 1)
                    .finish(PARLEY_FINISH_TOOL_CALLS);
                const std::string wire = dialect(target).encode(plain_request(), s, true);
                const auto events = dialect(target).decode(r, wire, true);
                const auto call = std::find_if(events.begin(), events.end(), [](const Event& e) {
                    return e.raw.type == PARLEY_EVENT_PART_STARTED;
                });
                ASSERT_NE(call, events.end());
                EXPECT_TRUE(back.insert(call->name).second) << call->name;
            }
            EXPECT_EQ(back, std::set<std::string>(own.begin(), own.end()));
        }
    });
}

// ---- 20 ----

std::string gemini_talk(Chance& chance, uint32_t turns) {
    std::string contents = R"({"role":"user","parts":[{"text":"go"}]})";
    for (uint32_t i = 0; i < turns; ++i) {
        std::string calls;
        std::string results;
        for (uint32_t n = 1 + chance.below(3); n != 0; --n) {
            const std::string name = chance.of<std::string>({"f", "g"});
            const char* comma = n == 1 ? "" : ",";
            calls += R"({"functionCall":{"name":")" + name + R"(","args":{}}})" + comma;
            results += R"({"functionResponse":{"name":")" + name +
                       R"(","response":{"output":"1"}}})" + comma;
        }
        contents += R"(,{"role":"model","parts":[)" + calls + "]}";
        contents += R"(,{"role":"user","parts":[)" + results + "]}";
    }
    return "{\"contents\":[" + contents + "]}";
}

TEST(Ids, OfTalksWithoutIdsStayWhenTheyGoOn) {
    for_seeds(60, [](uint32_t seed) {
        std::vector<std::string> last;
        for (uint32_t turns = 1; turns < 6; ++turns) {
            Chance chance(seed);
            Request request;
            request.path = "/v1beta/models/m:generateContent";
            request.body = gemini_talk(chance, turns);
            const Decoded asked = dialect("gemini-generate").decode_request(request);
            EXPECT_EQ(asked.request->warning_count, 0u);
            std::vector<std::string> ids;
            for (uint64_t m = 0; m < asked.request->message_count; ++m) {
                const parley_message& message = *asked.request->messages[m];
                for (uint64_t p = 0; p < message.part_count; ++p) {
                    if (message.parts[p]->tool_call == nullptr) continue;
                    ids.emplace_back(view(message.parts[p]->tool_call->id));
                }
            }
            EXPECT_EQ(std::set<std::string>(ids.begin(), ids.end()).size(), ids.size());
            EXPECT_TRUE(std::equal(last.begin(), last.end(), ids.begin()));
            last = ids;
        }
    });
}

// ---- 22 ----

// Halves of code points are mended where the arguments are no text; the rest is the same value.
json::value value_of(const std::string& text) {
    return json::parse(sdk::json_without_lone_surrogates(text));
}

// All arguments in a request, in order.
std::vector<std::string> arguments_of(const parley_request& r) {
    std::vector<std::string> all;
    for (uint64_t m = 0; m < r.message_count; ++m) {
        for (uint64_t p = 0; p < r.messages[m]->part_count; ++p) {
            const parley_tool_call* call = r.messages[m]->parts[p]->tool_call;
            if (call != nullptr) all.emplace_back(view(call->arguments));
        }
    }
    return all;
}

TEST(Arguments, OfTheHistoryAreKept) {
    for_seeds(300, [](uint32_t seed) {
        Chance chance(seed);
        MadeRequest made(kDialects[seed % 4]);
        made.function("f");
        made.begin(PARLEY_ROLE_USER);
        made.text("go");
        made.begin(PARLEY_ROLE_ASSISTANT);
        made.tool_call("c1", "f", chance.json_object());
        made.begin(PARLEY_ROLE_TOOL);
        made.tool_result("c1", [&] { made.text("1"); });
        const Decoded asked = made.finish();
        const auto wanted = arguments_of(*asked.request);
        for (const std::string& target : kDialects) {
            SCOPED_TRACE(target);
            const auto got = arguments_of(*hop(target, asked).request);
            // As text where the wire has text, otherwise as a value.
            if (target.starts_with("openai")) {
                EXPECT_EQ(got, wanted);
            } else {
                ASSERT_EQ(got.size(), 1u);
                EXPECT_EQ(value_of(got[0]), value_of(wanted[0])) << wanted[0];
            }
        }
    });
}

// ---- 23 ----

TEST(Seals, GoToNobodyElse) {
    int kept = 0;
    for_seeds(200, [&](uint32_t seed) {
        static const std::string kFamilies[] = {"openai", "anthropic", "gemini", "another"};
        AnyRequest any{seed, kDialects[seed % 4], 4, true};
        any.seals = kFamilies[seed / 4 % 4];
        const Decoded asked = any.make();
        for (const std::string& target : kDialects) {
            SCOPED_TRACE(any.seals + " at " + target);
            const std::string body = encoded_for(target, asked).body;
            const bool own = target.find(any.seals) != target.npos;
            const bool has = body.find(kSealMark) != body.npos;
            EXPECT_TRUE(own || !has) << body;
            kept += own && has ? 1 : 0;
        }
    });
    EXPECT_GT(kept, 50);
}

}  // namespace

}  // namespace parley::codec
