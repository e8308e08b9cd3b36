// random_json.hpp: JSON texts by chance, the same ones in every run.
#pragma once

#include <random>
#include <string>
#include <string_view>

namespace parley::sdk {

class RandomJson {
public:
    explicit RandomJson(std::uint32_t seed) : random_(seed) {}

    std::size_t below(std::size_t n) { return random_() % n; }

    template <class List>
    auto pick(const List& list) {
        return list[below(std::size(list))];
    }

    // A value with white space around it. Keys of one object differ.
    std::string value(int depth = 0) {
        std::string out;
        space(out);
        const std::size_t kind = depth > 4 ? below(5) : below(8);
        if (kind < 2)
            string(out);
        else if (kind == 2)
            number(out);
        else if (kind < 5)
            out += pick(kWords);
        else if (kind == 5)
            array(out, depth);
        else
            object(out, depth);
        space(out);
        return out;
    }

    std::string object_text(int depth = 0) {
        std::string out;
        object(out, depth);
        return out;
    }

    void string(std::string& out) {
        out += '"';
        for (std::size_t n = below(8); n > 0; --n) out += pick(kPieces);
        if (below(8) == 0) out.append(below(40), 'x');
        out += '"';
    }

    // Some bytes changed, dropped, doubled or put in; or the end is missing.
    std::string mutated(std::string text) {
        using std::literals::string_view_literals::operator""sv;
        constexpr std::string_view kBytes =
            "{}[]\",:\\ \t\n\r0123456789-+.eEtrufalsn/u\0\x01\x7f"
            "\x80\xbf\xc0\xc3\xe2\xed\xf0\xf4\xff"sv;
        for (std::size_t n = 1 + below(3); n > 0 && !text.empty(); --n) {
            const std::size_t at = below(text.size());
            switch (below(5)) {
                case 0:
                    text[at] = pick(kBytes);
                    break;
                case 1:
                    text.erase(at, 1 + below(3));
                    break;
                case 2:
                    text.insert(at, 1, pick(kBytes));
                    break;
                case 3:
                    text.insert(at, text.substr(below(text.size()), below(12)));
                    break;
                default:
                    text.resize(at);
            }
        }
        return text;
    }

private:
    void space(std::string& out) {
        while (below(4) == 0) out += pick(std::string_view(" \n\r\t"));
    }

    void number(std::string& out) {
        if (below(3) == 0) out += '-';
        out += below(4) == 0 ? "0" : std::to_string(1 + below(1000000));
        if (below(3) == 0) out += "." + std::to_string(below(1000));
        if (below(4) == 0) {
            out += pick(std::string_view("eE"));
            if (below(2) == 0) out += pick(std::string_view("+-"));
            out += std::to_string(below(30));
        }
    }

    void array(std::string& out, int depth) {
        out += '[';
        for (std::size_t n = below(5); n > 0; --n) {
            out += value(depth + 1);
            if (n > 1) out += ',';
        }
        if (out.back() == '[') space(out);
        out += ']';
    }

    void object(std::string& out, int depth) {
        out += '{';
        std::size_t n = below(5);
        if (n == 0) space(out);
        for (; n > 0; --n) {
            space(out);
            // The count at its end makes the key a new one.
            std::string key;
            string(key);
            key.insert(key.size() - 1, std::to_string(n));
            out += key;
            space(out);
            out += ':' + value(depth + 1);
            if (n > 1) out += ',';
        }
        out += '}';
    }

    static constexpr std::string_view kWords[] = {"true", "false", "null"};
    static constexpr std::string_view kPieces[] = {"a",
                                                   "model",
                                                   " ",
                                                   "\\n",
                                                   "\\\"",
                                                   "\\\\",
                                                   "\\/",
                                                   "\\b",
                                                   "\\u0041",
                                                   "\\u00e9",
                                                   "\\u20AC",
                                                   "\\u0000",
                                                   "\xc3\xa4",
                                                   "\xe2\x82\xac",
                                                   "\xf0\x9f\x98\x80",
                                                   "\\ud83d\\ude00",
                                                   "\x7f",
                                                   "{",
                                                   "}",
                                                   "[",
                                                   "]",
                                                   ":",
                                                   ","};

    std::mt19937 random_;
};

}  // namespace parley::sdk
