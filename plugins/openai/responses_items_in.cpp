#include "responses_items_in.hpp"

#include <algorithm>
#include <iterator>

#include "ask_in.hpp"
#include "media_in.hpp"
#include "words.hpp"

namespace parley::openai {

using sdk::JsonReader;
using sdk::JsonString;
using sdk::Path;
using sdk::read_text;
using sdk::str;
using sdk::view;

namespace {

constexpr Word kRoles[] = {
    {"system", PARLEY_ROLE_SYSTEM},
    {"developer", PARLEY_ROLE_DEVELOPER},
    {"user", PARLEY_ROLE_USER},
    {"assistant", PARLEY_ROLE_ASSISTANT},
};

// The members of an item; raw JSON where no type tells otherwise, empty when absent or null.
struct WireItem {
    parley_str type;
    parley_str id;
    parley_str role;
    parley_str status;
    parley_str call_id;
    parley_str name;
    parley_str name_space;
    parley_str phase;
    parley_str encrypted;
    parley_str input;  // "arguments" or "input"
    std::string_view content;
    std::string_view summary;
    std::string_view output;
    std::string_view action;  // "action" or "operation"
    std::string_view raw;
    sdk::ExtraMembers unknown;
};

constexpr std::string_view kDialect = "openai-responses";

class InputReader {
public:
    explicit InputReader(sdk::RequestDraft& draft) : draft_(draft), arena_(draft.arena()) {}

    void read(JsonReader& r) {
        if (r.peek() == '"') {
            draft_.begin(PARLEY_ROLE_USER, "input");
            draft_.add(draft_.text_part(read_text(arena_, r), "input"));
            return;
        }
        if (r.peek() != '[') {
            invalid_request("a text or a list of items expected", "input", "invalid_type");
        }
        r.enter_array();
        for (std::size_t i = 0; r.next_item(); ++i) {
            const Path path = Path("input")[i];
            const std::string_view raw = r.raw();
            if (!raw.starts_with('{')) {
                invalid_request("an item must be an object", path.text(), "invalid_type");
            }
            take(read_item(raw), path);
        }
    }

private:
    WireItem read_item(std::string_view raw) {
        WireItem item{};
        item.raw = raw;

        struct {
            std::string_view name;
            parley_str* place;
        } const texts[] = {
            {"type", &item.type},
            {"id", &item.id},
            {"role", &item.role},
            {"status", &item.status},
            {"call_id", &item.call_id},
            {"name", &item.name},
            {"namespace", &item.name_space},
            {"phase", &item.phase},
            {"encrypted_content", &item.encrypted},
            {"arguments", &item.input},
            {"input", &item.input},
        };

        JsonReader r(raw);
        JsonString key;
        r.enter_object();
        while (r.next_key(key)) {
            std::string_view* value = key.raw == "content"     ? &item.content
                                      : key.raw == "summary"   ? &item.summary
                                      : key.raw == "output"    ? &item.output
                                      : key.raw == "action"    ? &item.action
                                      : key.raw == "operation" ? &item.action
                                                               : nullptr;
            if (value != nullptr) {
                *value = view(read_value(r));
                continue;
            }
            parley_str* text = nullptr;
            for (const auto& each : texts) {
                if (each.name == key.raw) text = each.place;
            }
            if (text != nullptr) {
                *text = read_text(arena_, r);
            } else {
                item.unknown.keep(key, r);
            }
        }
        return item;
    }

    void take(const WireItem& item, const Path& path) {
        const std::string_view type = view(item.type);
        if (type == "message" || (type.empty() && item.role.len != 0)) {
            message(item, path);
        } else if (type == "function_call" || type == "custom_tool_call") {
            call(item, path);
        } else if (type == "function_call_output" || type == "custom_tool_call_output") {
            result(item, item.output, path);
        } else if (type == "reasoning") {
            reasoning(item, path);
        } else if (type == "item_reference" || type.empty()) {
            throw sdk::Failure(PARLEY_E_UNSUPPORTED,
                               "items that the provider keeps are not known here",
                               path.text(),
                               "unsupported_value");
        } else if (type == "local_shell_call" || type == "shell_call" ||
                   type == "apply_patch_call") {
            client_call(item, path);
        } else if (type.ends_with("_call_output")) {
            result(item, item.output, path);
        } else {
            server_item(item, path);
        }
    }

    // ---- messages ----

    void message(const WireItem& item, const Path& path) {
        const uint32_t role = value_of(view(item.role), kRoles);
        if (role == 0) {
            invalid_request("unknown role \"" + std::string(view(item.role)) + "\"",
                            (path / "role").text(),
                            "invalid_value");
        }
        draft_.begin(role, path.text()).phase = value_of(view(item.phase), kPhases);
        draft_.turn_extras(item.unknown);
        for (const parley_part* part : parts(item.content, path / "content")) draft_.add(*part);
    }

