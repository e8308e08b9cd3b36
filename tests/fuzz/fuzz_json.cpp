// JsonReader agrees with itself and with Boost.JSON; JsonTop sees the same however a text is cut.
#include <array>
#include <optional>

#include <boost/json.hpp>

#include "fuzz.hpp"
#include "parley/sdk/json_top.hpp"

namespace parley::sdk {

using fuzz::check;
constexpr std::array<std::string_view, 1> kKeys{"error"};

// Reads member by member; strings must come back from quoting as they were.
void walk(JsonReader& r) {
    JsonString text;
    const char kind = r.peek();
    if (kind == '{' && r.enter_object()) {
        while (r.next_key(text)) walk(r);
    } else if (kind == '[' && r.enter_array()) {
        while (r.next_item()) walk(r);
    } else if (kind == '"' && r.read_string(text)) {
        const std::string plain = text.text();
        std::string quoted;
        json_quote(plain, quoted);
        check(JsonReader(quoted).read_string(text) && text.text() == plain);
    } else {
        r.skip();
    }
}

// Nothing where Boost differs on purpose: it refuses huge exponents and lone surrogates.
std::optional<bool> boost_accepts(std::string_view text) {
    boost::json::parse_options options;
    options.max_depth = JsonReader::kDepthMax;
    boost::json::error_code why;
    boost::json::parse({text.data(), text.size()}, why, {}, options);
    const bool surrogate = text.find("\\ud") != text.npos || text.find("\\uD") != text.npos;
    if (why == boost::json::error::exponent_overflow || (why && surrogate)) return {};
    return !why;
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const fuzz::Input input(data, size);
    JsonReader skipping(input.body);
    JsonReader walking(input.body);
    skipping.skip();
    const bool valid = skipping.at_end();
    const bool object = walking.peek() == '{';
    walk(walking);
    check(walking.at_end() == valid && walking.at() == skipping.at());
    check(boost_accepts(input.body).value_or(valid) == valid);
    JsonTop whole(kKeys);
    whole.feed(input.body);
    check(!valid || !object || whole.state() == JsonTop::State::complete);
    for (const auto& pieces : input.cuts()) {
        JsonTop top(kKeys);
        for (const std::string_view piece : pieces) top.feed(piece);
        check(top.state() == whole.state());
        check(top.value(0) == whole.value(0) && top.has(0) == whole.has(0));
    }
    return 0;
}

}  // namespace parley::sdk
