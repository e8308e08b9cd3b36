#include "support/conversation.hpp"

#include "parley/sdk/json.hpp"

namespace parley::support {

namespace {

constexpr std::size_t kLarge = 16 * 1024;  // from here on an agent brings all its tools

constexpr std::string_view kSchema =
    R"({"type":"object","properties":{)"
    R"("path":{"type":"string","description":"Absolute path of the file"},)"
    R"("offset":{"type":"integer","minimum":0},"lines":{"type":"array","items":)"
    R"({"type":"integer"}},"mode":{"enum":["text","raw"]}},"required":["path"]})";

void add_tool(sdk::JsonWriter& w, const std::string& name, std::string_view what) {
    w.begin_object().key("type").string("function").key("function").begin_object();
    w.key("name").string(name).key("description").string(what);
    w.key("parameters").raw(kSchema);
    w.end_object().end_object();
}

void add_tools(sdk::JsonWriter& w, bool is_large) {
    w.key("tools").begin_array();
    add_tool(w, "read", "Reads a file.");
    for (int i = 0; is_large && i < 12; ++i) {
        add_tool(w,
                 "tool_" + std::to_string(i),
                 "Does one thing and says what came of it.\nUse it when the \"user\" asks for that "
                 "one thing, never to guess; the answer is text, na\xc3\xafve or not, of at most "
                 "2000 lines.");
    }
    w.end_array();
}

void add_turn(sdk::JsonWriter& w, const std::string& id, std::size_t result_bytes) {
    constexpr std::string_view kLine =
        "    if (const auto n = buffer.size(); n > 0) { out.write(\"data: \", n); }\n";
    std::string result;
    while (result.size() + kLine.size() <= result_bytes) result += kLine;
    w.begin_object().key("role").string("assistant").key("content").string("I shall look.");
    w.key("tool_calls").begin_array().begin_object();
    w.key("id").string(id).key("type").string("function").key("function").begin_object();
    w.key("name").string("read");
    w.key("arguments").string(R"({"path":"/src/relay.cpp","offset":120,"mode":"text"})");
    w.end_object().end_object().end_array().end_object();
    w.begin_object().key("role").string("tool").key("tool_call_id").string(id);
    w.key("content").string(result).end_object();
}

}  // namespace

std::string agent_request(std::size_t bytes) {
    const bool is_large = bytes >= kLarge;
    const std::size_t result_bytes = is_large ? 2000 : 100;
    std::string body;
    sdk::JsonWriter w(body);
    w.begin_object().key("model").string("bench").key("stream").boolean(true);
    w.key("max_tokens").number(1024);
    add_tools(w, is_large);
    w.key("messages").begin_array();
    w.begin_object().key("role").string("system").key("content");
    w.string(is_large ? std::string(4000, 'a') : std::string("You are terse.")).end_object();
    w.begin_object().key("role").string("user").key("content");
    w.string("Why is `write_some` called twice for one wake-up?").end_object();
    for (int turn = 0; turn == 0 || body.size() + result_bytes + 400 < bytes; ++turn) {
        add_turn(w, "call_" + std::to_string(turn), result_bytes);
    }
    w.end_array().end_object();
    return body;
}

}  // namespace parley::support
