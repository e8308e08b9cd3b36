// acme.cpp: a provider that answers by itself, in whole or as a stream.
//
// Most providers have a network: plan() then names the origin, the target and the headers, and
// Answer and answer_open go. parley/provider.h says what each function may do.
#include <array>
#include <span>
#include <string>
#include <string_view>

#include "parley/provider.h"
#include "parley/sdk/json.hpp"
#include "parley/sdk/plugin.hpp"
#include "parley/sdk/provider.hpp"
#include "parley/sdk/settings.hpp"

namespace sdk = parley::sdk;

namespace {

constexpr std::string_view kSchema = R"json({
  "type": "object",
  "additionalProperties": false,
  "properties": {
    "greeting": {
      "type": "string", "default": "Hello from acme!",
      "description": "what it answers"
    }
  }
})json";

// A choice of the dialect "openai-chat", which is what `dialects` promises.
std::string reply(std::string_view object, std::string_view choice) {
    return R"({"id":"acme-1","object":")" + std::string(object) +
           R"(","created":0,"model":"acme","choices":[{"index":0,)" + std::string(choice) + "}]}";
}

std::string event(std::string_view choice) {
    return "data: " + reply("chat.completion.chunk", choice) + "\n\n";
}

class Provider {
public:
    // One reply on its way, asked for piece by piece.
    class Answer {
    public:
        Answer(std::string_view greeting, bool is_stream) : is_stream_(is_stream) {
            sdk::json_quote(greeting, text_);
        }

        parley_status step(parley_answer& io, sdk::Out& out) {
            io.status = 200;
            io.content_type = sdk::str(is_stream_ ? "text/event-stream" : "application/json");
            const std::string said = R"({"role":"assistant","content":)" + text_ + "}";
            if (!is_stream_) {
                const std::string choice = "\"message\":" + said + R"(,"finish_reason":"stop")";
                out.write(reply("chat.completion", choice));
                return PARLEY_DONE;
            }
            out.write(event("\"delta\":" + said + R"(,"finish_reason":null)"));
            out.write(event(R"("delta":{},"finish_reason":"stop")"));
            out.write("data: [DONE]\n\n");
            return PARLEY_DONE;
        }

    private:
        std::string text_;  // in quotes
        bool is_stream_;
    };

    explicit Provider(const parley_host*) {}

    void configure(std::string_view json) { greeting_ = sdk::Settings(json).text("greeting"); }

    std::span<const parley_str> dialects() {
        static constexpr std::array all{sdk::str("openai-chat")};
        return all;
    }

    std::span<const parley_model_offer> models() {
        static constexpr std::array all{
            parley_model_offer{sizeof(parley_model_offer), 0, sdk::str("acme")}};
        return all;
    }

    void plan(const parley_plan_ask&, sdk::Arena&, parley_plan& out) {
        out.flags = PARLEY_PLAN_ANSWER;
    }

    Answer* answer_open(const parley_plan_ask& ask, std::string_view) {
        return new Answer(greeting_, ask.stream != 0);
    }

private:
    std::string greeting_;
};

struct Components {
    const std::array<parley_component, 1>& operator()() const {
        static const parley_provider table = sdk::provider_table<Provider>();
        static const std::array<parley_component, 1> all{sdk::make_component<Provider>(
            {PARLEY_KIND_PROVIDER, "acme", "answers by itself", kSchema}, &table)};
        return all;
    }
};

}  // namespace

PARLEY_PLUGIN_ENTRY = sdk::make_entry("com.example.acme", "0.1.0", "acme", Components{});
