// requests_test.cpp: every recorded request comes back from its own dialect with the same meaning,
// and crosses to the others with every loss in the table or named, or is refused with the name of
// what cannot cross.
#include <algorithm>
#include <iostream>
#include <map>
#include <set>

#include <boost/json/parse.hpp>
#include <gtest/gtest.h>

#include "codec.hpp"
#include "corpus.hpp"
#include "fields.hpp"

namespace parley::codec {

namespace {

// The request of a recording as a client of Parley would send it.
Request request_of(const Recorded& r) {
    Request request;
    request.path = r.path;
    request.query = r.query;
    request.body = r.request;
    if (r.wire == "openai-chat") request.path = "/v1/chat/completions";
    if (r.wire == "openai-responses") request.path = "/v1/responses";
    if (r.wire == "anthropic-messages") {
        request.path = "/v1/messages";
        request.headers.emplace_back("anthropic-version", "2023-06-01");
    }
    if (r.wire == "gemini-generate") {
        const std::size_t models = r.path.find("/models/");
        request.path = "/v1beta" + r.path.substr(models);
    }
    return request;
}

bool is_generate(const Recorded& r) {
    if (r.request.empty() || r.status >= 400) return false;
    if (r.wire != "gemini-generate") return true;
    return r.path.find("/models/") != std::string::npos &&
           r.path.find("enerateContent") != std::string::npos;
}

std::string name_of(const Decoded& asked) {
    // Some places have it in the path.
    return asked.request->model.len == 0 ? "model-x" : std::string(view(asked.request->model));
}

// What a statement is about: of documents that Parley does not read, only where they stand.
std::string kind_of(std::string statement) {
    statement.resize(std::min(statement.find(" = "), statement.size()));
    for (const char* document : {".raw", ".extras", ".schema", ".seal", ".citations"}) {
        const std::size_t at = statement.find(document);
        if (at != statement.npos) statement.resize(at + std::string(document).size());
    }
    return statement;
}

// What the table says that this crossing does not carry as it is.
std::set<std::string> given_up(const std::string& client, const std::string& target) {
    std::set<std::string> kinds;
    for (const Row& row : rows()) {
        if (!row.is_said_by(client)) continue;
        if (row.outcome(client, target).fate == Fate::carries) continue;
        for (const std::string& kind : kinds_of(field(row.id), client)) {
            kinds.insert(kind_of(kind));
        }
    }
    return kinds;
}

// What is lost and changes nothing that a client could notice, whatever the table has.
struct Harmless {
    const char* statement;  // or the head of it
    const char* why;
};

constexpr Harmless kHarmless[] = {
    {".tools[].strict = 1", "said not to be strict, which is what it is without a word"},
    {".tool_choice.mode = 1", "as the model likes, which is what it is without a word"},
    {".choices = \"1\"", "one answer, which is what it is without a word"},
    {".reasoning.include_encrypted", "asks for what only the own provider could use"},
    {".reasoning.summary", "thoughts are asked for where the upstream tells them when asked"},
    {".reasoning.mode", "models are not known by these names here: levels stand for numbers"},
    {".reasoning.budget", "models are not known by these names here: levels stand for numbers"},
    {".identity.session", "a hint for caches"},
    {".cache", "a hint for caches"},
    {".messages[].parts[].cache", "a hint for caches"},
    {".messages[].parts[].seal", "for the provider alone that made it"},
    {".messages[].parts[].reasoning", "goes back where it is sealed, or where it is asked for"},
    {".messages[].parts[].kind = 2", "a part of reasoning"},
    {".messages[].parts[].server_item", "told in one line, and named"},
    {".messages[].parts[].tool_call.name", "with its name space, which is put before it"},
    {".messages[].parts[].tool_result.name", "with its name space, which is put before it"},
    {".messages[].parts[].tool_result.is_error = 1", "said to be none"},
    {".messages[].parts[].tool_result.parts[]", "moved behind it, and named so"},
    {".messages[].role = 4", "a turn of nothing but reasoning"},
    {".instructions[].role", "developers speak as the system where there are none"},
    {".tools[].schema", "weakened, see Schema.OnlyWeakens"},
    {".tools[].output_schema", "a hint for the model"},
    {".tools[].server.user_location", "this search knows no places"},
    {".context_management", "named by its whole name"},
    {".prompt_template", "refused or named by its whole name"},
};

bool is_harmless(const std::string& statement) {
    return std::any_of(std::begin(kHarmless), std::end(kHarmless), [&](const Harmless& each) {
        return statement.starts_with(each.statement);
    });
}

class Requests : public testing::TestWithParam<std::string> {
protected:
    void SetUp() override {
        if (corpus().empty()) GTEST_SKIP() << "no corpus";
    }
};

// Encoding what was decoded from an encoding changes nothing any more, not a byte.
TEST_P(Requests, ReachAFixpointInTheirOwnDialect) {
    const Dialect& own = dialect(GetParam());
    int seen = 0;
    for (const Recorded& r : corpus()) {
        if (r.wire != GetParam() || !is_generate(r)) continue;
        SCOPED_TRACE(r.id);
        Decoded first;
        Encoded once;
        try {
            first = own.decode_request(request_of(r));
            once = own.encode_request(*first.request, name_of(first));
        } catch (const Refused& refused) {
            EXPECT_FALSE(refused.param.empty() && refused.code.empty()) << refused.what();
            continue;
        }
        const Decoded second = own.decode_request(sent(GetParam(), once));
        const Encoded twice = own.encode_request(*second.request, name_of(second));
        EXPECT_EQ(once.body, twice.body);
        for (const std::string& lost :
             without(statements(*first.request), statements(*second.request))) {
            EXPECT_TRUE(is_named(kind_of(lost), once.warnings) || is_harmless(lost)) << lost << '\n'
                                                                                     << once.body;
        }
        EXPECT_NO_THROW(boost::json::parse(once.body)) << once.body.substr(0, 300);
        ++seen;
    }
    std::cout << GetParam() << ": " << seen << " recorded requests\n";
}

TEST_P(Requests, CrossToEveryOtherDialect) {
    const Dialect& own = dialect(GetParam());
    for (const std::string& id : kDialects) {
        if (id == GetParam()) continue;
        const std::set<std::string> known_losses = given_up(GetParam(), id);
        std::map<std::string, int> refusals;
        int crossed = 0;
        for (const Recorded& r : corpus()) {
            if (r.wire != GetParam() || !is_generate(r)) continue;
            SCOPED_TRACE(r.id + " -> " + id);
            try {
                const Decoded decoded = own.decode_request(request_of(r));
                const Encoded encoded =
                    dialect(id).encode_request(*decoded.request, name_of(decoded));
                EXPECT_NO_THROW(boost::json::parse(encoded.body)) << encoded.body.substr(0, 300);
                // What was written can be read by whoever owns the dialect.
                const Decoded read = dialect(id).decode_request(sent(id, encoded));
                for (const std::string& lost :
                     without(statements(*decoded.request), statements(*read.request))) {
                    const std::string kind = kind_of(lost);
                    EXPECT_TRUE(known_losses.contains(kind) || is_named(kind, encoded.warnings) ||
                                is_harmless(lost))
                        << lost << '\n'
                        << testing::PrintToString(encoded.warnings);
                }
                const Encoded again =
                    dialect(id).encode_request(*decoded.request, name_of(decoded));
                EXPECT_EQ(encoded.body, again.body);
                ++crossed;
            } catch (const Refused& refused) {
                EXPECT_TRUE(refused.error_class == PARLEY_E_UNSUPPORTED ||
                            refused.error_class == PARLEY_E_INVALID_ARGUMENT)
                    << refused.what();
                EXPECT_FALSE(std::string(refused.what()).empty());
                ++refusals[refused.what()];
            }
        }
        std::cout << GetParam() << " -> " << id << ": " << crossed << " crossed";
        for (const auto& [why, count] : refusals) std::cout << "\n  " << count << " x " << why;
        std::cout << '\n';
    }
}

INSTANTIATE_TEST_SUITE_P(Of, Requests, testing::ValuesIn(kDialects), [](const auto& dialect_id) {
    std::string name = dialect_id.param;
    std::replace(name.begin(), name.end(), '-', '_');
    return name;
});

}  // namespace

}  // namespace parley::codec
