#include "logprobs.hpp"

#include <array>
#include <charconv>
#include <vector>

#include "wire.hpp"

namespace parley::gemini {

using sdk::JsonReader;
using sdk::JsonString;
using sdk::JsonWriter;

namespace {

struct Token {
    std::string text;
    std::string_view probability = "0";  // Google leaves out what is 0
};

// A number as it stands there. Protocol buffers spell what has none in words; others know a number
// for tokens that are next to impossible.
std::string_view read_probability(JsonReader& r) {
    const std::string_view raw = r.raw();
    const bool is_number = raw.find_first_not_of("+-.0123456789eE") == raw.npos;
    if (is_number && !raw.empty()) return raw;
    return raw == "\"-Infinity\"" ? "-9999.0" : "0";
}

// {"token":"Hi","tokenId":17,"logProbability":-0.1}
Token read_candidate(JsonReader& r) {
    Token token;
    each_member(r, [&](const JsonString& key, JsonReader& value) {
        if (key.raw == "token") {
            token.text = read_word(value).text();
        } else if (is(key, "logProbability")) {
            token.probability = read_probability(value);
        } else {
            value.skip();
        }
    });
    return token;
}

// The members of a token, in the canonical spelling; its object stays open.
void begin_token(JsonWriter& w, const Token& token) {
    w.begin_object().key("token").string(token.text);
    w.key("logprob").raw(token.probability);
    w.key("bytes").begin_array();
    for (const char c : token.text) w.number(static_cast<unsigned char>(c));
    w.end_array();
}

// [{"candidates":[…]}], one for each step
std::vector<std::vector<Token>> read_top(std::string_view json) {
    std::vector<std::vector<Token>> steps;
    JsonReader r(json);
    if (json.empty()) return steps;
    each_element(r, [&](JsonReader& step) {
        steps.emplace_back();
        each_member(step, [&](const JsonString& key, JsonReader& value) {
            if (key.raw != "candidates") return static_cast<void>(value.skip());
            each_element(value,
                         [&](JsonReader& one) { steps.back().push_back(read_candidate(one)); });
        });
    });
    return steps;
}

// A token of the canonical form; `top` is its list of others, raw.
Token read_token(std::string_view json, std::string_view* top) {
    Token token;
    each_member(json, [&](const JsonString& key, JsonReader& value) {
        if (key.raw == "token") {
            token.text = read_word(value).text();
        } else if (key.raw == "logprob") {
            token.probability = read_probability(value);
        } else if (key.raw == "top_logprobs" && top != nullptr) {
            *top = value.raw();
        } else {
            value.skip();
        }
    });
    return token;
}

void write_candidate(JsonWriter& w, const Token& token) {
    w.begin_object().key("token").string(token.text);
    w.key("logProbability").raw(token.probability).end_object();
}

}  // namespace

void read_logprobs(std::string_view json, sdk::LogprobList& into) {
    std::string_view chosen;
    std::string_view top;
    each_member(json, [&](const JsonString& key, JsonReader& value) {
        if (is(key, "chosenCandidates")) {
            chosen = value.raw();
        } else if (is(key, "topCandidates")) {
            top = value.raw();
        } else {
            value.skip();
        }
    });
    if (chosen.empty()) return;
    const std::vector<std::vector<Token>> others = read_top(top);
    std::size_t step = 0;
    JsonReader r(chosen);
    each_element(r, [&](JsonReader& one) {
        std::string token;
        JsonWriter w(token);
        begin_token(w, read_candidate(one));
        w.key("top_logprobs").begin_array();
        if (step < others.size()) {
            for (const Token& other : others[step]) {
                begin_token(w, other);
                w.end_object();
            }
        }
        w.end_array().end_object();
        into.add(token);
        ++step;
    });
}

void WrittenLogprobs::add(std::string_view extra) {
    sdk::each_logprob(extra, [&](std::string_view json) {
        std::string_view others;
        const Token token = read_token(json, &others);
        double probability = 0;
        const std::string_view number = token.probability;
        std::from_chars(number.data(), number.data() + number.size(), probability);
        sum_ += probability;
        ++count_;
        if (!chosen_.empty()) chosen_ += ',';
        JsonWriter chosen(chosen_);
        write_candidate(chosen, token);
        if (!top_.empty()) top_ += ',';
        JsonWriter top(top_);
        top.begin_object().key("candidates").begin_array();
        JsonReader r(others);
        if (!others.empty()) {
            each_element(r, [&](JsonReader& one) {
                any_top_ = true;
                write_candidate(top, read_token(one.raw(), nullptr));
            });
        }
        top.end_array().end_object();
    });
}

void WrittenLogprobs::write(std::string& out) {
    out += R"({"chosenCandidates":[)";
    out += chosen_;
    if (any_top_) (out += R"(],"topCandidates":[)") += top_;
    out += "]}";
    chosen_.clear();
    top_.clear();
    any_top_ = false;
}

void WrittenLogprobs::write_average(std::string& out) const {
    if (count_ == 0) return;
    std::array<char, 32> digits{};
    const auto [end, fault] = std::to_chars(
        digits.data(), digits.data() + digits.size(), sum_ / static_cast<double>(count_));
    out += R"(,"avgLogprobs":)";
    out.append(digits.data(), end);
}

}  // namespace parley::gemini
