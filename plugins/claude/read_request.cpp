#include "read_request.hpp"

#include <string>
#include <utility>

#include "errors.hpp"
#include "parley/sdk/headers.hpp"
#include "peek.hpp"
#include "words.hpp"

namespace parley::claude {

using sdk::JsonReader;
using sdk::JsonString;
using sdk::make;
using sdk::Path;
using sdk::str;
using sdk::view;

namespace {

// Its first block differs from request to request; other upstreams would never find their cache.
constexpr std::string_view kBillingMark = "x-anthropic-billing-header:";

struct Effort {
    std::string_view word;
    uint32_t effort;
};

constexpr Effort kEfforts[] = {
    {"low", PARLEY_EFFORT_LOW},
    {"medium", PARLEY_EFFORT_MEDIUM},
    {"high", PARLEY_EFFORT_HIGH},
    {"xhigh", PARLEY_EFFORT_XHIGH},
    {"max", PARLEY_EFFORT_MAX},
};

class RequestReader {
public:
    RequestReader(const parley_call& call, sdk::Arena& arena)
        : call_(call),
          arena_(arena),
          draft_(arena, kDialect, call),
          r_(draft_.request),
          blocks_(draft_) {}

    const parley_request* read() {
        JsonReader r(view(call_.http->body));
        JsonString key;
        if (r.peek() != '{') invalid("", "body: a JSON object was expected");
        r.enter_object();
        sdk::JsonWriter rest(rest_);
        rest.begin_object();
        while (r.next_key(key)) {
            if (key.equals("messages")) {
                messages(r);
                continue;
            }
            const std::string name = key.text();
            const std::string_view value = r.raw();
            if (r.failed() || value == "null") continue;
            if (member(name, value)) continue;
            if (name == "thread" && value.starts_with('{')) refuse_thread();
            has_mcp_ = has_mcp_ || name == "mcp_servers";
            rest.key(name).raw(compact(value));
        }
        if (r.failed() || !r.at_end()) {
            invalid("", "body: malformed JSON at byte " + std::to_string(r.at()));
        }
        r_.dialect_version = str(sdk::header(*call_.http, "anthropic-version"));
        const std::string_view beta = sdk::header(*call_.http, "anthropic-beta");
        if (!beta.empty()) rest.key("anthropic-beta").string(beta);
        rest.end_object();
        if (rest_.size() > 2) draft_.extras(rest_);
        settle();
        return draft_.finish();
    }

private:
    // False for a member that nobody here knows.
    bool member(std::string_view name, std::string_view value) {
        JsonReader r(value);
        if (name == "model") {
            r_.model = sdk::read_text(arena_, r);
        } else if (name == "system") {
            system(value);
        } else if (name == "max_tokens") {
            r_.max_output_tokens = sdk::read_number(r);
        } else if (name == "stream") {
            if (value == "true") r_.flags |= PARLEY_REQUEST_STREAM;
        } else if (name == "tools") {
            read_tools(value, draft_, blocks_);
        } else if (name == "tool_choice") {
            read_tool_choice(value, draft_);
        } else if (name == "thinking") {
            return thinking(value);
        } else if (name == "output_config") {
            output_config(value);
        } else if (name == "output_format") {
            format(value);
        } else if (name == "metadata") {
            metadata(value);
        } else if (name == "service_tier") {
            tier(value);
        } else {
            return sampling(name, value);
        }
        return true;
    }

    bool sampling(std::string_view name, std::string_view value) {
        JsonReader r(value);
        if (name == "temperature") {
            draw().temperature = sdk::read_number(r);
        } else if (name == "top_p") {
            draw().top_p = sdk::read_number(r);
        } else if (name == "top_k") {
            draw().top_k = sdk::read_number(r);
        } else if (name == "stop_sequences" && value.front() == '[') {
            r.enter_array();
            while (r.next_item()) draft_.stop(sdk::read_text(arena_, r));
        } else if (name == "cache_control") {
            cache().mode = PARLEY_CACHE_MODE_AUTO;
            const uint32_t ttl = cache_ttl(value);
            if (ttl != PARLEY_CACHE_MARK) cache().ttl = ttl;
        } else {
            return false;
        }
        return true;
    }

