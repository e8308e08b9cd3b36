#include "amender.hpp"

#include <algorithm>
#include <array>

namespace parley::codex {

using sdk::Failure;
using sdk::JsonReader;
using sdk::JsonString;
using sdk::str;

namespace {

// What the backend takes. It answers 400 to everything else.
constexpr std::array<std::string_view, 14> kTaken{"model",
                                                  "instructions",
                                                  "input",
                                                  "tools",
                                                  "tool_choice",
                                                  "parallel_tool_calls",
                                                  "reasoning",
                                                  "store",
                                                  "stream",
                                                  "include",
                                                  "text",
                                                  "prompt_cache_key",
                                                  "client_metadata",
                                                  "service_tier"};

constexpr std::array<std::string_view, 3> kSampling{"temperature", "top_p", "top_logprobs"};

// Without these the answer would be to another question.
constexpr std::array<std::string_view, 3> kNeeded{"previous_response_id", "conversation", "prompt"};

constexpr std::string_view kSealed = "\"reasoning.encrypted_content\"";

template <std::size_t N>
bool is_any(const JsonString& key, const std::array<std::string_view, N>& names) {
    return std::any_of(
        names.begin(), names.end(), [&](std::string_view name) { return key.equals(name); });
}

// Calls `each(value)` for the elements of an array; what is none has none.
template <class Each>
void each_element(std::string_view array, Each&& each) {
    JsonReader r(array);
    if (r.peek() != '[' || !r.enter_array()) return;
    while (r.next_item()) each(r.raw());
}

}  // namespace

void Amender::amend(parley_amendment& out) {
    members_ = members_of(body_);
    for (Member& member : members_) judge(member);
    force();
    remove_dropped(members_);
    std::sort(edits_.begin(), edits_.end(), [](const parley_edit& a, const parley_edit& b) {
        return a.at < b.at;
    });
    auto* edits = arena_.array<parley_edit>(edits_.size());
    std::copy(edits_.begin(), edits_.end(), edits);
    out.edits = edits;
    out.edit_count = edits_.size();
    auto* warnings = arena_.array<const parley_warning*>(warnings_.size());
    std::copy(warnings_.begin(), warnings_.end(), warnings);
    out.warnings = warnings;
    out.warning_count = warnings_.size();
}

std::vector<Member> Amender::members_of(std::string_view object) const {
    std::vector<Member> members;
    JsonReader r(object);
    JsonString key;
    if (r.peek() != '{' || !r.enter_object()) return members;
    while (r.next_key(key)) {
        const std::string_view value = r.raw();
        members.push_back({key, value});
    }
    if (r.failed()) {
        throw Failure(PARLEY_E_INVALID_ARGUMENT,
                      "malformed JSON at byte " + std::to_string(at(object.data()) + r.at()));
    }
    return members;
}

// ---- members of the request ----

void Amender::judge(Member& member) {
    const JsonString& key = member.key;
    const bool is_said = member.value != "null";
    if (is_said && is_any(key, kNeeded)) {
        throw Failure(PARLEY_E_UNSUPPORTED,
                      key.text() + ": ChatGPT's backend keeps no responses and no prompts",
                      key.text(),
                      "unsupported_value");
    }
    if (key.equals("background") && member.value == "true") {
        throw Failure(PARLEY_E_UNSUPPORTED,
                      "background: ChatGPT's backend answers at once or not at all",
                      "background",
                      "unsupported_value");
    }
    if (!is_any(key, kTaken)) {
        const bool is_sampling = is_any(key, kSampling);
        drop(member,
             !is_said      ? std::string_view()
             : is_sampling ? PARLEY_WARNING_SAMPLING_DROPPED
                           : PARLEY_WARNING_FIELD_DROPPED);
    } else if (key.equals("service_tier")) {
        check_service_tier(member);
    } else if (key.equals("input")) {
        check_input(member);
    } else if (key.equals("tools") || key.equals("tool_choice")) {
        check_tools(member);
    }
}

// "auto" and "default" are what holds anyway.
void Amender::check_service_tier(Member& member) {
    if (member.value == "\"priority\"") return;
    const bool is_usual =
        member.value == "null" || member.value == "\"auto\"" || member.value == "\"default\"";
    drop(member, is_usual ? std::string_view() : PARLEY_WARNING_FIELD_DROPPED);
}

void Amender::check_input(const Member& member) {
    if (member.value.starts_with('"')) {
        const std::string list =
            R"([{"type":"message","role":"user","content":[{"type":"input_text","text":)" +
            std::string(member.value) + "}]}]";
        replace(member.value, list);
        return;
    }
    each_element(member.value, [&](std::string_view item) { check_item(item); });
}

void Amender::check_item(std::string_view item) {
    for (const Member& member : members_of(item)) {
        if (member.key.equals("role") && member.value == "\"system\"") {
            replace(member.value, "\"developer\"");
        } else if (member.key.equals("content")) {
            check_parts(member.value);
        }
    }
}

void Amender::check_parts(std::string_view parts) {
    constexpr std::string_view kBreakpoint = "prompt_cache_breakpoint";
    // Long texts and images are not read twice for what is hardly ever there.
    if (parts.find(kBreakpoint) == parts.npos) return;
    each_element(parts, [&](std::string_view part) {
        std::vector<Member> members = members_of(part);
        for (Member& member : members) {
            if (member.key.equals(kBreakpoint)) drop(member, {});
        }
        remove_dropped(members);
    });
}

void Amender::check_tools(const Member& member) {
    if (member.value.starts_with('{')) return check_tool(member.value);
    each_element(member.value, [&](std::string_view tool) { check_tool(tool); });
}

void Amender::check_tool(std::string_view tool) {
    for (const Member& member : members_of(tool)) {
        const bool is_preview =
            member.key.equals("type") && member.value.starts_with("\"web_search_preview");
        if (is_preview) replace(member.value, "\"web_search\"");
    }
}

// ---- what has to be there ----

void Amender::force() {
    constexpr std::array<std::pair<std::string_view, std::string_view>, 2> kForced{
        {{"store", "false"}, {"stream", "true"}}};
    const auto find = [&](std::string_view name) -> const Member* {
        const auto found = std::find_if(
            members_.begin(), members_.end(), [&](const Member& m) { return m.key.equals(name); });
        return found == members_.end() ? nullptr : &*found;
    };
    for (const auto& [name, value] : kForced) {
        const Member* member = find(name);
        if (member == nullptr) {
            insert_first('"' + std::string(name) + "\":" + std::string(value));
        } else if (member->value != value) {
            replace(member->value, value);
        }
    }
    const Member* instructions = find("instructions");
    if (instructions == nullptr) {
        insert_first("\"instructions\":\"\"");
    } else if (instructions->value == "null") {
        replace(instructions->value, "\"\"");
    }
    if (find("parallel_tool_calls") == nullptr) insert_first("\"parallel_tool_calls\":true");
    const Member* include = find("include");
    if (include == nullptr) {
        insert_first("\"include\":[" + std::string(kSealed) + "]");
    } else {
        add_include(*include);
    }
    if (first_.empty()) return;
    const bool any_left = std::any_of(
        members_.begin(), members_.end(), [](const Member& m) { return !m.is_dropped; });
    if (!any_left) first_.pop_back();
    edits_.push_back({body_.find('{') + 1, 0, arena_.copy(first_)});
}

// Reasoning that the backend does not keep has to come with the reply.
void Amender::add_include(const Member& member) {
    if (member.value.find(kSealed) != member.value.npos) return;
    if (!member.value.starts_with('[')) {
        replace(member.value, '[' + std::string(kSealed) + ']');
        return;
    }
    const bool is_empty = member.value.find_first_not_of(" \t\r\n]", 1) == member.value.npos;
    const std::string more = std::string(kSealed) + (is_empty ? "" : ",");
    edits_.push_back({at(member.value.data()) + 1, 0, arena_.copy(more)});
}

// ---- edits ----

void Amender::drop(Member& member, std::string_view code) {
    member.is_dropped = true;
    if (code.empty()) return;
    auto* warning = arena_.array<parley_warning>(1);
    warning->struct_size = sizeof(parley_warning);
    warning->code = str(code);
    warning->field = arena_.copy(member.key.text());
    warnings_.push_back(warning);
}

// Takes the members out together with the commas that would be left.
void Amender::remove_dropped(const std::vector<Member>& members) {
    const auto begin_of = [&](std::size_t i) { return at(members[i].key.raw.data()) - 1; };
    const auto end_of = [&](std::size_t i) {
        return at(members[i].value.data()) + members[i].value.size();
    };
    std::size_t kept = members.size();  // as many from the start, but for those dropped, stay
    while (kept != 0 && members[kept - 1].is_dropped) --kept;
    for (std::size_t i = 0; i < kept; ++i) {
        if (members[i].is_dropped)
            edits_.push_back({begin_of(i), begin_of(i + 1) - begin_of(i), {}});
    }
    if (kept == members.size()) return;
    const uint64_t from = kept == 0 ? begin_of(0) : end_of(kept - 1);
    edits_.push_back({from, end_of(members.size() - 1) - from, {}});
}

void Amender::insert_first(std::string_view member) {
    first_.append(member).append(",");
}

void Amender::replace(std::string_view value, std::string_view with) {
    edits_.push_back({at(value.data()), value.size(), arena_.copy(with)});
}

}  // namespace parley::codex
