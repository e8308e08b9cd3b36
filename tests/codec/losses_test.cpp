// losses_test.cpp: what each crossing carries and loses is what fields.txt says.
#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <set>
#include <sstream>

#include <gtest/gtest.h>

#include "fields.hpp"

namespace parley::codec {

namespace {

// Whether everything that `asked` says beyond `base` is said by `read`, too.
bool says_all(const parley_request& asked, const parley_request& base, const parley_request& read) {
    const auto more = without(statements(asked), statements(base));
    return without(more, statements(read)).empty();
}

// What really becomes of a field, alone.
Outcome observed(const Field& each,
                 const std::string& client,
                 const std::string& target,
                 uint32_t seed) {
    const Decoded base = ask_without(client, each);
    const Decoded asked = ask(client, {&each}, seed);
    const Dialect& to = dialect(target);
    const Encoded before = to.encode_request(*base.request, "m-x");
    Encoded encoded;
    try {
        encoded = to.encode_request(*asked.request, "m-x");
    } catch (const Refused& refused) {
        EXPECT_EQ(refused.error_class, PARLEY_E_UNSUPPORTED) << refused.what();
        EXPECT_FALSE(refused.param.empty()) << refused.what();
        return {Fate::refuses, ""};
    }
    const auto warnings = without(encoded.warnings, before.warnings);
    std::string code;
    if (!warnings.empty()) code = warnings[0].substr(0, warnings[0].find(';'));
    EXPECT_LE(warnings.size(), 1u) << warnings.back();
    const bool same = encoded.body == before.body && encoded.path == before.path;
    if (same) return {code.empty() ? Fate::drops : Fate::warns, code};
    const Decoded read = to.decode_request(sent(target, encoded));
    const bool carried = code.empty() && says_all(*asked.request, *base.request, *read.request);
    return {carried ? Fate::carries : Fate::imitates, code};
}

TEST(Losses, TheTableAndTheFieldsAreTheSame) {
    std::set<std::string> in_table;
    for (const Row& row : rows()) {
        EXPECT_TRUE(in_table.insert(row.id).second) << row.id;
        EXPECT_FALSE(row.said_by.empty()) << row.id;
    }
    std::set<std::string> settable;
    for (const Field& each : fields()) settable.insert(each.id);
    EXPECT_EQ(in_table, settable);
}

TEST(Losses, AreWhatTheTableSays) {
    for (const Row& row : rows()) {
        const Field& each = field(row.id);
        for (const std::string& client : row.said_by) {
            for (const std::string& target : kDialects) {
                SCOPED_TRACE(row.id + ": " + client + " -> " + target);
                Outcome wanted = row.outcome(client, target);
                // The upstream is not asked; Parley cuts the reply where it ends.
                if (wanted.fate == Fate::watches) wanted.fate = Fate::drops;
                for (uint32_t seed = 0; seed < 5; ++seed) {
                    const Outcome got = observed(each, client, target, seed);
                    EXPECT_EQ(word_of(got), word_of(wanted)) << "seed " << seed;
                    if (!(got == wanted)) break;
                }
            }
        }
    }
}

// A search that may not look everywhere, where the upstream's cannot be told so.
TEST(Losses, OfTheBoundsOfASearchAreNamed) {
    const auto asked_with = [](const std::string& bounds) {
        Request request;
        request.path = "/v1/messages";
        request.headers.emplace_back("anthropic-version", "2023-06-01");
        request.body = R"({"model":"m-x","max_tokens":99,"messages":[{"role":"user",)"
                       R"("content":"hi"}],"tools":[{"type":"web_search_20250305",)"
                       R"("name":"web_search",")" +
                       bounds + R"(":["example.org"]}]})";
        return dialect("anthropic-messages").decode_request(request);
    };
    const Decoded allowed = asked_with("allowed_domains");
    const Decoded blocked = asked_with("blocked_domains");
    const auto warnings = [](const std::string& target, const Decoded& asked) {
        return dialect(target).encode_request(*asked.request, "m-x").warnings;
    };
    using Warnings = std::vector<std::string>;
    EXPECT_EQ(warnings("gemini-generate", allowed), Warnings{"field_dropped;allowed_domains"});
    EXPECT_EQ(warnings("gemini-generate", blocked), Warnings{"field_dropped;blocked_domains"});
    EXPECT_EQ(warnings("openai-responses", allowed), Warnings());
    EXPECT_EQ(warnings("openai-responses", blocked), Warnings{"field_dropped;blocked_domains"});
    EXPECT_EQ(warnings("openai-chat", allowed), Warnings{"tool_dropped;web_search"});
    EXPECT_EQ(warnings("anthropic-messages", allowed), Warnings());
}