    // ---- turns ----

    void messages(JsonReader& r) {
        const Path path("messages");
        if (r.peek() != '[') invalid("messages", "messages: a list was expected");
        r.enter_array();
        for (std::size_t i = 0; r.next_item(); ++i) message(r, path[i]);
    }

    void message(JsonReader& r, const Path& path) {
        if (r.peek() != '{') invalid(path.text(), path.text() + ": an object was expected");
        std::string role;
        BlockReader::Parts parts;
        sdk::ExtraMembers unknown;
        JsonString key;
        r.enter_object();
        while (r.next_key(key)) {
            if (key.equals("role") && r.peek() == '"') {
                JsonString word;
                if (r.read_string(word)) role = word.text();
            } else if (key.equals("content")) {
                parts = blocks_.content(r, path / "content");
            } else {
                unknown.keep(key, r);
            }
        }
        if (r.failed()) return;
        if (role == "assistant") {
            turn(PARLEY_ROLE_ASSISTANT, parts, path);
        } else if (role == "system") {
            turn(PARLEY_ROLE_SYSTEM, parts, path);
        } else if (role == "user") {
            user_turn(parts, path);
        } else {
            invalid((path / "role").text(), path.text() + ".role: user or assistant was expected");
        }
        if (!parts.empty()) draft_.turn_extras(unknown);
    }

    void turn(uint32_t role, const BlockReader::Parts& parts, const Path& path) {
        draft_.begin(role, path.text());
        for (const parley_part* part : parts) draft_.add(*part);
    }

    // Results of tools are a turn of their own, in front of what the user says.
    void user_turn(const BlockReader::Parts& parts, const Path& path) {
        BlockReader::Parts results;
        BlockReader::Parts said;
        for (const parley_part* part : parts) {
            (part->kind == PARLEY_PART_TOOL_RESULT ? results : said).push_back(part);
        }
        if (!results.empty()) turn(PARLEY_ROLE_TOOL, results, path);
        if (!said.empty()) turn(PARLEY_ROLE_USER, said, path);
    }

    void system(std::string_view json) {
        JsonReader r(json);
        bool first = true;
        for (const parley_part* part : blocks_.content(r, Path("system"))) {
            const bool billing =
                std::exchange(first, false) && view(part->text).starts_with(kBillingMark);
            if (billing) {
                std::string text;
                sdk::json_quote(view(part->text), text);
                draft_.extras("{\"billing_block\":" + text + "}");
                continue;
            }
            if (part->kind != PARLEY_PART_TEXT) continue;
            auto& text = make<parley_part>(arena_);
            text = *part;
            draft_.instruct(text, PARLEY_ROLE_SYSTEM);
        }
    }

    // ---- how to answer ----

    parley_sampling& draw() { return once(draw_, r_.sampling); }

    parley_cache& cache() { return once(cache_, r_.cache); }

    parley_reasoning_ask& reasoning() { return once(reasoning_, r_.reasoning); }

    parley_identity& identity() { return once(identity_, r_.identity); }

    template <class T>
    T& once(T*& mine, const T*& shown) {
        if (mine == nullptr) mine = &make<T>(arena_);
        shown = mine;
        return *mine;
    }

    bool thinking(std::string_view json) {
        Members m(json);
        const std::string type = m.text("type");
        if (type == "disabled") {
            reasoning().mode = PARLEY_THINK_OFF;
            return true;
        }
        if (type == "enabled") {
            reasoning().budget = m.number("budget_tokens");
            const bool told = reasoning().budget.text.len != 0;
            reasoning().mode = told ? PARLEY_THINK_BUDGET : PARLEY_THINK_AUTO;
        } else if (type == "adaptive") {
            reasoning().mode = PARLEY_THINK_AUTO;
        } else {
            return false;
        }
        const std::string display = m.text("display");
        if (display == "omitted") {
            reasoning().summary = PARLEY_SUMMARY_NONE;
        } else {
            r_.flags |= PARLEY_REQUEST_WANTS_REASONING;
            if (display == "summarized") reasoning().summary = PARLEY_SUMMARY_AUTO;
        }
        return true;
    }

