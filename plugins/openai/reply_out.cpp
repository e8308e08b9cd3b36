#include "reply_out.hpp"

#include <algorithm>

#include "parley/sdk/ids.hpp"

namespace parley::openai {

using sdk::JsonReader;
using sdk::JsonString;
using sdk::view;

std::string reply_id(std::string_view prefix,
                     std::string_view upstream_id,
                     const parley_request& request) {
    std::string id = sdk::id_with_prefix(prefix, upstream_id);
    if (id.size() == prefix.size()) id += sdk::Digest().add(view(request.raw)).text();
    return id;
}

std::string wire_call_id(std::string_view id) {
    constexpr std::size_t kSizeMax = 64;
    const bool printable =
        std::all_of(id.begin(), id.end(), [](char c) { return c > ' ' && c <= '~'; });
    if (printable && !id.empty() && id.size() <= kSizeMax) return std::string(id);
    return sdk::call_id(id, "call_", kSizeMax);
}

std::string_view extra_member(const parley_event& event, std::string_view name) {
    if (event.extra.len == 0) return {};
    JsonReader r(view(event.extra));
    JsonString key;
    if (r.peek() != '{' || !r.enter_object()) return {};
    while (r.next_key(key)) {
        const std::string_view value = r.raw();
        if (key.raw == name) return value;
    }
    return {};
}

void append_json(std::string& out, std::string_view json) {
    const std::size_t before = out.size();
    out += json;
    // Inside of strings they are escaped.
    const auto breaks = [](char c) { return c == '\n' || c == '\r'; };
    std::replace_if(out.begin() + static_cast<long>(before), out.end(), breaks, ' ');
}

bool is_own_seal(const parley_event& event) {
    return view(event.name) == "openai" || view(event.name) == "parley";
}

void write_citation(sdk::JsonWriter& w, const Citation& c, bool nested) {
    w.begin_object().key("type").string("url_citation");
    if (nested) w.key("url_citation").begin_object();
    w.key("start_index").number(static_cast<int64_t>(c.start));
    w.key("end_index").number(static_cast<int64_t>(c.end));
    w.key("url").string(c.url).key("title").string(c.title);
    if (nested) w.end_object();
    w.end_object();
}

uint64_t code_points(std::string_view text) {
    const auto heads = std::count_if(text.begin(), text.end(), [](char c) {
        return (static_cast<unsigned char>(c) & 0xc0u) != 0x80u;
    });
    return static_cast<uint64_t>(heads);
}

}  // namespace parley::openai
