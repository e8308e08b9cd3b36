// Each folder in cases/ is a test: what answers request.json is to be reply.http. Its first word
// names the route. UPDATE_CASES=1 writes the replies anew.
#include <cstdlib>
#include <deque>
#include <filesystem>
#include <fstream>
#include <sstream>

#include <gtest/gtest.h>

#include "parley/sdk/json.hpp"
#include "provider.hpp"

extern "C" const parley_entry parley_plugin_v0;

namespace parley::example {

namespace {

using sdk::str;
using sdk::view;

const std::filesystem::path kCases = "cases";

std::string read_file(const std::filesystem::path& path) {
    std::ostringstream text;
    text << std::ifstream(path).rdbuf();
    return text.str();
}

// A host that fits a screen: it calls the plugin through the C tables, as the real one does.
class Host {
public:
    explicit Host(const std::string& settings) {
        error_.struct_size = sizeof(error_);
        error_.arena = &arena_;
        EXPECT_EQ(component_.create(nullptr, &instance_, &error_), PARLEY_OK);
        configured = component_.configure(instance_, str(settings), &error_) == PARLEY_OK;
    }

    ~Host() { component_.destroy(instance_); }

    Host(const Host&) = delete;
    Host& operator=(const Host&) = delete;

    std::string message() const { return std::string(view(error_.message)); }

    // Steps until the end, or `steps_max` times, and writes down what happens.
    std::string talk(const std::string& path, const std::string& body, int steps_max = 10000) {
        const std::string model = text_of(Object(body)["model"]);
        parley_plan_ask ask{};
        ask.struct_size = sizeof(ask);
        ask.model = str(model);
        ask.path = str(path);
        parley_plan plan{};
        EXPECT_EQ(table_.plan(instance_, &ask, &arena_, &plan, &error_), PARLEY_OK);
        EXPECT_EQ(plan.flags, PARLEY_PLAN_ANSWER);
        parley_session* session = nullptr;
        const auto bytes = sdk::bytes(body);
        EXPECT_EQ(table_.answer_open(instance_, &ask, bytes, &session, &error_), PARLEY_OK);
        std::string seen;
        while (steps_max-- > 0 && step(session, seen)) continue;
        table_.answer_close(session);
        return seen;
    }

    bool configured = false;

private:
    // False at the end.
    bool step(parley_session* session, std::string& seen) {
        parley_answer answer{};
        answer.struct_size = sizeof(answer);
        std::string written;
        const parley_out out{sizeof(out), 0, &written, append, append};
        const parley_status status = table_.answer_step(session, &answer, &out);
        if (seen.empty()) seen = head(answer);
        seen += written;
        const bool forever = answer.wait_ms == UINT64_MAX;
        if (status == PARLEY_CLOSED) seen += "\n(cut)\n";
        if (status == PARLEY_AGAIN && forever) seen += "\n(silence)\n";
        if (status == PARLEY_AGAIN && !forever) {
            seen += "(" + std::to_string(answer.wait_ms) + " ms)\n";
        }
        return status == PARLEY_OK || (status == PARLEY_AGAIN && !forever);
    }

    static std::string head(const parley_answer& answer) {
        std::string all = "HTTP/1.1 " + std::to_string(answer.status) + "\ncontent-type: ";
        all += view(answer.content_type);
        for (uint64_t i = 0; i < answer.header_count; ++i) {
            all += "\n" + std::string(view(answer.headers[i].name)) + ": ";
            all += view(answer.headers[i].value);
        }
        return all + "\n\n";
    }

    static parley_status append(const parley_out* out, parley_bytes bytes) {
        static_cast<std::string*>(out->ctx)->append(view(bytes));
        return PARLEY_OK;
    }

    static void* alloc(const parley_arena* arena, uint64_t size, uint64_t) {
        return static_cast<std::deque<std::string>*>(arena->ctx)->emplace_back(size, '\0').data();
    }