    void output_config(std::string_view json) {
        Members m(json);
        const std::string word = m.text("effort");
        for (const Effort& each : kEfforts) {
            if (each.word == word) reasoning().effort = each.effort;
        }
        const std::string_view wanted = m.take("format");
        if (!wanted.empty()) format(wanted);
        const std::string rest = m.rest();
        if (!rest.empty()) draft_.extras("{\"output_config\":" + rest + "}");
    }

    void format(std::string_view json) {
        Members m(json);
        const std::string_view schema = m.take("schema");
        if (schema.empty()) return;
        auto& format = make<parley_format>(arena_);
        format.kind = PARLEY_FORMAT_JSON_SCHEMA;
        format.name = m.text(arena_, "name");
        format.schema = arena_.copy(compact(schema));
        r_.format = &format;
    }

    void metadata(std::string_view json) {
        Members m(json);
        const parley_str user = m.text(arena_, "user_id");
        if (user.len != 0) identity().user = user;
        const std::string rest = m.rest();
        if (!rest.empty()) draft_.extras("{\"metadata\":" + rest + "}");
    }

    void tier(std::string_view json) {
        if (json == "\"auto\"") r_.service_tier = PARLEY_TIER_AUTO;
        if (json == "\"standard_only\"") r_.service_tier = PARLEY_TIER_DEFAULT;
    }

    // The rest of the talk is kept at the other end, where nobody but Anthropic keeps any. Clients
    // know the code and say all of it again.
    [[noreturn]] static void refuse_thread() {
        throw sdk::Failure(PARLEY_E_UNSUPPORTED,
                           "the model's place keeps no threads; send the whole conversation",
                           "thread",
                           std::string(kNoThreads));
    }

    // What several members decide together.
    void settle() {
        if (has_mcp_) mcp_tool();
        if (reasoning_ != nullptr && reasoning_->effort != 0) {
            const bool open = reasoning_->mode == 0 || reasoning_->mode == PARLEY_THINK_AUTO;
            if (open) reasoning_->mode = PARLEY_THINK_EFFORT;
        }
        if (cache_ == nullptr && blocks_.saw_mark()) cache().mode = PARLEY_CACHE_MODE_EXPLICIT;
        const std::string_view user =
            identity_ == nullptr ? std::string_view() : view(identity_->user);
        const parley_str session = session_of(*call_.http, user, arena_);
        if (session.len != 0) identity().session = session;
    }

    // Servers that are told apart from the tools are tools all the same to everybody else, who may
    // have to refuse them. It has no type of this wire, since it is not written as a tool here.
    void mcp_tool() {
        parley_tool& tool = draft_.tool(PARLEY_TOOL_SERVER, "mcp_servers");
        auto& server = make<parley_server_tool>(arena_);
        server.type = str("mcp");
        tool.server = &server;
    }

    const parley_call& call_;
    sdk::Arena& arena_;
    sdk::RequestDraft draft_;
    parley_request& r_;
    BlockReader blocks_;
    std::string rest_;
    bool has_mcp_ = false;
    parley_sampling* draw_ = nullptr;
    parley_cache* cache_ = nullptr;
    parley_reasoning_ask* reasoning_ = nullptr;
    parley_identity* identity_ = nullptr;
};

}  // namespace

const parley_request* read_request(const parley_call& call, sdk::Arena& arena) {
    return RequestReader(call, arena).read();
}

void keep_extras(sdk::Arena& arena,
                 std::string_view json,
                 const parley_extra* const*& extras,
                 uint64_t& count) {
    if (json.empty()) return;
    auto& extra = make<parley_extra>(arena);
    extra.dialect = str(kDialect);
    extra.json = arena.copy(json);
    extras = sdk::keep(arena, std::vector<const parley_extra*>{&extra});
    count = 1;
}

void invalid(const std::string& param, const std::string& what) {
    throw sdk::Failure(PARLEY_E_INVALID_ARGUMENT, what, param);
}

}  // namespace parley::claude
