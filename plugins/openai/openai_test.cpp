// Each folder in cases/ is a test; the first word of its name says of what.
//
//   peek-*    request.http in; peek.txt is what routing learns, sent.http what goes upstream
//   tap-*     reply.http in; tap.txt is what the tap sees, and when
//   error-*   reply.http in; told.txt is what is understood
//
// A head of one line for the path (or the status) and one for each header stands before the body,
// which is taken byte for byte. UPDATE_CASES=1 writes anew what comes out.
#include "openai_test.hpp"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

namespace parley::openai {

namespace {

const std::filesystem::path kCases = "cases";

std::string read_file(const std::filesystem::path& path) {
    std::ostringstream text;
    text << std::ifstream(path, std::ios::binary).rdbuf();
    return text.str();
}

// Head and body of an input.
struct Message {
    std::string first;
    std::vector<std::pair<std::string, std::string>> headers;
    std::string body;

    explicit Message(const std::string& text) {
        const std::size_t end = text.find("\n\n");
        std::istringstream head(text.substr(0, end));
        std::getline(head, first);
        for (std::string line; std::getline(head, line);) {
            const std::size_t colon = line.find(": ");
            headers.emplace_back(line.substr(0, colon), line.substr(colon + 2));
        }
        body = end == text.npos ? "" : text.substr(end + 2);
    }

    std::string header(std::string_view name) const {
        for (const auto& [each, value] : headers) {
            if (each == name) return value;
        }
        return {};
    }
};

std::vector<std::string> cases_of(const std::string& subject) {
    std::vector<std::string> names;
    for (const auto& entry : std::filesystem::directory_iterator(kCases)) {
        const std::string name = entry.path().filename();
        if (name.starts_with(subject + "-")) names.push_back(name.substr(subject.size() + 1));
    }
    std::sort(names.begin(), names.end());
    return names;
}

std::string test_name(const testing::TestParamInfo<std::string>& each) {
    std::string name = each.param;
    std::replace(name.begin(), name.end(), '-', '_');
    return name;
}

class Case : public testing::TestWithParam<std::string> {
protected:
    explicit Case(const std::string& subject) : folder_(kCases / (subject + "-" + GetParam())) {}

    Message input(const char* file) const { return Message(read_file(folder_ / file)); }

    void expect(const char* file, const std::string& got) const {
        if (std::getenv("UPDATE_CASES") != nullptr) std::ofstream(folder_ / file) << got;
        EXPECT_EQ(got, read_file(folder_ / file)) << folder_ / file;
    }

private:
    std::filesystem::path folder_;
};

std::string error_line(int error_class,
                       std::string_view code,
                       std::string_view param,
                       std::string_view message) {
    std::string line = "error: class " + std::to_string(error_class);
    line += ", code \"" + std::string(code) + "\", param \"" + std::string(param) + "\": ";
    return line + std::string(message) + "\n";
}

// ---- peek ----

struct PeekCase : Case {
    PeekCase() : Case("peek") {}
};

INSTANTIATE_TEST_SUITE_P(cases, PeekCase, testing::ValuesIn(cases_of("peek")), test_name);

TEST_P(PeekCase, LearnsAndChangesWhatItShould) {
    const Message message = input("request.http");
    Request request(message.first, message.header("content-type"), message.body);
    if (request.peek() != PARLEY_OK) {
        const parley_error& e = request.error;
        expect("peek.txt", error_line(e.error_class, view(e.code), view(e.param), view(e.message)));
        return;
    }
    const auto yes = [](bool is) { return is ? "yes\n" : "no\n"; };
    const uint32_t flags = request.peeked.flags;
    std::string learnt = "model: " + request.model();
    learnt += "\nsession key: " + std::string(view(request.peeked.session_key));
    learnt += std::string("\nstream: ") + yes((flags & PARLEY_PEEK_STREAM) != 0);
    learnt += std::string("wants usage: ") + yes((flags & PARLEY_PEEK_WANTS_USAGE) != 0);
    expect("peek.txt", learnt);

    // For the model that was asked for, nothing changes.
    EXPECT_EQ(request.retarget(request.model()), message.body);
    EXPECT_EQ(request.changes.edit_count, 0u);
    const auto sent = request.retarget("other/model-1", PARLEY_RETARGET_ADD_USAGE);
    if (!sent) {
        const parley_error& e = request.error;
        expect("sent.http",
               error_line(e.error_class, view(e.code), view(e.param), view(e.message)));
        return;
    }
    const bool added = (request.changes.flags & PARLEY_RETARGET_USAGE_ADDED) != 0;
    expect("sent.http", std::string("usage added: ") + yes(added) + "\n" + *sent);
    Request again(message.first, message.header("content-type"), *sent);
    ASSERT_EQ(again.peek(), PARLEY_OK) << again.message();
    EXPECT_EQ(again.model(), "other/model-1");
}

// ---- taps ----

struct TapCase : Case {
    TapCase() : Case("tap"), reply(input("reply.http")) {
        kind = {reply.first, reply.header("content-type"), reply.header("usage-added") == "yes"};
    }