    std::vector<const parley_part*> parts(std::string_view raw, const Path& path) {
        std::vector<const parley_part*> all;
        JsonReader r(raw);
        if (raw.empty()) return all;
        if (raw.starts_with('"')) {
            all.push_back(&draft_.text_part(read_text(arena_, r), path.text()));
            return all;
        }
        if (!raw.starts_with('[')) {
            invalid_request("a text or a list of parts expected", path.text(), "invalid_type");
        }
        r.enter_array();
        for (std::size_t i = 0; r.next_item(); ++i) {
            if (r.peek() != '{') {
                invalid_request("a part must be an object", path[i].text(), "invalid_type");
            }
            all.push_back(&part(r.raw(), path[i]));
        }
        return all;
    }

    parley_part& part(std::string_view raw, const Path& path) {
        parley_str type{};
        parley_part* made = nullptr;
        bool cached = false;
        sdk::ExtraMembers unknown;
        JsonReader r(raw);
        JsonString key;
        r.enter_object();
        while (r.next_key(key)) {
            if (key.raw == "type") {
                type = read_text(arena_, r);
            } else if (key.raw == "text") {
                made = &draft_.text_part(read_text(arena_, r), path.text());
            } else if (key.raw == "refusal") {
                made = &draft_.part(PARLEY_PART_REFUSAL, path.text());
                made->text = read_text(arena_, r);
            } else if (key.raw == "prompt_cache_breakpoint") {
                cached = r.raw() != "null";
            } else if (is_media_member(key.raw)) {
                r.skip();
            } else {
                unknown.keep(key, r);
            }
        }
        if (view(type) == "input_image") made = &image(raw, path);
        if (view(type) == "input_file") {
            JsonReader file(raw);
            made = &read_file(file, draft_, path.text());
        }
        if (made == nullptr) {
            invalid_request("unknown part \"" + std::string(view(type)) + "\"",
                            (path / "type").text(),
                            "invalid_value");
        }
        if (cached) made->cache = PARLEY_CACHE_MARK;
        unknown.attach(arena_, kDialect, *made);
        return *made;
    }

    // Read again by those who know the part's type.
    static bool is_media_member(std::string_view name) {
        constexpr std::string_view kMembers[] = {
            "image_url", "file_id", "detail", "filename", "file_data", "file_url"};
        return std::find(std::begin(kMembers), std::end(kMembers), name) != std::end(kMembers);
    }

    parley_part& image(std::string_view raw, const Path& path) {
        parley_str url{};
        parley_str file_id{};
        uint32_t detail = 0;
        JsonReader r(raw);
        JsonString key;
        r.enter_object();
        while (r.next_key(key)) {
            if (key.raw == "image_url") {
                url = read_text(arena_, r);
            } else if (key.raw == "file_id") {
                file_id = read_text(arena_, r);
            } else if (key.raw == "detail") {
                detail = value_of(view(read_text(arena_, r)), kDetails);
            } else {
                r.skip();
            }
        }
        if (url.len != 0) return image_part(draft_, url, path.text(), detail);
        if (file_id.len == 0) {
            invalid_request("a URL or a file expected",
                            (path / "image_url").text(),
                            "missing_required_parameter");
        }
        parley_part& part = draft_.part(PARLEY_PART_IMAGE, path.text());
        auto& media = sdk::make<parley_media>(arena_);
        media.source = PARLEY_MEDIA_FILE;
        media.file_owner = str("openai");
        media.data = file_id;
        media.detail = detail;
        part.media = &media;
        return part;
    }

    // ---- reasoning ----

    void reasoning(const WireItem& item, const Path& path) {
        auto& reasoning = sdk::make<parley_reasoning>(arena_);
        std::vector<const parley_reasoning_section*> sections;
        add_sections(item.summary, PARLEY_REASONING_SUMMARY, sections);
        add_sections(item.content, PARLEY_REASONING_RAW, sections);
        reasoning.sections = sdk::keep(arena_, sections);
        reasoning.section_count = sections.size();
        draft_.begin(PARLEY_ROLE_ASSISTANT, path.text());
        parley_part& part = draft_.part(PARLEY_PART_REASONING, path.text());
        part.reasoning = &reasoning;
        if (item.encrypted.len != 0) {
            auto& seal = sdk::make<parley_seal>(arena_);
            seal.scheme = PARLEY_SEAL_ENCRYPTED;
            seal.family = str(view(item.encrypted).starts_with("pl1.") ? "parley" : "openai");
            seal.data = item.encrypted;
            part.seal = &seal;
        }
        if (part.seal != nullptr || !sections.empty()) draft_.add(part);
    }

