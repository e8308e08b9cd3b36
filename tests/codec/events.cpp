#include "events.hpp"

namespace parley::codec {

namespace {

std::string cut_mark(const Event& end) {
    return (end.raw.flags & PARLEY_EVENT_COMPLETE) != 0 ? "\n" : " (cut)\n";
}

}  // namespace

std::string told(const Events& events, bool usage) {
    std::string out;
    std::string part;
    uint64_t section = 0;
    sdk::Usage counted;
    for (const Event& e : events) {
        switch (e.raw.type) {
            case PARLEY_EVENT_PART_STARTED:
                section = 0;
                part = e.raw.kind == PARLEY_PART_TEXT        ? "text "
                       : e.raw.kind == PARLEY_PART_REASONING ? "reasoning "
                       : e.raw.kind == PARLEY_PART_REFUSAL   ? "refusal "
                       : e.raw.kind == PARLEY_PART_TOOL_CALL ? "call " + e.name + ' '
                                                             : "part " + e.name + ' ';
                if (e.raw.kind == PARLEY_PART_TOOL_CALL && e.raw.a == PARLEY_TOOL_CALL_CUSTOM) {
                    part = "custom " + e.name + ' ';
                }
                break;
            case PARLEY_EVENT_REASONING_DELTA:
                if (e.raw.a != section) part += "\n\n";
                section = e.raw.a;
                part += e.text;
                break;
            case PARLEY_EVENT_TEXT_DELTA:
            case PARLEY_EVENT_TOOL_ARGS_DELTA:
                part += e.text;
                break;
            case PARLEY_EVENT_PART_ENDED:
                if (part.starts_with("call ") && part.ends_with(' ')) part += "{}";
                out += part + cut_mark(e);
                part.clear();
                break;
            case PARLEY_EVENT_USAGE:
                sdk::merge_usage(counted, sdk::usage_of(e.border()));
                break;
            case PARLEY_EVENT_FINISH:
                if (usage) {
                    out += "usage " + std::to_string(counted.input_total) + ' ' +
                           std::to_string(counted.input_cache_read) + ' ' +
                           std::to_string(counted.output_total) + ' ' +
                           std::to_string(counted.output_reasoning) + '\n';
                }
                out += "finish " + std::to_string(e.raw.kind) + '\n';
                break;
            case PARLEY_EVENT_ERROR:
                out += part + "... error " + std::to_string(e.raw.kind) + ' ' + e.text + '\n';
                break;
            default:
                break;
        }
    }
    return out;
}

std::string any_text(std::mt19937& random, std::size_t size_max) {
    static const std::string kPieces[] = {
        "a",
        "Hello",
        " ",
        "\n",
        "\"",
        "\\",
        "{",
        "}",
        "\t",
        "\x01",
        "é",
        "\u2028",
        "漢",
        "🦜",
        "\xc2\xa0",
        "</script>",
    };
    std::string out;
    for (std::size_t n = 1 + random() % size_max; n != 0; --n) {
        out += kPieces[random() % std::size(kPieces)];
    }
    return out;
}

Events any_reply(std::mt19937& random) {
    Script s;
    s.start("r" + std::to_string(random() % 1000));
    bool called = false;
    uint32_t last = 0;
    const auto deltas = [&](auto each) {
        for (std::size_t n = 1 + random() % 3; n != 0; --n) each(any_text(random, 4));
    };
    if (random() % 2 == 0) {
        s.open(PARLEY_PART_REASONING);
        uint64_t section = 0;
        deltas([&](const std::string& t) {
            s.think(t, section);
            section += random() % 2;
        });
        s.end();
    }
    for (std::size_t n = random() % 4; n != 0; --n) {
        if (random() % 2 == 0 && last != PARLEY_PART_TEXT) {
            last = PARLEY_PART_TEXT;
            s.open(last);
            deltas([&](const std::string& t) { s.text(t); });
            s.end();
        } else {
            last = PARLEY_PART_TOOL_CALL;
            called = true;
            s.call("call_" + std::to_string(n), "tool_" + std::to_string(random() % 3));
            std::string json = "{\"q\":";
            sdk::json_quote(any_text(random, 5), json);
            json += '}';
            const std::size_t half = random() % json.size();
            // Code points are never cut.
            const bool cuts = (static_cast<unsigned char>(json[half]) & 0xc0u) == 0x80u;
            if (random() % 4 == 0) {
                s.end();
                continue;
            }
            if (half == 0 || cuts) {
                s.args(json);
            } else {
                s.args(json.substr(0, half)).args(json.substr(half));
            }
            s.end();
        }
    }
    const uint64_t in = random() % 5000;
    const uint64_t out = random() % 5000;
    s.usage(in, out, random() % (in + 1), 0, random() % (out + 1));
    s.finish(called ? PARLEY_FINISH_TOOL_CALLS : PARLEY_FINISH_STOP);
    return s;
}

}  // namespace parley::codec
