// JsonReader agrees with itself and with Boost.JSON; JsonTop sees the same however a text is cut.
#include <array>

#include <boost/json.hpp>

#include "fuzz.hpp"
#include "parley/sdk/json.hpp"

using parley::fuzz::check;
using parley::fuzz::Input;
using namespace parley::sdk;

namespace {

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
        std::string quoted;
        json_quote(text.text(), quoted);
        JsonReader again(quoted);
        JsonString same;
        check(again.read_string(same) && again.at_end() && same.text() == text.text());
    } else {
        r.skip();
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const Input input(data, size);
    JsonReader skipping(input.body);
    skipping.skip();
    const bool valid = skipping.at_end();
    JsonReader walking(input.body);
    const bool object = walking.peek() == '{';
    walk(walking);
    check(walking.at_end() == valid && walking.at() == skipping.at());

    boost::json::parse_options options;
    options.max_depth = JsonReader::kDepthMax;
    boost::json::error_code why;
    const boost::json::string_view text(input.body.data(), input.body.size());
    const auto value = boost::json::parse(text, why, {}, options);
    // Boost also refuses lone surrogates, which begin with \ud or \uD, and huge exponents.
    const bool stricter = input.body.find("\\ud") != input.body.npos ||
                          input.body.find("\\uD") != input.body.npos ||
                          why == boost::json::error::exponent_overflow;
    check(why ? stricter || !valid : valid);

    std::array<std::string, 2> wanted;
    JsonTop::State state = JsonTop::State::open;
    for (const auto& pieces : input.cuts()) {
        JsonTop top(kKeys);
        for (const std::string_view piece : pieces) top.feed(piece);
        if (pieces.size() == 1) wanted = {std::string(top.value(0)), std::string(top.value(1))};
        if (pieces.size() == 1) state = top.state();
        check(pieces.empty() || (top.value(0) == wanted[0] && top.value(1) == wanted[1]));
        check(pieces.empty() || top.state() == state);
    }
    check(!valid || !object || state == JsonTop::State::complete);
    return 0;
}
