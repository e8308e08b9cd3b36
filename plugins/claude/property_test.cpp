// Properties that hold for every conversation, tried with made-up ones.
#include <iostream>
#include <random>
#include <set>

#include <boost/json.hpp>

#include "claude_test.hpp"
#include "parley/sdk/ids.hpp"
#include "schema.hpp"
#include "support/schemas.hpp"

namespace parley::claude {

namespace {

namespace json = boost::json;

// Conversations as a client of this dialect might send them, careless ones included.
class Talker {
public:
    // A careful one writes names and ids that the wire takes, and keeps signatures.
    Talker(unsigned seed, bool careful) : random_(seed), careful_(careful) {}

    std::string request() {
        json::object r{{"model", "claude-x"}, {"max_tokens", 100 + pick(5000)}};
        if (chance(2)) r["system"] = chance(2) ? json::value(text()) : json::value(blocks());
        json::array tools;
        for (int i = pick(4); i > 0; --i) tools.push_back(tool(i));
        if (!tools.empty() || chance(3)) r["tools"] = tools;
        if (chance(4)) r["temperature"] = 0.25 * pick(4);
        if (chance(4)) r["stop_sequences"] = json::array{json::value(text()), " "};
        if (chance(3)) r["thinking"] = json::object{{"type", "adaptive"}};
        if (chance(4)) r["output_config"] = json::object{{"effort", "medium"}};
        if (chance(5)) r["some_beta"] = json::object{{"a", json::array{1, nullptr}}};
        json::array turns;
        turns.push_back(user(text()));
        for (int i = pick(10); i > 0; --i) add_turn(turns);
        r["messages"] = turns;
        return json::serialize(r);
    }

private:
    int pick(int below) { return static_cast<int>(random_() % static_cast<unsigned>(below)); }

    // More than four are too many.
    bool marks() { return !careful_ && chance(4); }

    bool chance(int of) { return pick(of) == 0; }

    json::string text() {
        static const char* const kTexts[] = {"",
                                             "a",
                                             "Größe",
                                             "\xf0\x9f\x98\x80",
                                             "line\nline\t\"x\"\\",
                                             "\x01 control",
                                             "  space "};
        return json::string(kTexts[pick(7)]);
    }

    std::string name() {
        static const char* const kNames[] = {"f", "mcp__server__tool", "odd name", "x.y", "日本"};
        return kNames[pick(careful_ ? 2 : 5)];
    }

    json::object tool(int i) {
        json::object t{{"name", json::string(name() + std::to_string(i))},
                       {"input_schema", {{"type", "object"}}}};
        if (chance(3)) t["description"] = text();
        if (marks()) t["cache_control"] = json::object{{"type", "ephemeral"}};
        return t;
    }

    json::object block() {
        json::object b{{"type", "text"}, {"text", text()}};
        if (marks()) b["cache_control"] = json::object{{"type", "ephemeral"}, {"ttl", "5m"}};
        return b;
    }

    json::array blocks() {
        json::array all{block()};
        while (chance(2)) all.push_back(block());
        return all;
    }

    static json::object user(json::value content) {
        return {{"role", "user"}, {"content", std::move(content)}};
    }

    void add_turn(json::array& turns) {
        if (chance(3)) {
            turns.push_back(user(chance(2) ? json::value(text()) : json::value(blocks())));
            return;
        }
        if (chance(8)) {
            turns.push_back(json::object{{"role", "system"}, {"content", text()}});
            return;
        }
        json::array content = blocks();
        if (chance(3)) {
            content.insert(content.begin(),
                           json::object{{"type", "thinking"},
                                        {"thinking", text()},
                                        {"signature", !careful_ && chance(3) ? "" : "c2ln"}});
        }
        std::vector<std::string> ids;
        while (chance(2)) {
            const bool same = !careful_ && chance(6);
            ids.push_back(same ? "same id" : "toolu_" + std::to_string(next_++));
            content.push_back(json::object{{"type", "tool_use"},
                                           {"id", json::string(ids.back())},
                                           {"name", json::string(name())},
                                           {"input", {{"a", json::value(text())}, {"n", 1.5}}}});
        }
        turns.push_back(json::object{{"role", "assistant"}, {"content", content}});
        if (!ids.empty()) turns.push_back(user(results(ids)));
    }

