// blocks.cpp: the content blocks of a reply, one part each.
#include <vector>

#include "decoder.hpp"
#include "json_text.hpp"

namespace parley::claude {

using sdk::JsonReader;
using sdk::JsonString;
using sdk::str;

namespace {

// What an item is in the words that all dialects share.
std::string item_tool(std::string_view type, Members& members) {
    constexpr std::string_view kResult = "_tool_result";
    if (type == "server_tool_use") return members.text("name");
    if (type == "mcp_tool_use" || type == "mcp_tool_result") return "mcp";
    if (type.ends_with(kResult)) type.remove_suffix(kResult.size());
    return std::string(type);
}

std::string item_extra(std::string_view raw) {
    std::string extra;
    sdk::JsonWriter w(extra);
    w.begin_object().key("dialect").string(kDialect).key("raw").raw(raw).end_object();
    return extra;
}

}  // namespace

Decoder::Block* Decoder::find(uint64_t index) {
    for (auto it = blocks_.rbegin(); it != blocks_.rend(); ++it) {
        if (it->index == index) return &*it;
    }
    return nullptr;
}

// Some servers leave stops out: what begins ends the blocks before it, but for calls, whose
// arguments may still come.
void Decoder::start_block(uint64_t index, std::string_view json) {
    Members members(json);
    const std::string type = members.text("type");
    if (type.empty()) {
        garbage("a block without a type");
        return;
    }
    if (!emitter_.started()) emitter_.start({});
    for (Block* open : std::vector<Block*>(open_)) {
        const bool call = open->kind == Kind::call || open->kind == Kind::custom;
        if (!call || open->index == index) stop(*open);
    }
    end_stopped();
    Block& block = blocks_.emplace_back();
    block.index = index;
    block.key = blocks_.size();
    open_.push_back(&block);
    if (type == "text") {
        start_text(block, json);
    } else if (type == "thinking" || type == "redacted_thinking") {
        start_reasoning(block, json);
    } else if (type == "tool_use") {
        start_call(block, json);
    } else {
        start_item(block, json, type);
    }
}

void Decoder::start_text(Block& block, std::string_view json) {
    Members members(json);
    emitter_.open(block.key, PARLEY_PART_TEXT);
    emitter_.text(block.key, members.text("text"));
    const std::string_view citations = members.take("citations");
    JsonReader r(citations);
    if (citations.empty() || r.peek() != '[' || !r.enter_array()) return;
    while (r.next_item()) citation(block, r.raw());
}

void Decoder::start_reasoning(Block& block, std::string_view json) {
    Members members(json);
    block.kind = Kind::reasoning;
    emitter_.open(block.key, PARLEY_PART_REASONING);
    const std::string data = members.text("data");
    block.seal_scheme = data.empty() ? PARLEY_SEAL_SIGNATURE : PARLEY_SEAL_REDACTED;
    block.seal = data.empty() ? members.text("signature") : data;
    emitter_.reasoning(block.key, members.text("thinking"), false);
}

void Decoder::start_call(Block& block, std::string_view json) {
    Members members(json);
    const std::string name = members.text("name");
    const std::string_view first = members.take("input");
    const sdk::ToolNames::Tool* tool = names_.find(name);
    if (first.size() > 2) block.raw = compact(first);
    if (schema_as_tool_ && tool == nullptr && name == kSchemaTool) {
        block.kind = Kind::schema;
        emitter_.open(block.key, PARLEY_PART_TEXT);
        return;
    }
    if (name.empty()) {
        block.kind = Kind::dropped;
        emitter_.warn(PARLEY_WARNING_TOOL_CALL_DROPPED);
        return;
    }
    std::string id = members.text("id");
    if (id.empty() || call_ids_.contains(id)) id = sdk::made_call_id(id_, block.key, name);
    call_ids_.insert(id);
    const bool custom = tool != nullptr && tool->is_custom;
    block.kind = custom ? Kind::custom : Kind::call;
    std::string extra;
    sdk::JsonWriter w(extra);
    w.begin_object();
    if (tool != nullptr && !tool->name_space.empty()) w.key("name_space").string(tool->name_space);
    const std::string_view caller = members.take("caller");
    if (!caller.empty()) w.key("caller").raw(compact(caller));
    w.end_object();
    if (extra.size() == 2) extra.clear();
    const uint32_t kind = custom ? PARLEY_TOOL_CALL_CUSTOM : PARLEY_TOOL_CALL_FUNCTION;
    emitter_.call(block.key,
                  {id, tool == nullptr ? std::string_view(name) : tool->name, kind, extra});
}

void Decoder::start_item(Block& block, std::string_view json, std::string_view type) {
    Members members(json);
    block.kind = Kind::item;
    block.raw = compact(json);
    const std::string tool = item_tool(type, members);
    std::string id = members.text("id");
    if (id.empty()) id = members.text("tool_use_id");
    emitter_.item(block.key, {id, tool, item_extra(block.raw)});
}

// A block that was never started starts with its first delta, if that says enough.
Decoder::Block* Decoder::block_for(uint64_t index, std::string_view delta_type) {
    Block* known = find(index);
    if (known != nullptr && known->stopped) {
        garbage("more of a block behind its end");
        return nullptr;
    }
    if (known != nullptr) return known;
    if (delta_type == "text_delta" || delta_type == "citations_delta") {
        start_block(index, R"({"type":"text"})");
    } else if (delta_type == "thinking_delta" || delta_type == "signature_delta") {
        start_block(index, R"({"type":"thinking"})");
    } else if (delta_type == "input_json_delta") {
        start_block(index, R"({"type":"tool_use"})");
    }
    return find(index);
}

void Decoder::delta(uint64_t index, std::string_view json) {
    JsonReader r(json);
    JsonString key;
    JsonString type;
    JsonString text;
    std::string_view source;
    if (json.empty() || r.peek() != '{') {
        garbage("a delta is not a JSON object");
        return;
    }
    r.enter_object();
    while (r.next_key(key)) {
        const bool is_text = key.raw == "text" || key.raw == "partial_json" ||
                             key.raw == "thinking" || key.raw == "signature" ||
                             key.raw == "content";
        if (key.raw == "type" && r.peek() == '"') {
            r.read_string(type);
        } else if (is_text && r.peek() == '"') {
            r.read_string(text);
        } else if (key.raw == "citation") {
            source = r.raw();
        } else {
            r.skip();
        }
    }
    Block* block = block_for(index, type.raw);
    if (block == nullptr) return;
    end_stopped();
    if (type.raw == "citations_delta") {
        citation(*block, source);
    } else if (!add(*block, type.raw, plain(text))) {
        garbage("a delta that its block cannot have");
    }
}

// False when the block cannot have such a delta. Those of kinds that nobody knows are passed over.
bool Decoder::add(Block& block, std::string_view type, std::string_view text) {
    if (type == "text_delta") {
        if (block.kind != Kind::text) return false;
        emitter_.text(block.key, text);
    } else if (type == "thinking_delta") {
        if (block.kind != Kind::reasoning) return false;
        emitter_.reasoning(block.key, text, false);
    } else if (type == "signature_delta") {
        if (block.kind != Kind::reasoning) return false;
        block.seal = text;
    } else if (type == "input_json_delta") {
        if (block.kind == Kind::text || block.kind == Kind::reasoning) return false;
        input(block, text);
    } else if (type == "compaction_delta" && block.kind == Kind::item) {
        std::string quoted;
        sdk::json_quote(text, quoted);
        block.raw = with_member(block.raw, "content", quoted);
        block.has_input = true;
    }
    return true;
}

void Decoder::input(Block& block, std::string_view fragment) {
    if (fragment.empty()) return;
    block.has_input = true;
    const auto emit = [&](std::string_view text) { emitter_.arguments(block.key, text); };
    switch (block.kind) {
        case Kind::call:
            emit(fragment);
            break;
        case Kind::custom:
            block.custom.feed(fragment, emit);
            break;
        case Kind::schema:
            emitter_.text(block.key, fragment);
            break;
        case Kind::item:
            block.input += fragment;
            break;
        default:
            break;
    }
}

void Decoder::stop_block(uint64_t index) {
    Block* block = find(index);
    if (block == nullptr || block->stopped) return;
    end_stopped();
    stop(*block);
}

void Decoder::stop(Block& block) {
    settle(block);
    block.stopped = true;
    block.raw = block.input = {};
    std::erase(open_, &block);
    stopped_.push_back(block.key);
}

// The block has said everything; what was kept for its end is told.
void Decoder::settle(Block& block) {
    const bool call = block.kind == Kind::call || block.kind == Kind::custom;
    if (block.kind == Kind::reasoning) {
        emitter_.seal(block.key, block.seal_scheme, kFamily, block.seal);
    } else if (block.kind == Kind::item) {
        if (block.has_input) tell_item(block);
    } else if ((call || block.kind == Kind::schema) && !block.has_input) {
        input(block, block.raw);
    }
    if (block.kind != Kind::custom) return;
    block.custom.end([&](std::string_view text) { emitter_.arguments(block.key, text); });
}

void Decoder::tell_item(Block& block) {
    if (is_json(block.input)) {
        block.raw = with_member(block.raw, "input", compact(block.input));
    }
    const std::string extra = item_extra(block.raw);
    parley_event e = sdk::make_event(PARLEY_EVENT_SERVER_UPDATE);
    e.extra = str(extra);
    emitter_.say(block.key, e);
}

// Ends the parts of stopped blocks. It waits for what comes next: only the end of the reply tells
// that a limit cut the last one.
void Decoder::end_stopped() {
    for (const uint64_t key : stopped_) emitter_.end(key);
    stopped_.clear();
}

void Decoder::citation(Block& block, std::string_view json) {
    if (block.kind != Kind::text) return;
    Members m(json);
    const std::string type = m.text("type");
    std::string url = m.text("url");
    if (url.empty()) url = m.text("source");
    std::string title = m.text("title");
    if (title.empty()) title = m.text("document_title");
    std::string extra;
    sdk::JsonWriter w(extra);
    const auto place = [&](uint32_t unit, std::string_view start, std::string_view end) {
        w.key("source_unit").number(unit);
        w.key("source_start").number(static_cast<int64_t>(m.count(start)));
        w.key("source_end").number(static_cast<int64_t>(m.count(end)));
    };
    w.begin_object();
    w.key("kind").number(url.empty() ? PARLEY_CITATION_DOCUMENT : PARLEY_CITATION_URL);
    const std::string cited = m.text("cited_text");
    if (!cited.empty()) w.key("cited_text").string(cited);
    const std::string file = m.text("file_id");
    if (!file.empty()) w.key("file_id").string(file);
    if (m.has("document_index")) {
        w.key("document_index").number(static_cast<int64_t>(m.count("document_index")));
    }
    if (type == "char_location") {
        place(PARLEY_SOURCE_CHARS, "start_char_index", "end_char_index");
    } else if (type == "page_location") {
        place(PARLEY_SOURCE_PAGES, "start_page_number", "end_page_number");
    } else if (type == "content_block_location" || type == "search_result_location") {
        place(PARLEY_SOURCE_BLOCKS, "start_block_index", "end_block_index");
    }
    w.key("dialect").string(kDialect).key("raw").raw(compact(json)).end_object();
    parley_event e = sdk::make_event(PARLEY_EVENT_CITATION);
    e.text = str(url);
    e.name = str(title);
    e.extra = str(extra);
    emitter_.say(block.key, e);
}

}  // namespace parley::claude
