// The command line of bench_load, and the request it makes.
#pragma once

#include <arpa/inet.h>
#include <cstdint>
#include <netinet/in.h>
#include <string>
#include <string_view>
#include <vector>

#include "http.hpp"

namespace bench {

struct Options {
    sockaddr_in address{};
    std::string host;
    std::string path = "/v1/chat/completions";
    std::string model = "bench-1k";
    std::vector<std::string> headers;
    std::uint64_t connections = 1;
    std::uint64_t duration_ms = 0;
    std::uint64_t count = 0;
    std::uint64_t rate = 0;  // requests a second; 0: closed loop
    std::uint64_t body_bytes = 400;
    std::uint64_t body_bytes_min = 0;
    std::uint64_t events = 0;
    std::uint64_t hold = 0;
    std::uint64_t timeout_ms = 10'000;
    bool is_stream = false;
    bool is_model_last = false;
    bool is_messages = false;
};

inline constexpr const char* kUsage =
    R"(usage: bench_load --url http://127.0.0.1:PORT[/path] [options]

  --model NAME          bench-1k, -10k, -100k, -sse, -pace, -hold (default bench-1k)
  --stream              ask for a stream
  --connections N       (default 1)
  --duration-ms N       run this long, or
  --count N             make this many requests
  --rate N              open loop: N requests a second, timed from when each was due
  --hold N              open N streams and keep them until stdin closes; model bench-hold
  --body-bytes N        size of the request body (default 400)
  --model-last          write the model behind the messages, as the Python SDK does
  --messages            ask and listen in the Anthropic messages shape; an event is then a delta
  --header 'Name: v'    add a header; may be repeated
  --expect-bytes N      a shorter reply body is an error
  --expect-events N     a stream with another number of events is an error
  --timeout-ms N        for one request (default 10000)

Prints one JSON line (with --hold two: when all are open, and at the end).
)";

inline bool parse_url(std::string_view url, Options& options) {
    static constexpr std::string_view kScheme = "http://";
    if (!url.starts_with(kScheme)) {
        return false;
    }
    url.remove_prefix(kScheme.size());
    const auto slash = url.find('/');
    options.host = url.substr(0, slash);
    if (slash != std::string_view::npos && slash + 1 < url.size()) {
        options.path = url.substr(slash);
    }
    const auto colon = options.host.find(':');
    const std::string name = options.host.substr(0, colon);
    const auto port_text = colon == std::string::npos ? "80" : options.host.substr(colon + 1);
    const auto port = parse_number(port_text);
    options.address.sin_family = AF_INET;
    options.address.sin_port = htons(static_cast<std::uint16_t>(port.value_or(0)));
    const char* text = name == "localhost" ? "127.0.0.1" : name.c_str();
    return port && *port < 65536 && inet_pton(AF_INET, text, &options.address.sin_addr) == 1;
}

inline std::uint64_t* number_named(std::string_view name, Options& options) {
    const struct {
        std::string_view name;
        std::uint64_t* target;
    } numbers[] = {{"--connections", &options.connections},
                   {"--duration-ms", &options.duration_ms},
                   {"--count", &options.count},
                   {"--rate", &options.rate},
                   {"--hold", &options.hold},
                   {"--body-bytes", &options.body_bytes},
                   {"--expect-bytes", &options.body_bytes_min},
                   {"--expect-events", &options.events},
                   {"--timeout-ms", &options.timeout_ms}};

    for (const auto& number : numbers) {
        if (number.name == name) {
            return number.target;
        }
    }
    return nullptr;
}

inline bool set_option(std::string_view name, std::string_view value, Options& options) {
    if (std::uint64_t* number = number_named(name, options)) {
        const auto parsed = parse_number(value);
        *number = parsed.value_or(0);
        return parsed.has_value();
    }
    if (name == "--model") {
        options.model = value;
        return true;
    }
    if (name == "--header") {
        options.headers.emplace_back(value);
        return true;
    }
    return name == "--url" && parse_url(value, options);
}