// ---- in company ----

// Most companies shall get through.
std::vector<const Row*> company(const std::string& client, Chance& chance) {
    return choose([&](const Row& row) {
        if (!row.is_said_by(client) || !chance.one_in(10)) return false;
        const bool refused =
            std::any_of(row.outcomes.begin(), row.outcomes.end(), [](const auto& outcome) {
                return outcome.second.fate == Fate::refuses;
            });
        return !refused || chance.one_in(6);
    });
}

// Every fact that does not come through belongs to a field that the table gives up, or a warning
// says so.
TEST(Losses, AreDeclaredInAnyCompany) {
    int crossed = 0;
    int refused = 0;
    for_seeds(1200, [&](uint32_t seed) {
        Chance chance(seed);
        const std::string& client = kDialects[seed % 4];
        const std::string& target = kDialects[seed / 4 % 4];
        std::vector<const Field*> set;
        std::set<std::string> given_up;
        bool may_refuse = false;
        bool hides_tools = false;
        std::string names = client + " -> " + target + ':';
        for (const Row* row : company(client, chance)) {
            set.push_back(&field(row->id));
            names += ' ' + row->id;
            const Outcome& outcome = row->outcome(client, target);
            may_refuse = may_refuse || outcome.fate == Fate::refuses;
            if (outcome.fate != Fate::carries) given_up.merge(kinds_of(*set.back(), client));
            // Who may not call at all need not be told to call one by one.
            if (row->id == "tool_choice.none") given_up.insert(".parallel_tools");
            // Where a subset of the tools cannot be named, the others are not shown.
            const bool is_subset =
                row->id == "tool_choice.some" || row->id == "tool_choice.one_of_some";
            hides_tools = hides_tools || (is_subset && outcome.fate == Fate::imitates);
        }
        SCOPED_TRACE(names);
        const Decoded asked = ask(client, set, seed);
        Encoded encoded;
        try {
            encoded = dialect(target).encode_request(*asked.request, "m-x");
        } catch (const Refused& why) {
            EXPECT_TRUE(may_refuse) << why.what();
            ++refused;
            return;
        }
        ++crossed;
        const Decoded read = dialect(target).decode_request(sent(target, encoded));
        for (const std::string& lost :
             without(statements(*asked.request), statements(*read.request))) {
            const std::string kind = lost.substr(0, lost.find(" = "));
            const bool hidden = hides_tools && kind.starts_with(".tools");
            EXPECT_TRUE(given_up.contains(kind) || hidden || is_named(kind, encoded.warnings))
                << lost << '\n'
                << testing::PrintToString(encoded.warnings) << '\n'
                << encoded.body;
        }
    });
    std::cout << crossed << " companies crossed, " << refused << " were refused\n";
}

// ---- the document ----

// As a reader is told.
std::string told(const Outcome& outcome) {
    const std::string code = outcome.code.empty() ? "" : ", `" + outcome.code + '`';
    switch (outcome.fate) {
        case Fate::carries:
            return "carried";
        case Fate::imitates:
            return "imitated" + code;
        case Fate::watches:
            return "watched";
        case Fate::drops:
            return "left out";
        case Fate::warns:
            return "left out" + code;
        default:
            return "refused";
    }
}