    std::deque<std::string> memory_;
    parley_arena arena_{sizeof(arena_), 0, &memory_, alloc};
    parley_error error_{};
    const parley_component& component_ = *parley_plugin_v0.component(0);
    const parley_provider& table_ = *static_cast<const parley_provider*>(component_.table);
    parley_instance* instance_ = nullptr;
};

constexpr const char* kSettings = R"({"script":"example.script"})";

std::string path_of(const std::string& name) {
    const std::string route = name.substr(0, name.find('-'));
    return "/v1/" + (route == "chat" ? "chat/completions" : route);
}

std::vector<std::string> case_names() {
    std::vector<std::string> names;
    for (const auto& entry : std::filesystem::directory_iterator(kCases)) {
        names.push_back(entry.path().filename());
    }
    return names;
}

class Case : public testing::TestWithParam<std::string> {
protected:
    std::string talk(Host& host, int steps_max = 10000) const {
        return host.talk(path_of(GetParam()), request_, steps_max);
    }

    const std::filesystem::path folder_ = kCases / GetParam();
    const std::string request_ = read_file(folder_ / "request.json");
};

INSTANTIATE_TEST_SUITE_P(cases, Case, testing::ValuesIn(case_names()), [](const auto& each) {
    std::string name = each.param;
    std::replace(name.begin(), name.end(), '-', '_');
    return name;
});

TEST_P(Case, IsAnswered) {
    Host host(kSettings);
    const std::string reply = talk(host);
    if (secure_getenv("UPDATE_CASES") != nullptr) std::ofstream(folder_ / "reply.http") << reply;
    EXPECT_EQ(reply, read_file(folder_ / "reply.http"));
}

// What begins like JSON is JSON, on one line: in a stream the next line would be lost.
TEST_P(Case, WritesWholeLinesOfJson) {
    if (GetParam() == "chat-cut") return;
    Host host(kSettings);
    std::istringstream lines(talk(host));
    for (std::string line; std::getline(lines, line);) {
        if (line.starts_with("data: ")) line.erase(0, 6);
        sdk::JsonReader json(line);
        EXPECT_TRUE(json.peek() != '{' || (json.skip() && json.at_end())) << line;
    }
}

// Whoever closes early leaves nothing behind: the address sanitizer sees to that.
TEST_P(Case, CanBeClosedAfterAnyStep) {
    Host host(kSettings);
    const std::string whole = talk(host);
    std::string part;
    for (int steps = 0; part != whole; ++steps) {
        const std::size_t size = part.size();
        part = talk(host, steps);
        ASSERT_TRUE(whole.starts_with(part) && part.size() >= size) << steps;
    }
}

TEST(Settings, ChangeTheStepsAndNotTheBytes) {
    const std::string request = read_file(kCases / "chat-stream" / "request.json");
    const std::string path = "/v1/chat/completions";
    const std::string whole = Host("{}").talk(path, request);
    EXPECT_EQ(Host(R"({"events_per_step":7})").talk(path, request), whole);
    std::string slow = Host(R"({"pace_ms":30,"events_per_step":1})").talk(path, request);
    for (std::size_t at = 0; (at = slow.find("(30 ms)\n")) != slow.npos;) slow.erase(at, 8);
    EXPECT_EQ(slow, whole);
}

TEST(Settings, NameAScriptThatExists) {
    Host host(R"({"script":"missing.script"})");
    EXPECT_FALSE(host.configured);
    EXPECT_EQ(host.message(), "script: \"missing.script\" cannot be read");
}

TEST(Script, StandsInTheReadme) {
    EXPECT_NE(read_file("README.md").find(read_file("example.script")), std::string::npos);
}

TEST(Script, NamesTheLineAtFault) {
    const auto fault = [](const std::string& text) {
        try {
            std::istringstream in(text);
            Script(in, "s");
        } catch (const sdk::Failure& failure) {
            return failure.message;
        }
        return std::string();
    };
    EXPECT_EQ(fault(""), "");
    EXPECT_EQ(fault("# nothing\r\n\r\nwhen\r\nsay\r\n"), "");
    EXPECT_EQ(fault("say hello"), "script: s:1: say: a line with when was expected before it");
    EXPECT_EQ(fault("when a\n\nsing b"), "script: s:3: sing: when, say or call was expected");
    const std::string call = ": call: a tool and a JSON object were expected";
    EXPECT_EQ(fault("when a\ncall f [1]"), "script: s:2" + call);
    EXPECT_EQ(fault("when a\nsay b\ncall f {\"a\":}"), "script: s:3" + call);
    EXPECT_EQ(fault("when a\ncall f"), "script: s:2" + call);
}

}  // namespace

}  // namespace parley::example