inline bool* flag_named(std::string_view name, Options& options) {
    if (name == "--stream") {
        return &options.is_stream;
    }
    if (name == "--model-last") {
        return &options.is_model_last;
    }
    return name == "--messages" ? &options.is_messages : nullptr;
}

// Returns what is wrong, or an empty text.
inline std::string parse_options(int argc, char** argv, Options& options) {
    for (int i = 1; i < argc; ++i) {
        const std::string_view name = argv[i];
        if (bool* flag = flag_named(name, options)) {
            *flag = true;
            continue;
        }
        const std::string_view value = ++i < argc ? argv[i] : "";
        if (!set_option(name, value, options)) {
            return std::string(name) + " '" + std::string(value) + "': not understood";
        }
    }
    if (options.host.empty()) {
        return "--url is missing";
    }
    if (options.hold == 0 && (options.duration_ms == 0) == (options.count == 0)) {
        return "give one of --duration-ms, --count, --hold";
    }
    return options.connections == 0 ? "--connections: at least 1" : "";
}

inline constexpr std::string_view kSystem = "You are a terse reviewer of C++.";

// A conversation with exactly so many bytes, where that is enough for its frame.
inline std::string messages_of(std::size_t bytes, bool has_system) {
    static constexpr std::string_view kTurn =
        "Please look at src/relay.cpp and say why `write_some` is called twice for one wake-up.\\n"
        "```cpp\\nif (const auto n = buffer.size(); n > 0) { out.write(\\\"data: \\\", n); }"
        "\\n```\\n"
        "I expected one call; the trace shows two, na\xc3\xafve as I am. ";
    static constexpr std::string_view kUser = R"({"role":"user","content":")";
    static constexpr std::string_view kNextUser = R"("},{"role":"user","content":")";
    static constexpr std::string_view kNextAssistant = R"("},{"role":"assistant","content":")";
    static constexpr std::string_view kEnd = R"("}])";
    constexpr std::size_t kTurnsOfMessage = 4;
    std::string messages = "[";
    if (has_system) {
        messages.append(R"({"role":"system","content":")").append(kSystem).append("\"},");
    }
    messages.append(kUser);
    const std::size_t step = kTurn.size() + kNextAssistant.size() + kEnd.size();
    for (std::size_t turn = 1; messages.size() + step <= bytes; ++turn) {
        messages.append(kTurn);
        if (turn % kTurnsOfMessage == 0) {
            const bool is_user = turn / kTurnsOfMessage % 2 == 0;
            messages.append(is_user ? kNextUser : kNextAssistant);
        }
    }
    const std::size_t used = messages.size() + kEnd.size();
    return messages.append(bytes > used ? bytes - used : 0, '.').append(kEnd);
}

inline std::string body_of(const Options& options) {
    const std::string model = R"("model":")" + options.model + '"';
    std::string settings = R"("temperature":0.7)";
    settings += options.is_stream ? R"(,"stream":true)" : "";
    if (options.is_messages) {
        settings.append(R"(,"max_tokens":1024,"system":")").append(kSystem).append("\"");
    }
    const std::size_t rest = model.size() + settings.size() + sizeof(R"({"messages":,,})") - 1;
    const auto messages = messages_of(options.body_bytes > rest ? options.body_bytes - rest : 0,
                                      !options.is_messages);
    const auto first = options.is_model_last ? R"("messages":)" + messages : model;
    const auto last = options.is_model_last ? model : R"("messages":)" + messages;
    return '{' + first + ',' + settings + ',' + last + '}';
}

inline std::string make_request(const Options& options) {
    const std::string body = body_of(options);
    std::string request = "POST " + options.path + " HTTP/1.1\r\nHost: " + options.host +
                          "\r\nContent-Type: application/json\r\nAccept: application/json\r\n"
                          "User-Agent: parley-bench/1\r\n";
    for (const auto& header : options.headers) {
        request += header + "\r\n";
    }
    return request + "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}

}  // namespace bench
