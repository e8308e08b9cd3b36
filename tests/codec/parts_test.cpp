// parts_test.cpp: no part of a request or of a reply vanishes without a word, at any crossing.
//
// Every part has a mark of its own. At the other end there is the mark, or a named loss, or the
// request was refused.
#include <algorithm>

#include <gtest/gtest.h>

#include "chance.hpp"
#include "events.hpp"
#include "fields.hpp"

namespace parley::codec {

namespace {

// ---- requests ----

struct Asked {
    std::string body;
    std::vector<std::string> marks;
};

// Base64 that is found again, and what it stands for where a dialect wants the text itself.
struct Mark {
    explicit Mark(unsigned n) : base64("QUJDREVGR0hJSktM" + std::string(1, letter(n)) + "AAA") {}

    static char letter(unsigned n) { return static_cast<char>('a' + n % 26); }

    std::string base64;
};

// Fills "%" with a mark each; a choice of the templates, some of them twice.
class Marked {
public:
    explicit Marked(Chance& chance) : chance_(chance) {}

    std::string some(const std::vector<std::string>& templates) {
        std::string all;
        for (const std::string& each : templates) {
            if (!chance_.one_in(2)) continue;
            if (!all.empty()) all += ',';
            const std::size_t at = each.find('%');
            const Mark mark(static_cast<unsigned>(marks.size()));
            marks.push_back(mark.base64);
            all += each.substr(0, at) + mark.base64 + each.substr(at + 1);
        }
        return all;
    }