    void add_sections(std::string_view raw,
                      uint32_t kind,
                      std::vector<const parley_reasoning_section*>& sections) {
        JsonReader r(raw);
        if (!raw.starts_with('[') || !r.enter_array()) return;
        while (r.next_item()) {
            JsonString key;
            if (r.peek() != '{' || !r.enter_object()) {
                r.skip();
                continue;
            }
            while (r.next_key(key)) {
                if (key.raw != "text") {
                    r.skip();
                    continue;
                }
                auto& section = sdk::make<parley_reasoning_section>(arena_);
                section.kind = kind;
                section.text = read_text(arena_, r);
                if (section.text.len != 0) sections.push_back(&section);
            }
        }
    }

    // ---- calls and results ----

    void call(const WireItem& item, const Path& path) {
        if (item.call_id.len == 0 || item.name.len == 0) {
            invalid_request(
                "a call needs call_id and name", path.text(), "missing_required_parameter");
        }
        auto& call = sdk::make<parley_tool_call>(arena_);
        const bool custom = view(item.type) == "custom_tool_call";
        call.kind = custom ? PARLEY_TOOL_CALL_CUSTOM : PARLEY_TOOL_CALL_FUNCTION;
        call.id = item.call_id;
        call.name = item.name;
        call.name_space = item.name_space;
        call.arguments = item.input;
        item.unknown.attach(arena_, kDialect, add_call(call, path));
    }

    // A tool whose shape the provider knows: its action are the arguments.
    void client_call(const WireItem& item, const Path& path) {
        constexpr std::string_view kEnding = "_call";
        auto& call = sdk::make<parley_tool_call>(arena_);
        call.kind = PARLEY_TOOL_CALL_FUNCTION;
        call.id = item.call_id.len != 0 ? item.call_id : item.id;
        call.name = item.type;
        call.name.len -= kEnding.size();
        call.arguments = str(item.action);
        add_call(call, path);
    }

    parley_part& add_call(parley_tool_call& call, const Path& path) {
        draft_.begin(PARLEY_ROLE_ASSISTANT, path.text());
        parley_part& part = draft_.part(PARLEY_PART_TOOL_CALL, path.text());
        part.tool_call = &call;
        draft_.add(part);
        return part;
    }

    // A text, a list of parts, or whatever the tool's own shape is.
    void result(const WireItem& item, std::string_view output, const Path& path) {
        auto& result = sdk::make<parley_tool_result>(arena_);
        result.call_id = item.call_id.len != 0 ? item.call_id : item.id;
        const bool known = view(item.type) == "function_call_output" ||
                           view(item.type) == "custom_tool_call_output";
        std::vector<const parley_part*> content;
        if (known || output.starts_with('"')) {
            content = parts(output, path / "output");
        } else if (!output.empty()) {
            content.push_back(&draft_.text_part(str(output), (path / "output").text()));
        }
        result.parts = sdk::keep(arena_, content);
        result.part_count = content.size();
        draft_.begin(PARLEY_ROLE_TOOL, path.text());
        parley_part& part = draft_.part(PARLEY_PART_TOOL_RESULT, path.text());
        part.tool_result = &result;
        item.unknown.attach(arena_, kDialect, part);
        draft_.add(part);
    }

    // What the provider's own tools did.
    void server_item(const WireItem& item, const Path& path) {
        auto& server = sdk::make<parley_server_item>(arena_);
        std::string tool(view(item.type));
        if (tool.ends_with("_call")) tool.resize(tool.size() - std::string_view("_call").size());
        server.tool = arena_.copy(tool == "code_interpreter" ? "code_execution" : tool);
        server.id = item.id;
        server.status = item.status;
        server.dialect = str("openai-responses");
        server.raw = str(item.raw);
        server.summary = summary(tool, item.action);
        draft_.begin(PARLEY_ROLE_ASSISTANT, path.text());
        parley_part& part = draft_.part(PARLEY_PART_SERVER_ITEM, path.text());
        part.server_item = &server;
        draft_.add(part);
    }

    // "[web_search: parley]"
    parley_str summary(const std::string& tool, std::string_view action) {
        JsonReader r(action);
        JsonString key;
        parley_str query{};
        if (action.starts_with('{')) r.enter_object();
        while (r.next_key(key)) {
            if (key.raw == "query") {
                query = read_text(arena_, r);
            } else {
                r.skip();
            }
        }
        if (query.len == 0) return {};
        return arena_.copy('[' + tool + ": " + std::string(view(query)) + ']');
    }

    sdk::RequestDraft& draft_;
    sdk::Arena& arena_;
};

}  // namespace

void read_input(JsonReader& r, sdk::RequestDraft& draft) {
    InputReader(draft).read(r);
}

}  // namespace parley::openai