    // Out of order, some missing, some of no call, text between them.
    json::array results(std::vector<std::string> ids) {
        std::shuffle(ids.begin(), ids.end(), random_);
        if (chance(5)) ids.pop_back();
        if (chance(5)) ids.push_back("toolu_unknown");
        json::array all;
        for (const std::string& id : ids) {
            json::object result{{"type", "tool_result"}, {"tool_use_id", json::string(id)}};
            if (!chance(4))
                result["content"] = chance(2) ? json::value(text()) : json::value(blocks());
            if (chance(4)) result["is_error"] = true;
            all.push_back(result);
            if (chance(4)) all.push_back(block());
        }
        if (all.empty()) all.push_back(block());
        return all;
    }

    std::mt19937 random_;
    bool careful_;
    int next_ = 0;
};

constexpr unsigned kTalks = 400;

Decoded decoded_talk(unsigned seed, bool careful) {
    // A talk without any words is refused, which is no subject here.
    for (;; seed += kTalks) {
        try {
            return decoded(Talker(seed, careful).request());
        } catch (const Refused&) {
            continue;
        }
    }
}

// What a request says, but for what was mended in it.
std::string meaning(const Decoded& asked) {
    json::object o = json::parse(codec::dump(*asked.request)).as_object();
    o.erase("warnings");
    o.erase("stop");  // sequences of nothing but space are left out
    return json::serialize(o);
}

TEST(Property, RequestsKeepTheirMeaning) {
    for (unsigned seed = 0; seed < kTalks; ++seed) {
        const bool careful = seed % 2 == 0;
        const Decoded asked = decoded_talk(seed, careful);
        const Encoded once = dialect().encode_request(*asked.request, "claude-x");
        const Decoded again = decoded(once.body);
        if (careful) {
            EXPECT_TRUE(json::parse(meaning(again)) == json::parse(meaning(asked)))
                << seed << " " << difference(meaning(again), meaning(asked));
        }
        // What was mended once needs no mending.
        const Encoded twice = dialect().encode_request(*again.request, "claude-x");
        EXPECT_EQ(difference(twice.body, once.body), "") << seed;
        EXPECT_EQ(meaning(decoded(twice.body)), meaning(again)) << seed;
        EXPECT_EQ(again.request->warning_count, 0u) << seed;
    }
}

bool is_legal(std::string_view id) {
    return !id.empty() && id.size() <= 64 && std::all_of(id.begin(), id.end(), sdk::is_word);
}

// The ids of a turn's blocks of a type, and where the first block of another type stands.
std::vector<std::string> ids_of(const json::value& turn, const char* type, const char* member) {
    std::vector<std::string> ids;
    for (const json::value& block : turn.at("content").as_array()) {
        if (block.at("type") == type) ids.emplace_back(block.at(member).as_string());
    }
    return ids;
}

TEST(Property, CrossedTalksAreInOrder) {
    for (unsigned seed = 0; seed < kTalks; ++seed) {
        const Encoded encoded = crossed(decoded_talk(seed, false));
        const json::object body = json::parse(encoded.body).as_object();
        const json::array turns = body.at("messages").as_array();
        std::set<std::string> seen;
        for (std::size_t i = 0; i < turns.size(); ++i) {
            EXPECT_EQ(turns[i].at("role"), i % 2 == 0 ? "user" : "assistant") << seed;
            const json::array content = turns[i].at("content").as_array();
            EXPECT_FALSE(content.empty()) << seed;
            for (const json::value& block : content) {
                EXPECT_FALSE(block.at("type") == "text" && block.at("text") == "") << seed;
            }
            const auto calls = ids_of(turns[i], "tool_use", "id");
            for (const std::string& id : calls) {
                EXPECT_TRUE(is_legal(id)) << id;
                EXPECT_TRUE(seen.insert(id).second) << seed << " " << id;
            }
            if (calls.empty() || i + 1 == turns.size()) continue;
            EXPECT_EQ(ids_of(turns[i + 1], "tool_result", "tool_use_id"), calls) << seed;
            for (std::size_t k = 0; k < calls.size(); ++k) {
                EXPECT_EQ(turns[i + 1].at("content").at(k).at("type"), "tool_result") << seed;
            }
        }
        const auto* tools = body.if_contains("tools");
        std::set<std::string> names;
        for (const json::value& tool : tools == nullptr ? json::array() : tools->as_array()) {
            const std::string name(tool.at("name").as_string());
            EXPECT_TRUE(is_legal(name)) << name;
            EXPECT_TRUE(names.insert(name).second) << name;
        }
    }
}

// ---- schemas that the wire guarantees ----

// The words that stand in a schema, wherever schemas stand.
template <class Visit>
void each_schema(json::value& schema, Visit visit) {
    if (!schema.is_object()) return;
    json::object& s = schema.as_object();
    for (const char* name : {"properties", "$defs", "definitions"}) {
        auto* inner = s.if_contains(name);
        if (inner == nullptr || !inner->is_object()) continue;
        for (auto& member : inner->as_object()) each_schema(member.value(), visit);
    }
    for (const char* name : {"anyOf", "oneOf", "allOf", "prefixItems"}) {
        auto* inner = s.if_contains(name);
        if (inner == nullptr || !inner->is_array()) continue;
        for (auto& one : inner->as_array()) each_schema(one, visit);
    }
    if (auto* items = s.if_contains("items")) each_schema(*items, visit);
    visit(s);
}

// The same schema, of objects without members that it does not name: the wire has no others.
json::value closed(json::value schema) {
    each_schema(schema, [](json::object& s) {
        const auto* type = s.if_contains("type");
        const bool is_object =
            s.contains("properties") || s.contains("additionalProperties") ||
            (type != nullptr && json::serialize(*type).find("\"object\"") != std::string::npos);
        if (is_object) s["additionalProperties"] = false;
    });
    return schema;
}

TEST(Guarantee, OnlyNarrowsByWhatIsNotDeclared) {
    static const std::set<std::string> kRefused{
        "minimum", "maximum", "exclusiveMaximum", "minLength", "maxLength", "uniqueItems", "oneOf"};
    int accepted = 0;
    for (unsigned seed = 0; seed < 1500; ++seed) {
        schemas::Generator generator(seed);
        const json::value before = generator.root();
        const json::value wanted = closed(before);
        bool changed = false;
        const std::string text = guaranteed_schema(json::serialize(before), changed);
        json::value after = json::parse(text);
        each_schema(after, [&](json::object& s) {
            for (const auto& member : s) {
                EXPECT_FALSE(kRefused.contains(std::string(member.key()))) << text;
            }
        });
        EXPECT_EQ(changed, after != before) << text;
        EXPECT_LE(text.size(), 2 * json::serialize(wanted).size() + 64);
        for (int i = 0; i < 20; ++i) {
            const json::value instance = generator.instance_of(before, before, 5);
            if (!schemas::Validator(wanted).accepts(instance)) continue;
            ++accepted;
            ASSERT_TRUE(schemas::Validator(after).accepts(instance))
                << seed << '\n'
                << json::serialize(before) << '\n'
                << text << '\n'
                << instance;
        }
    }
    std::cout << accepted << " valid instances\n";
    EXPECT_GT(accepted, 1500);
}

// Cycles, nonsense and depth.
TEST(Guarantee, ComesToAnEnd) {
    std::string deep = "{}";
    for (int i = 0; i < 150; ++i) deep = R"({"type":"array","items":)" + deep + "}";
    const std::string schemas[] = {deep,
                                   R"({"$ref":"#"})",
                                   R"({"$ref":"#/$defs/A","$defs":{"A":{"$ref":"#/$defs/A"}}})",
                                   R"({"properties":[],"items":3,"anyOf":{},"type":["object"]})",
                                   R"({"oneOf":"x","additionalProperties":{"type":"string"}})",
                                   "true",
                                   "[]",
                                   R"("text")"};
    for (const std::string& schema : schemas) {
        bool changed = false;
        const std::string text = guaranteed_schema(schema, changed);
        json::parse_options options;
        options.max_depth = 512;
        json::error_code fault;
        json::parse(text, fault, {}, options);
        EXPECT_FALSE(fault) << text;
        bool again = false;
        EXPECT_EQ(guaranteed_schema(text, again), text);
        EXPECT_FALSE(again) << text;
    }
}

}  // namespace

}  // namespace parley::claude