    std::vector<std::string> marks;

private:
    Chance& chance_;
};

std::string behind_comma(const std::string& parts) {
    return parts.empty() ? "" : "," + parts;
}

std::string inline_data(const std::string& mime) {
    return R"({"inlineData":{"mimeType":")" + mime + R"(","data":"%"}})";
}

Asked gemini(Chance& chance) {
    std::vector<std::string> media;
    for (const char* mime : {"image/png",
                             "image/heic",
                             "audio/wav",
                             "audio/ogg",
                             "video/mp4",
                             "application/pdf",
                             "application/zip"}) {
        media.push_back(inline_data(mime));
    }
    media.emplace_back(R"({"fileData":{"mimeType":"image/png","fileUri":"https://x/%"}})");
    media.emplace_back(R"({"fileData":{"mimeType":"video/mp4","fileUri":"https://x/%"}})");
    media.emplace_back(R"({"fileData":{"mimeType":"application/pdf","fileUri":"https://x/%"}})");
    Marked m(chance);
    const std::string asked = m.some(media);
    const std::string answered = m.some({inline_data("image/png"), inline_data("audio/wav")});
    const std::string results = m.some(media);
    return {R"({"contents":[{"role":"user","parts":[{"text":"hi"})" + behind_comma(asked) +
                R"(]},{"role":"model","parts":[{"text":"so"})" + behind_comma(answered) +
                R"(,{"functionCall":{"id":"c","name":"f","args":{}}}]},)"
                R"({"role":"user","parts":[{"functionResponse":{"id":"c","name":"f",)"
                R"("response":{"output":"x"},"parts":[)" +
                results + "]}}]}]}",
            m.marks};
}

std::string source(const std::string& type, const std::string& mime) {
    return R"({"type":")" + type + R"(","source":{"type":"base64","media_type":")" + mime +
           R"(","data":"%"}})";
}

Asked anthropic(Chance& chance) {
    const std::vector<std::string> media{
        source("image", "image/png"),
        source("document", "application/pdf"),
        R"({"type":"image","source":{"type":"url","url":"https://x/%"}})",
        R"({"type":"document","source":{"type":"url","url":"https://x/%"}})",
        R"({"type":"document","source":{"type":"text","media_type":"text/plain","data":"%"}})",
        R"({"type":"document","source":{"type":"content","content":[{"type":"text","text":"%"}]}})",
        R"({"type":"document","source":{"type":"content","content":[)" +
            source("image", "image/png") + "]}}",
        R"({"type":"search_result","source":"https://x","title":"t","content":[)"
        R"({"type":"text","text":"%"}]})"};
    std::vector<std::string> results = media;
    results.emplace_back(R"({"type":"tool_reference","tool_name":"%"})");
    results.emplace_back(R"({"type":"text","text":"%"})");
    Marked m(chance);
    const std::string asked = m.some(media);
    const std::string answered = m.some(results);
    return {R"({"model":"m","max_tokens":9,"messages":[{"role":"user","content":[)"
            R"({"type":"text","text":"hi"})" +
                behind_comma(asked) +
                R"(]},{"role":"assistant","content":[{"type":"tool_use","id":"c","name":"f",)"
                R"("input":{}}]},{"role":"user","content":[{"type":"tool_result",)"
                R"("tool_use_id":"c","content":[)" +
                answered + "]}]}]}",
            m.marks};
}

Asked responses(Chance& chance) {
    const std::vector<std::string> media{
        R"({"type":"input_image","image_url":"data:image/png;base64,%"})",
        R"({"type":"input_image","image_url":"https://x/%"})",
        R"({"type":"input_file","filename":"a.pdf","file_data":"data:application/pdf;base64,%"})",
        R"({"type":"input_file","file_url":"https://x/%"})",
        R"({"type":"input_text","text":"%"})"};
    Marked m(chance);
    const std::string asked = m.some(media);
    const std::string answered = m.some(media);
    return {R"({"model":"m","input":[{"role":"user","content":[)"
            R"({"type":"input_text","text":"hi"})" +
                behind_comma(asked) +
                R"(]},{"type":"function_call","call_id":"c","name":"f","arguments":"{}"},)"
                R"({"type":"function_call_output","call_id":"c","output":[)" +
                answered + "]}]}",
            m.marks};
}

Asked chat(Chance& chance) {
    const std::vector<std::string> media{
        R"({"type":"image_url","image_url":{"url":"data:image/png;base64,%"}})",
        R"({"type":"image_url","image_url":{"url":"https://x/%"}})",
        R"({"type":"input_audio","input_audio":{"format":"wav","data":"%"}})",
        R"({"type":"file","file":{"filename":"a.pdf",)"
        R"("file_data":"data:application/pdf;base64,%"}})",
        R"({"type":"text","text":"%"})"};
    Marked m(chance);
    const std::string asked = m.some(media);
    const std::string answered = m.some(media);
    return {R"({"model":"m","messages":[{"role":"user","content":[{"type":"text","text":"hi"})" +
                behind_comma(asked) +
                R"(]},{"role":"assistant","tool_calls":[{"id":"c","type":"function",)"
                R"("function":{"name":"f","arguments":"{}"}}]},)"
                R"({"role":"tool","tool_call_id":"c","content":[)" +
                answered + "]}]}",
            m.marks};
}

struct Client {
    const char* id;
    const char* path;
    Asked (*ask)(Chance&);
};

constexpr Client kClients[] = {
    {"openai-chat", "/v1/chat/completions", chat},
    {"openai-responses", "/v1/responses", responses},
    {"anthropic-messages", "/v1/messages", anthropic},
    {"gemini-generate", "/v1beta/models/m:generateContent", gemini},
};

// How many of the marks are gone.
std::size_t missing(const std::vector<std::string>& marks, const std::string& body) {
    return static_cast<std::size_t>(std::count_if(
        marks.begin(), marks.end(), [&](const auto& m) { return body.find(m) == body.npos; }));
}

TEST(Parts, OfRequestsArriveOrAreNamed) {
    int arrived = 0;
    int named = 0;
    int refused = 0;
    for_seeds(600, [&](uint32_t seed) {
        Chance chance(seed);
        const Client& client = kClients[seed % 4];
        Asked asked = client.ask(chance);
        Request request;
        request.path = client.path;
        request.body = asked.body;
        if (client.ask == anthropic)
            request.headers.emplace_back("anthropic-version", "2023-06-01");
        Decoded read;
        try {
            read = dialect(client.id).decode_request(request);
        } catch (const Refused& refusal) {
            EXPECT_FALSE(refusal.param.empty()) << refusal.what() << asked.body;
            return;
        }
        for (const std::string& target : kDialects) {
            SCOPED_TRACE(std::string(client.id) + " -> " + target + ": " + asked.body);
            try {
                // A place that knows neither calls' media nor addresses has the most to lose.
                const char* traits = seed % 8 < 4 ? R"({"fr_parts_ok":false})" : "{}";
                const Encoded sent = dialect(target).encode_request(*read.request, "m-x", traits);
                const std::size_t gone = missing(asked.marks, sent.body);
                const std::size_t told = sent.warnings.size() + read.request->warning_count;
                EXPECT_GE(told, gone) << sent.body;
                arrived += gone == 0 ? 1 : 0;
                named += gone == 0 ? 0 : 1;
            } catch (const Refused& refusal) {
                EXPECT_EQ(refusal.error_class, PARLEY_E_UNSUPPORTED) << refusal.what();
                EXPECT_FALSE(refusal.param.empty()) << refusal.what();
                ++refused;
            }
        }
    });
    EXPECT_GT(arrived, 200);
    EXPECT_GT(refused, 100);
    std::cout << arrived << " requests arrived whole, " << named << " with named losses, "
              << refused << " were refused\n";
}

// ---- replies ----

// A part with its mark, which every dialect that shows the part has on its wire.
void add_part(Script& script, uint32_t kind, const std::string& mark, int number) {
    switch (kind) {
        case PARLEY_PART_TEXT:
        case PARLEY_PART_REFUSAL:
            script.open(kind).text(mark).end();
            break;
        case PARLEY_PART_REASONING:
            script.open(kind).think(mark).end();
            break;
        case PARLEY_PART_TOOL_CALL:
            script.call("c" + std::to_string(number), "f").args("{\"x\":\"" + mark + "\"}").end();
            break;
        case PARLEY_PART_SERVER_ITEM: {
            static const std::string kOwners[] = {
                "openai-responses", "anthropic-messages", "gemini-generate", "another"};
            const std::string raw =
                R"({"type":"web_fetch_call","id":")" + mark + R"(","executableCode":{"code":"x"}})";
            script.item("i" + std::to_string(number),
                        "web_fetch",
                        R"({"dialect":")" + kOwners[static_cast<std::size_t>(number) % 4] +
                            R"(","raw":)" + raw + "}");
            script.end();
            break;
        }
        default:
            script.media(kind, kind == PARLEY_PART_AUDIO ? "audio/wav" : "image/png", mark).end();
            break;
    }
}

