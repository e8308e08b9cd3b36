#include "chance.hpp"

#include <iterator>

namespace parley::codec {

std::string Chance::text(uint32_t most) {
    static const std::string kPieces[] = {"a",
                                          "Hello",
                                          " ",
                                          "\n",
                                          "\"",
                                          "\\",
                                          "{",
                                          "}",
                                          "\t",
                                          "\x01",
                                          "\x7f",
                                          "é",
                                          "\u2028",
                                          "漢",
                                          "🦜",
                                          "\xc2\xa0",
                                          "\xee\x80\x80",
                                          "\xef\xbf\xbd",
                                          "\xf0\xa0\x80\x80",
                                          "\xf3\xa0\x81\xa1",
                                          "\xf4\x8f\xbf\xbf",
                                          "</script>",
                                          "data: ",
                                          "[DONE]",
                                          "\\u0000",
                                          "%s"};
    std::string out;
    for (uint32_t n = below(most + 1); n != 0; --n) out += kPieces[below(std::size(kPieces))];
    return out;
}

std::string Chance::json_string() {
    static const std::string kPieces[] = {"a",
                                          "é",
                                          "漢",
                                          "🦜",
                                          "\\n",
                                          "\\\"",
                                          "\\\\",
                                          "\\/",
                                          "\\u00e9",
                                          "\\ud83e\\udd9c",
                                          "\\ud83e",
                                          "\\udd9c",
                                          "\\u0000",
                                          "\\t",
                                          " ",
                                          "x"};
    std::string out = "\"";
    for (uint32_t n = below(5); n != 0; --n) out += kPieces[below(std::size(kPieces))];
    return out + '"';
}

std::string Chance::json(int depth) {
    switch (below(depth > 0 ? 8 : 6)) {
        case 0:
            return of<std::string>({"true", "false"});
        case 1:
            return "null";
        case 2:
            return of<std::string>({"0",
                                    "-0",
                                    "1",
                                    "0.10",
                                    "1e400",
                                    "-1.5E-3",
                                    "12345678901234567890123",
                                    "9007199254740993"});
        case 6:
            return json_object(depth - 1);
        case 7: {
            std::string out = "[";
            for (uint32_t n = below(4); n != 0; --n) {
                out += json(depth - 1) + (n == 1 ? "" : one_in(2) ? ", " : ",");
            }
            return out + ']';
        }
        default:
            return json_string();
    }
}

std::string Chance::json_object(int depth) {
    std::string out = one_in(4) ? "{ " : "{";
    for (uint32_t n = below(4); n != 0; --n) {
        // Different names, so that every reader makes the same value of it.
        out += "\"" + of<std::string>({"k", "input", "é", "\\u0041"}) + std::to_string(n) + "\":";
        out += (one_in(4) ? " " : "") + json(depth - 1) + (n == 1 ? "" : ",");
    }
    return out + '}';
}

std::string Chance::schema(int depth) {
    std::string out = R"({"type":"object","properties":{)";
    const uint32_t count = 1 + below(3);
    for (uint32_t n = 0; n < count; ++n) {
        out += (n == 0 ? "\"p" : ",\"p") + std::to_string(n) + "\":";
        if (depth > 0 && one_in(3)) {
            out += schema(depth - 1);
        } else {
            out += of<std::string>({R"({"type":"string","description":"a \"b\" é"})",
                                    R"({"type":"integer"})",
                                    R"({"type":"array","items":{"type":"number"}})",
                                    R"({"type":"string","enum":["x","y"]})",
                                    R"({"type":"boolean"})"});
        }
    }
    return out + R"(},"required":["p0"],"additionalProperties":false})";
}

std::string Chance::legal_name() {
    return of<std::string>({"f", "get_weather", "mcp__server__tool", "a-b", "X9"}) +
           (one_in(8) ? std::string(40, 'n') : "") + std::to_string(below(50));
}

std::string Chance::any_name() {
    static const std::string kPieces[] = {
        "a", "B", "9", "_", "-", ".", ":", " ", "é", "漢", "🦜", "/", "__", "ns", "\"", "\n"};
    std::string out;
    const uint32_t size = one_in(6) ? 200 : 8;
    for (uint32_t n = 1 + below(size); n != 0; --n) out += kPieces[below(std::size(kPieces))];
    return out;
}

std::string Chance::call_id() {
    const std::string number = std::to_string(++ids_);
    return of<std::string>({"call_" + number,
                            "toolu_" + number,
                            "id with space " + number,
                            "é" + number,
                            number + std::string(80, 'x')});
}

}  // namespace parley::codec
