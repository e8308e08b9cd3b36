// What the upstream says: whole HTTP replies, built once, in the OpenAI chat shape.
#pragma once

#include <array>
#include <cstdint>
#include <cstdio>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace bench {

inline constexpr int kStreamEvents = 200;
inline constexpr std::int64_t kPaceNs = 10'000'000;
// A paced event carries its send time (monotonic ns) in the text, where a translation keeps it.
inline constexpr std::string_view kStampMark = "t=";
inline constexpr std::size_t kStampDigits = 20;

struct Answer {
    std::vector<std::string> writes;  // each goes out by a send of its own
    std::int64_t interval_ns = 0;     // between writes; 0: as fast as they go
    bool stays_open = false;          // after the last write, until the client leaves
    bool closes = false;
};

inline std::string reply_head(std::string_view status,
                              std::string_view type,
                              std::string_view framing) {
    return std::string("HTTP/1.1 ")
        .append(status)
        .append("\r\nContent-Type: ")
        .append(type)
        .append("\r\nx-request-id: req_0123456789abcdef0123456789abcdef\r\n")
        .append("openai-processing-ms: 12\r\n")
        .append(framing)
        .append("\r\n\r\n");
}

inline Answer json_answer(std::string_view status, std::string_view body, bool closes = false) {
    std::string framing = "Content-Length: " + std::to_string(body.size());
    if (closes) {
        framing += "\r\nConnection: close";
    }
    Answer answer;
    answer.writes.push_back(reply_head(status, "application/json", framing).append(body));
    answer.closes = closes;
    return answer;
}

inline Answer error_answer(std::string_view status, std::string_view message, bool closes) {
    std::string body = R"({"error":{"message":")";
    body.append(message).append(R"(","type":"invalid_request_error","param":null,"code":null}})");
    return json_answer(status, body, closes);
}

inline void pad_with_words(std::string& text, std::size_t size) {
    static constexpr std::string_view kWords =
        "The relay reads what one wake-up brought and writes it in one go;\\n it never says "
        "\\\"done\\\" on its own account, na\xc3\xafve or not. ";
    while (text.size() + kWords.size() <= size) {
        text.append(kWords);
    }
    text.append(size > text.size() ? size - text.size() : 0, '.');
}

inline Answer completion_answer(std::string_view model, std::size_t body_bytes) {
    std::string body = R"({"id":"chatcmpl-0123456789abcdefghij","object":"chat.completion",)"
                       R"("created":1760000000,"model":")";
    body.append(model).append(
        R"(","choices":[{"index":0,"message":{"role":"assistant","content":")");
    const std::string tail =
        R"(","refusal":null},"logprobs":null,"finish_reason":"stop"}],"usage":{"prompt_tokens":57,)"
        R"("completion_tokens":230,"total_tokens":287,"prompt_tokens_details":{"cached_tokens":0})"
        R"(},"system_fingerprint":"fp_0123456789"})";
    pad_with_words(body, body_bytes - tail.size());
    return json_answer("200 OK", body + tail);
}

inline std::string chunk(std::string_view data) {
    char size[20];
    std::snprintf(size, sizeof size, "%zx\r\n", data.size());
    return std::string(size).append(data).append("\r\n");
}

inline std::string event(std::string_view model, std::string_view delta, std::string_view finish) {
    std::string text = R"(data: {"id":"chatcmpl-0123456789abcdefghij",)"
                       R"("object":"chat.completion.chunk","created":1760000000,"model":")";
    text.append(model).append(R"(","choices":[{"index":0,"delta":)").append(delta);
    return chunk(text.append(R"(,"finish_reason":)").append(finish).append("}]}\n\n"));
}

inline Answer stream_answer(std::string_view model, int events, bool is_stamped) {
    static constexpr std::array<std::string_view, 5> kTokens = {
        " relay", " of", " bytes", ",", " untouched"};
    Answer answer;
    answer.writes.push_back(
        reply_head("200 OK", "text/event-stream; charset=utf-8", "Transfer-Encoding: chunked"));
    answer.writes.push_back(event(model, R"({"role":"assistant","content":""})", "null"));
    const std::string stamp = std::string(kStampMark) + std::string(kStampDigits, '0');
    for (int i = 2; i < events; ++i) {
        const std::string_view text =
            is_stamped ? std::string_view(stamp) : kTokens[static_cast<std::size_t>(i) % 5];
        std::string delta = R"({"content":")";
        answer.writes.push_back(event(model, delta.append(text).append(R"("})"), "null"));
    }
    answer.writes.push_back(event(model, "{}", R"("stop")"));
    answer.writes.push_back(chunk("data: [DONE]\n\n") + "0\r\n\r\n");
    return answer;
}

class Answers {
public:
    Answers() {
        paced_.interval_ns = kPaceNs;
        held_.writes.resize(3);  // the head, the role, and a word, before which nothing crosses
        held_.stays_open = true;
    }

    // By what follows "bench-" in the model name, which a gateway may have wrapped in its own.
    const Answer& for_model(std::string_view rest) const {
        for (const auto& [name, answer] : table_) {
            if (rest.starts_with(name)) {
                return *answer;
            }
        }
        return no_model_;
    }

    const Answer& list() const { return list_; }

    const Answer& not_found() const { return not_found_; }

    const Answer& no_model() const { return no_model_; }

    const Answer& malformed() const { return malformed_; }

    const Answer& too_large() const { return too_large_; }

private:
    Answer small_ = completion_answer("bench-1k", 1024);
    Answer medium_ = completion_answer("bench-10k", std::size_t{10} * 1024);
    Answer large_ = completion_answer("bench-100k", std::size_t{100} * 1024);
    Answer flood_ = stream_answer("bench-sse", kStreamEvents, false);
    Answer paced_ = stream_answer("bench-pace", kStreamEvents, true);
    Answer held_ = stream_answer("bench-hold", kStreamEvents, false);
    Answer list_ = json_answer("200 OK", R"({"object":"list","data":[]})");
    Answer not_found_ = error_answer("404 Not Found", "unknown path", false);
    Answer no_model_ = error_answer("404 Not Found", "no bench- model in the body", false);
    Answer malformed_ = error_answer("400 Bad Request", "malformed request", true);
    Answer too_large_ = error_answer("413 Content Too Large", "request too large", true);
    std::array<std::pair<std::string_view, const Answer*>, 6> table_{{{"1k", &small_},
                                                                      {"10k", &medium_},
                                                                      {"100k", &large_},
                                                                      {"sse", &flood_},
                                                                      {"pace", &paced_},
                                                                      {"hold", &held_}}};
};

}  // namespace bench
