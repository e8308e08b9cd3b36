// read_blocks.cpp: content blocks of a request, one part each.
#include "read_request.hpp"
#include "words.hpp"

namespace parley::claude {

using sdk::JsonReader;
using sdk::make;
using sdk::Path;
using sdk::str;
using sdk::view;

BlockReader::Parts BlockReader::content(JsonReader& r, const Path& path) {
    Parts parts;
    if (r.peek() == '"') {
        parts.push_back(&draft_.text_part(sdk::read_text(arena_, r), path.text()));
        return parts;
    }
    if (r.read_null()) return parts;
    if (r.peek() != '[') invalid(path.text(), path.text() + ": a text or a list was expected");
    r.enter_array();
    for (std::size_t i = 0; r.next_item(); ++i) {
        const std::string_view json = r.raw();
        if (r.failed()) break;
        parts.push_back(&block(json, path[i]));
    }
    return parts;
}

parley_part& BlockReader::block(std::string_view json, const Path& path) {
    Members members(json);
    const std::string type = members.text("type");
    if (type.empty()) invalid(path.text(), path.text() + ".type: a text was expected");
    parley_part& part = draft_.part(PARLEY_PART_TEXT, path.text());
    part.cache = cache_mark(members);
    if (type == "text") {
        text(part, members);
    } else if (type == "thinking" || type == "redacted_thinking") {
        reasoning(part, members);
    } else if (type == "tool_use") {
        tool_call(part, members);
    } else if (type == "tool_result") {
        tool_result(part, members, path);
    } else if (type == "image" || type == "document") {
        part.kind = type == "image" ? PARLEY_PART_IMAGE : PARLEY_PART_DOCUMENT;
        media(part, members, path);
    } else if (type == "search_result") {
        search_result(part, members, path);
    } else if (type == "tool_reference") {
        part.kind = PARLEY_PART_TOOL_REFERENCE;
        part.text = members.text(arena_, "tool_name");
    } else {
        item(part, json, type);
        return part;
    }
    keep_extras(arena_, members.rest(), part.extras, part.extra_count);
    return part;
}

uint32_t BlockReader::cache_mark(Members& members) {
    const std::string_view json = members.take("cache_control");
    if (json.empty()) return 0;
    saw_mark_ = true;
    return cache_ttl(json);
}

uint32_t cache_ttl(std::string_view json) {
    const std::string ttl = Members(json).text("ttl");
    if (ttl == "1h") return PARLEY_CACHE_1H;
    return ttl == "5m" ? PARLEY_CACHE_5M : PARLEY_CACHE_MARK;
}

void BlockReader::text(parley_part& part, Members& members) {
    part.text = members.text(arena_, "text");
    const std::string_view json = members.take("citations");
    JsonReader r(json);
    if (json.empty() || r.peek() != '[') return;
    std::vector<const parley_citation*> all;
    r.enter_array();
    while (r.next_item()) {
        auto& each = make<parley_citation>(arena_);
        citation(each, r.raw());
        all.push_back(&each);
    }
    part.citations = sdk::keep(arena_, all);
    part.citation_count = all.size();
}

void BlockReader::citation(parley_citation& c, std::string_view json) {
    Members m(json);
    const std::string type = m.text("type");
    c.url = m.text(arena_, m.has("url") ? "url" : "source");
    c.title = m.text(arena_, m.has("title") ? "title" : "document_title");
    c.cited_text = m.text(arena_, "cited_text");
    c.file_id = m.text(arena_, "file_id");
    c.document_index = m.count("document_index");
    c.kind = c.url.len == 0 ? PARLEY_CITATION_DOCUMENT : PARLEY_CITATION_URL;
    const auto place = [&](uint32_t unit, std::string_view start, std::string_view end) {
        c.source_unit = unit;
        c.source_start = m.count(start);
        c.source_end = m.count(end);
    };
    if (type == "char_location") {
        place(PARLEY_SOURCE_CHARS, "start_char_index", "end_char_index");
    } else if (type == "page_location") {
        place(PARLEY_SOURCE_PAGES, "start_page_number", "end_page_number");
    } else if (type == "content_block_location" || type == "search_result_location") {
        place(PARLEY_SOURCE_BLOCKS, "start_block_index", "end_block_index");
    }
    c.dialect = str(kDialect);
    c.raw = arena_.copy(compact(json));
}

const parley_seal* BlockReader::seal(uint32_t scheme, parley_str data) {
    if (data.len == 0) return nullptr;
    auto& seal = make<parley_seal>(arena_);
    const bool ours = view(data).starts_with(kEnvelopeMark);
    seal.scheme = scheme;
    seal.family = str(ours ? kEnvelopeFamily : kFamily);
    seal.data = data;
    return &seal;
}

void BlockReader::reasoning(parley_part& part, Members& members) {
    part.kind = PARLEY_PART_REASONING;
    auto& reasoning = make<parley_reasoning>(arena_);
    part.reasoning = &reasoning;
    const parley_str data = members.text(arena_, "data");
    if (data.len != 0) {
        reasoning.redacted = 1;
        part.seal = seal(PARLEY_SEAL_REDACTED, data);
        return;
    }
    part.seal = seal(PARLEY_SEAL_SIGNATURE, members.text(arena_, "signature"));
    const parley_str text = members.text(arena_, "thinking");
    if (text.len == 0) return;
    auto& section = make<parley_reasoning_section>(arena_);
    section.kind = PARLEY_REASONING_RAW;
    section.text = text;
    reasoning.sections = sdk::keep(arena_, std::vector<const parley_reasoning_section*>{&section});
    reasoning.section_count = 1;
}

void BlockReader::tool_call(parley_part& part, Members& members) {
    part.kind = PARLEY_PART_TOOL_CALL;
    auto& call = make<parley_tool_call>(arena_);
    part.tool_call = &call;
    call.kind = PARLEY_TOOL_CALL_FUNCTION;
    call.id = members.text(arena_, "id");
    call.name = members.text(arena_, "name");
    call.arguments = arena_.copy(compact(members.take("input")));
    call.caller = arena_.copy(compact(members.take("caller")));
    if (call.id.len == 0) invalid(std::string(view(part.origin)) + ".id", "a call without an id");
    if (call.name.len == 0) {
        invalid(std::string(view(part.origin)) + ".name", "a call without a name");
    }
}

void BlockReader::tool_result(parley_part& part, Members& members, const Path& path) {
    part.kind = PARLEY_PART_TOOL_RESULT;
    auto& result = make<parley_tool_result>(arena_);
    part.tool_result = &result;
    result.call_id = members.text(arena_, "tool_use_id");
    result.is_error = members.says("is_error");
    parts_of(members.take("content"), path / "content", result.parts, result.part_count);
}

void BlockReader::parts_of(std::string_view json,
                           const Path& path,
                           const parley_part* const*& parts,
                           uint64_t& count) {
    if (json.empty()) return;
    JsonReader r(json);
    Parts all = content(r, path);
    std::erase_if(
        all, [](const parley_part* p) { return p->kind == PARLEY_PART_TEXT && p->text.len == 0; });
    parts = sdk::keep(arena_, all);
    count = all.size();
}

void BlockReader::media(parley_part& part, Members& members, const Path& path) {
    auto& media = make<parley_media>(arena_);
    part.media = &media;
    const std::string_view json = members.take("source");
    Members source(json);
    const std::string type = source.text("type");
    media.mime = source.text(arena_, "media_type");
    if (type == "base64") {
        media.source = PARLEY_MEDIA_BASE64;
        media.data = source.text(arena_, "data");
    } else if (type == "url") {
        media.source = PARLEY_MEDIA_URL;
        media.data = source.text(arena_, "url");
    } else if (type == "file") {
        media.source = PARLEY_MEDIA_FILE;
        media.data = source.text(arena_, "file_id");
        media.file_owner = str(kFamily);
    } else if (type == "text") {
        media.source = PARLEY_MEDIA_TEXT;
        media.data = source.text(arena_, "data");
    } else if (type == "content") {
        media.source = PARLEY_MEDIA_PARTS;
        const Path inner = path / "source" / "content";
        parts_of(source.take("content"), inner, media.parts, media.part_count);
    } else {
        const std::string at = (path / "source").text();
        invalid(at, at + ".type: base64, url, file, text or content was expected");
    }
    const bool may_be_empty =
        media.source == PARLEY_MEDIA_TEXT || media.source == PARLEY_MEDIA_PARTS;
    if (media.data.len == 0 && !may_be_empty) {
        const std::string at = (path / "source").text();
        invalid(at, at + ": " + type + " without its data");
    }
    media.title = members.text(arena_, "title");
    media.context = members.text(arena_, "context");
    if (members.has("citations")) {
        media.citations = Members(members.take("citations")).says("enabled");
    }
}

void BlockReader::search_result(parley_part& part, Members& members, const Path& path) {
    part.kind = PARLEY_PART_SEARCH_RESULT;
    auto& result = make<parley_search_result>(arena_);
    part.search_result = &result;
    result.source = members.text(arena_, "source");
    result.title = members.text(arena_, "title");
    parts_of(members.take("content"), path / "content", result.parts, result.part_count);
    if (members.has("citations")) {
        result.citations = Members(members.take("citations")).says("enabled");
    }
}

// What a tool of the provider did goes back in its own words.
void BlockReader::item(parley_part& part, std::string_view json, std::string_view type) {
    constexpr std::string_view kResult = "_tool_result";
    Members members(json);
    part.kind = PARLEY_PART_SERVER_ITEM;
    part.cache = 0;  // raw has it
    auto& item = make<parley_server_item>(arena_);
    part.server_item = &item;
    std::string tool(type);
    if (type == "server_tool_use") {
        tool = members.text("name");
    } else if (type.starts_with("mcp_")) {
        tool = "mcp";
    } else if (type.ends_with(kResult)) {
        tool.resize(tool.size() - kResult.size());
    }
    item.tool = arena_.copy(tool);
    item.id = members.text(arena_, members.has("id") ? "id" : "tool_use_id");
    item.dialect = str(kDialect);
    item.raw = arena_.copy(compact(json));
    if (type != "server_tool_use" && type != "mcp_tool_use") return;
    Members input(members.take("input"));
    std::string what = input.text("query");
    if (what.empty()) what = input.text("url");
    item.summary = arena_.copy('[' + tool + (what.empty() ? "]" : ": " + what + ']'));
}

}  // namespace parley::claude
