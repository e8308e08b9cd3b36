#include "json_text.hpp"

namespace parley::claude {

using sdk::JsonReader;
using sdk::JsonString;

std::string compact(std::string_view json) {
    std::string out;
    out.reserve(json.size());
    const char* p = json.data();
    const char* end = p + json.size();
    bool in_string = false;
    while (p != end) {
        if (!in_string) {
            const char c = *p++;
            if (c == ' ' || c == '\n' || c == '\r' || c == '\t') continue;
            in_string = c == '"';
            out += c;
            continue;
        }
        const char* stop = sdk::find_quote(p, end);
        out.append(p, stop);
        p = stop;
        if (p == end) break;
        const bool escape = *p == '\\' && p + 1 != end;
        in_string = *p != '"';
        out.append(p, escape ? 2 : 1);
        p += escape ? 2 : 1;
    }
    return out;
}

bool is_json(std::string_view text) {
    JsonReader r(text);
    return r.skip() && r.at_end();
}

bool is_object(std::string_view text) {
    return JsonReader(text).peek() == '{' && is_json(text);
}

std::string with_member(std::string_view object, std::string_view key, std::string_view value) {
    std::string out;
    sdk::JsonWriter w(out);
    bool replaced = false;
    w.begin_object();
    JsonReader r(object);
    JsonString name;
    if (r.peek() == '{' && r.enter_object()) {
        while (r.next_key(name)) {
            const std::string_view old = r.raw();
            const bool is_it = name.equals(key);
            w.key(name.text()).raw(is_it ? value : old);
            replaced = replaced || is_it;
        }
    }
    if (!replaced) w.key(key).raw(value);
    w.end_object();
    return out;
}

Members::Members(std::string_view object) {
    JsonReader r(object);
    if (r.peek() != '{' || !r.enter_object()) return;
    JsonString key;
    while (r.next_key(key)) {
        const std::string_view value = r.raw();
        all_.push_back({key, value, value == "null"});
    }
}

Members::Member* Members::find(std::string_view key) {
    for (auto it = all_.rbegin(); it != all_.rend(); ++it) {
        if (it->key.equals(key)) return &*it;
    }
    return nullptr;
}

std::string_view Members::take(std::string_view key) {
    Member* member = find(key);
    if (member == nullptr || member->value == "null") return {};
    member->taken = true;
    return member->value;
}

bool Members::has(std::string_view key) const {
    return const_cast<Members*>(this)->find(key) != nullptr;
}

parley_str Members::text(sdk::Arena& arena, std::string_view key) {
    const std::string_view raw = take(key);
    if (raw.empty()) return {};
    JsonReader r(raw);
    return sdk::read_text(arena, r);
}

std::string Members::text(std::string_view key) {
    const std::string_view raw = take(key);
    JsonReader r(raw);
    JsonString s;
    if (raw.empty() || raw.front() != '"' || !r.read_string(s)) return {};
    return s.text();
}

uint64_t Members::count(std::string_view key, uint64_t otherwise) {
    const std::string_view raw = take(key);
    if (!raw.empty()) JsonReader(raw).read_count(otherwise);
    return otherwise;
}

uint32_t Members::says(std::string_view key) {
    const std::string_view raw = take(key);
    if (raw.empty()) return 0;
    JsonReader r(raw);
    return sdk::read_says(r);
}

parley_number Members::number(std::string_view key) {
    const std::string_view raw = take(key);
    if (raw.empty()) return {};
    JsonReader r(raw);
    return sdk::read_number(r);
}

std::string Members::rest() const {
    std::string out;
    sdk::JsonWriter w(out);
    w.begin_object();
    for (const Member& member : all_) {
        if (!member.taken) w.key(member.key.text()).raw(compact(member.value));
    }
    w.end_object();
    return out.size() > 2 ? out : std::string();
}

}  // namespace parley::claude
