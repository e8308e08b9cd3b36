// JsonReader agrees with itself and with Boost.JSON; JsonTop sees the same however a text is cut.
#include <array>

#include <boost/json.hpp>

#include "fuzz.hpp"
#include "parley/sdk/json.hpp"

using parley::fuzz::check;
using namespace parley::sdk;

constexpr std::array<std::string_view, 2> kKeys{"usage", "error"};

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

bool boost_accepts(std::string_view text, bool& unlike) {
    boost::json::parse_options options;
    options.max_depth = JsonReader::kDepthMax;
    boost::json::error_code why;
    boost::json::parse({text.data(), text.size()}, why, {}, options);
    // Boost also refuses huge exponents and lone surrogates; those begin with \ud or \uD.
    unlike = why == boost::json::error::exponent_overflow ||
             (why && (text.find("\\ud") != text.npos || text.find("\\uD") != text.npos));
    return !why;
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const parley::fuzz::Input input(data, size);
    JsonReader skipping(input.body);
    JsonReader walking(input.body);
    skipping.skip();
    const bool valid = skipping.at_end();
    const bool object = walking.peek() == '{';
    walk(walking);
    check(walking.at_end() == valid && walking.at() == skipping.at());
    bool unlike = false;
    check(boost_accepts(input.body, unlike) == valid || unlike);
    JsonTop whole(kKeys);
    whole.feed(input.body);
    check(!valid || !object || whole.state() == JsonTop::State::complete);
    for (const auto& pieces : input.cuts()) {
        JsonTop top(kKeys);
        for (const std::string_view piece : pieces) top.feed(piece);
        check(top.state() == whole.state());
        for (int i : {0, 1}) check(top.value(i) == whole.value(i) && top.has(i) == whole.has(i));
    }
    return 0;
}