const std::map<std::string, std::string> kTitles{{"openai-chat", "Chat"},
                                                 {"openai-responses", "Responses"},
                                                 {"anthropic-messages", "Messages"},
                                                 {"gemini-generate", "Gemini"}};

// What becomes of a field on its way to another dialect; exceptions behind what is usual.
std::string cell(const Row& row, const std::string& target) {
    std::map<std::string, std::vector<std::string>> by_word;
    for (const std::string& client : row.said_by) {
        if (client != target) by_word[told(row.outcome(client, target))].push_back(client);
    }
    if (by_word.empty()) return "";
    const auto most =
        std::max_element(by_word.begin(), by_word.end(), [](const auto& a, const auto& b) {
            return a.second.size() < b.second.size();
        });
    std::string out = most->first;
    for (const auto& [word, clients] : by_word) {
        if (word == most->first) continue;
        out += "; " + word + " from";
        for (const std::string& client : clients) {
            out += (client == clients.front() ? " " : ", ") + kTitles.at(client);
        }
    }
    return out;
}

std::string field_tables() {
    std::string out;
    std::string group;
    for (const Row& row : rows()) {
        if (row.group != group) {
            group = row.group;
            out += "\n### " + group +
                   "\n\n| What a client says | Clients of | to Chat | to Responses | "
                   "to Messages | to Gemini |\n|---|---|---|---|---|---|\n";
        }
        out += "| " + row.words + " | ";
        for (const std::string& client : row.said_by) {
            out += (client == row.said_by.front() ? "" : ", ") + kTitles.at(client);
        }
        for (const std::string& target : kDialects) {
            const std::string text = cell(row, target);
            out += " | " + (text.empty() ? "-" : text);
        }
        out += " |\n";
    }
    return out;
}

std::string crossing_table() {
    std::string out =
        "| client -> upstream | carried | imitated | watched | left out | left out and named | "
        "refused |\n"
        "|---|---|---|---|---|---|---|\n";
    for (const std::string& client : kDialects) {
        for (const std::string& target : kDialects) {
            if (client == target) continue;
            std::map<Fate, int> counts;
            for (const Row& row : rows()) {
                if (row.is_said_by(client)) ++counts[row.outcome(client, target).fate];
            }
            out += "| " + client + " -> " + target;
            for (const Fate fate : {Fate::carries,
                                    Fate::imitates,
                                    Fate::watches,
                                    Fate::drops,
                                    Fate::warns,
                                    Fate::refuses}) {
                out += " | " + std::to_string(counts[fate]);
            }
            out += " |\n";
        }
    }
    return out;
}

TEST(Losses, AreInTheDocumentAsTheTableHasThem) {
    constexpr std::string_view kBegin = "<!-- fields -->\n";
    constexpr std::string_view kEnd = "\n<!-- end of fields -->";
    const std::string file = PARLEY_SOURCE_DIR "/docs/dialects.md";
    std::ostringstream all;
    all << std::ifstream(file).rdbuf();
    std::string text = all.str();
    const std::size_t begin = text.find(kBegin);
    const std::size_t end = text.find(kEnd);
    ASSERT_NE(begin, text.npos);
    ASSERT_NE(end, text.npos);
    const std::size_t from = begin + kBegin.size();
    const std::string wanted = '\n' + crossing_table() + field_tables();
    const bool is_fresh = text.substr(from, end - from) == wanted;
    if (!is_fresh && std::getenv("UPDATE_CASES") != nullptr) {
        text.replace(from, end - from, wanted);
        std::ofstream(file) << text;
        return;
    }
    EXPECT_TRUE(is_fresh) << "docs/dialects.md is stale: run this test with UPDATE_CASES=1";
}

}  // namespace

}  // namespace parley::codec