TEST(Parts, OfRepliesAreShownOrDeclined) {
    static const uint32_t kKinds[] = {PARLEY_PART_TEXT,
                                      PARLEY_PART_REFUSAL,
                                      PARLEY_PART_REASONING,
                                      PARLEY_PART_TOOL_CALL,
                                      PARLEY_PART_SERVER_ITEM,
                                      PARLEY_PART_IMAGE,
                                      PARLEY_PART_AUDIO,
                                      PARLEY_PART_VIDEO,
                                      PARLEY_PART_DOCUMENT};
    std::size_t shown = 0;
    std::size_t declined = 0;
    for_seeds(300, [&](uint32_t seed) {
        Chance chance(seed);
        Script script;
        script.start();
        std::vector<std::string> marks;
        std::vector<uint32_t> kinds;
        const int parts = 1 + static_cast<int>(seed % 6);
        for (int i = 0; i < parts; ++i) {
            const Mark mark(static_cast<unsigned>(i));
            marks.push_back(mark.base64);
            kinds.push_back(kKinds[(seed / 6 + chance.below(9)) % 9]);
            add_part(script, kinds.back(), mark.base64, i + static_cast<int>(seed));
        }
        const Events events = script.finish(PARLEY_FINISH_STOP);
        for (const std::string& client : kDialects) {
            for (const bool stream : {true, false}) {
                SCOPED_TRACE(client + (stream ? " streamed" : " whole"));
                std::vector<uint32_t> lost;
                const std::string wire =
                    dialect(client).encode(plain_request(), events, stream, "m-x", &lost);
                EXPECT_EQ(missing(marks, wire), lost.size()) << lines(events) << wire;
                for (const uint32_t kind : lost) {
                    EXPECT_GT(std::count(kinds.begin(), kinds.end(), kind), 0);
                }
                declined += lost.size();
                shown += marks.size() - lost.size();
            }
        }
    });
    EXPECT_GT(shown, 1000u);
    EXPECT_GT(declined, 1000u);
}

}  // namespace

}  // namespace parley::codec