    std::string_view body() const { return reply.body; }

    Outcome watch_first(std::size_t size) const { return watch(kind, {body().substr(0, size)}); }

    Message reply;
    ReplyKind kind;
};

INSTANTIATE_TEST_SUITE_P(cases, TapCase, testing::ValuesIn(cases_of("tap")), test_name);

std::string usage_line(const std::vector<uint64_t>& usage) {
    constexpr const char* kNames[] = {"input", "cache read", "cache write", "output", "reasoning"};
    std::string line;
    for (std::size_t i = 0; i < std::size(kNames); ++i) {
        if ((usage[0] >> i & 1) == 0) continue;
        line += (line.empty() ? "" : ", ") + std::string(kNames[i]) + " " +
                std::to_string(usage[i + 1]);
    }
    return "usage: " + (line.empty() ? "not told" : line) + "\n";
}

// The first byte of a reply that comes byte by byte from which the state is at least so far.
std::string since(const TapCase& each, uint32_t state) {
    Watched watched(each.kind);
    for (std::size_t i = 0; i < each.body().size(); ++i) {
        if (!watched.feed(each.body().substr(i, 1), false)) break;
        if (watched.seen().state >= state) return "byte " + std::to_string(i + 1);
    }
    return "never";
}

// The shortest start of the reply that counts as a complete one when nothing more comes.
std::string complete_with(const TapCase& each) {
    for (std::size_t size = 0; size <= each.body().size(); ++size) {
        if (each.watch_first(size).complete()) return "byte " + std::to_string(size);
    }
    return "never";
}

TEST_P(TapCase, SeesWhatItShould) {
    constexpr const char* kStates[] = {"", "open", "content", "complete", "failed"};
    const Outcome seen = watch(kind, {body()});
    std::string text = "state: " + std::string(kStates[seen.state]) + "\n";
    if (seen.status != PARLEY_OK)
        text = "refused after " + std::to_string(seen.taken.size()) + "\n";
    text += "bytes: " + std::to_string(body().size()) + "\n";
    text += "content since: " + since(*this, PARLEY_TAP_CONTENT) + "\n";
    text += "decided since: " + since(*this, PARLEY_TAP_COMPLETE) + "\n";
    text += "complete with: " + complete_with(*this) + "\n";
    text += usage_line(seen.usage);
    const std::size_t cut = seen.taken.size() - seen.client.size();
    if (cut != 0) text += "cut: " + std::to_string(cut) + " bytes\n";
    if (seen.error_class != 0) {
        text += error_line(seen.error_class, seen.error_code, "", seen.error_message);
    }
    expect("tap.txt", text);
}

void expect_same(const Outcome& got, const Outcome& wanted, std::size_t at) {
    ASSERT_EQ(got.status, wanted.status) << at;
    ASSERT_EQ(got.error_class, wanted.error_class) << at;
    ASSERT_EQ(got.error_message, wanted.error_message) << at;
    // Of what is refused, more or less may have been taken before.
    ASSERT_TRUE(wanted.status != PARLEY_OK || got == wanted) << at << ": " << got << "\n" << wanted;
}

TEST_P(TapCase, SeesTheSameHoweverCut) {
    const Outcome wanted = watch(kind, {body()});
    std::vector<std::string_view> bytes;
    for (std::size_t i = 0; i <= body().size(); ++i) {
        expect_same(watch(kind, {body().substr(0, i), body().substr(i)}), wanted, i);
        if (i < body().size()) bytes.push_back(body().substr(i, 1));
    }
    expect_same(watch(kind, bytes), wanted, body().size());
    expect_same(watch(kind, bytes, true), wanted, body().size());
    expect_same(watch(kind, {body()}, true), wanted, body().size());
}

// All is passed on that is not cut out, and nothing else.
TEST_P(TapCase, TakesAllBytes) {
    const Outcome seen = watch(kind, {body()});
    if (seen.status != PARLEY_OK) {
        EXPECT_TRUE(body().starts_with(seen.taken));
        return;
    }
    EXPECT_EQ(seen.taken, body());
    EXPECT_TRUE(kind.usage_added || seen.client == body());
}

// The promise: a cut stream is no success.
TEST_P(TapCase, IsNotCompleteBeforeItsEnd) {
    if (kind.content_type != "text/event-stream") return;
    const std::string from = complete_with(*this);
    const std::size_t end = from == "never" ? SIZE_MAX : std::stoul(from.substr(5));
    for (const std::size_t size : event_ends(body())) {
        const Outcome seen = watch_first(size);
        EXPECT_EQ(seen.complete(), size >= end && seen.state != PARLEY_TAP_FAILED) << size;
    }
}

// ---- errors ----

struct ErrorCase : Case {
    ErrorCase() : Case("error") {}
};

INSTANTIATE_TEST_SUITE_P(cases, ErrorCase, testing::ValuesIn(cases_of("error")), test_name);

TEST_P(ErrorCase, IsUnderstood) {
    const Message reply = input("reply.http");
    const TestArena arena;
    std::vector<parley_header> headers;
    for (const auto& [name, value] : reply.headers) headers.push_back({str(name), str(value), 0});
    const std::string content_type = reply.header("content-type");
    auto head = sized<parley_http_reply_head>();
    head.status = static_cast<uint32_t>(std::stoul(reply.first));
    head.headers = headers.data();
    head.header_count = headers.size();
    head.content_type = str(content_type);
    const auto read = [&](std::string_view body) {
        const Dialect& chat = dialect_of("/v1/chat/completions");
        parley_error told = cleared(arena);
        const auto bytes = sdk::bytes(body);
        EXPECT_EQ(chat.table().decode_error(chat.self, &head, bytes, arena.border(), &told), 0);
        return told;
    };
    const parley_error told = read(reply.body);
    EXPECT_EQ(told.fault, static_cast<uint32_t>(PARLEY_FAULT_UPSTREAM));
    EXPECT_EQ(told.http_status, head.status);
    expect("told.txt",
           error_line(told.error_class, view(told.code), view(told.param), view(told.message)) +
               "retry after: " + std::to_string(told.retry_after_ms) + " ms\n");
    // However much of the body is missing, something is told and nothing else is touched.
    for (std::size_t size = 0; size < reply.body.size(); ++size) {
        const auto copy = std::make_unique<char[]>(size);
        reply.body.copy(copy.get(), size);
        EXPECT_NE(read({copy.get(), size}).message.len, 0u) << size;
    }
}

}  // namespace

}  // namespace parley::openai
