// reply_properties_test.cpp: what holds for every reply in every dialect.
#include <algorithm>
#include <iostream>
#include <map>
#include <set>

#include <boost/json.hpp>
#include <gtest/gtest.h>

#include "any_request.hpp"
#include "events.hpp"
#include "fields.hpp"
#include "meaning.hpp"
#include "parley/sdk/grammar.hpp"
#include "parley/sdk/usage.hpp"
#include "wire.hpp"

namespace parley::codec {

namespace {

namespace json = boost::json;

Events through(const std::string& id, const Events& events, bool stream) {
    const std::string wire = dialect(id).encode(plain_request(), events, stream);
    return dialect(id).decode(plain_request(), wire, stream);
}

// ---- words of the grammar, by chance ----

class AnyReply {
public:
    // `common`: only what all dialects can say in full.
    AnyReply(uint32_t seed, bool common) : chance_(seed), common_(common) {}

    Events make() {
        s_.start("r" + std::to_string(chance_.below(1000)));
        if (chance_.one_in(2)) reasoning();
        for (uint32_t n = chance_.below(4); n != 0; --n) {
            if (!common_ && chance_.one_in(8)) s_.ping();
            if (!common_ && chance_.one_in(4)) odd();
            chance_.one_in(2) ? text() : call();
        }
        if (!common_ && chance_.one_in(6)) return fail();
        if (!common_ && chance_.one_in(5)) return cut();
        usage();
        const bool stops = common_ || chance_.one_in(2);
        s_.finish(called_ ? PARLEY_FINISH_TOOL_CALLS
                  : stops ? PARLEY_FINISH_STOP
                          : chance_.of({PARLEY_FINISH_STOP_SEQUENCE,
                                        PARLEY_FINISH_CONTENT_FILTER,
                                        PARLEY_FINISH_REFUSAL,
                                        PARLEY_FINISH_PAUSE,
                                        PARLEY_FINISH_OTHER,
                                        PARLEY_FINISH_COMPACTION,
                                        PARLEY_FINISH_MALFORMED_TOOL_CALL}));
        return s_;
    }

private:
    std::string delta() {
        const std::string text = chance_.text(5);
        return text.empty() ? "." : text;
    }

    void reasoning() {
        s_.open(PARLEY_PART_REASONING);
        uint64_t section = 0;
        for (uint32_t n = 1 + chance_.below(4); n != 0; --n) {
            s_.think(delta(), section, common_ || chance_.one_in(2));
            section += chance_.below(2);
        }
        const bool sealed = !common_ && chance_.one_in(2);
        if (sealed) s_.seal("anthropic", "c2ln", PARLEY_SEAL_SIGNATURE);
        s_.end();
    }

    void text() {
        const bool refuses = !common_ && chance_.one_in(5);
        s_.open(refuses ? PARLEY_PART_REFUSAL : PARLEY_PART_TEXT);
        for (uint32_t n = chance_.below(4); n != 0; --n) s_.text(delta());
        if (!common_ && !refuses && chance_.one_in(4)) {
            s_.cite("https://example.org/?q=\"", "T", 0, chance_.below(3));
        }
        s_.end();
    }

    void call() {
        called_ = true;
        const bool custom = !common_ && chance_.one_in(4);
        s_.call("call_" + std::to_string(++calls_),
                chance_.legal_name(),
                custom ? PARLEY_TOOL_CALL_CUSTOM : PARLEY_TOOL_CALL_FUNCTION);
        if (!common_ && chance_.one_in(4)) {
            s_.seal("gemini", "c2ln", PARLEY_SEAL_THOUGHT_SIGNATURE);
        }
        pieces(custom ? delta() : chance_.json_object());
        s_.end();
    }

    // What not every dialect has a place for.
    void odd() {
        static const std::string kTools[] = {"web_search", "code_execution", "mcp", "new_tool"};
        switch (chance_.below(5)) {
            case 0:
                s_.media(PARLEY_PART_IMAGE, "image/png", "QUJD").end();
                break;
            case 1:
                s_.media(PARLEY_PART_AUDIO, "audio/wav", "QUJD").end();
                break;
            case 2:
                s_.raw("another", "new.thing", R"({"type":"new.thing"})");
                break;
            case 3:
                s_.open(PARLEY_PART_REASONING)
                    .seal("anthropic", "ZW5j", PARLEY_SEAL_REDACTED)
                    .end();
                break;
            default: {
                const std::string owner = chance_.of<std::string>({"another", kDialects[0]});
                const std::string raw = R"({"type":"new_call","id":"i_1","status":"completed"})";
                s_.item("i_" + std::to_string(chance_.below(9)),
                        kTools[chance_.below(4)],
                        R"({"dialect":")" + owner + R"(","raw":)" + raw + "}");
                s_.end();
            }
        }
    }

    // Cut between any two code points.
    void pieces(const std::string& all) {
        if (all == "{}" && chance_.one_in(2)) return;
        for (std::size_t at = 0; at < all.size();) {
            std::size_t size = 1 + chance_.below(9);
            while (at + size < all.size() &&
                   (static_cast<unsigned char>(all[at + size]) & 0xc0u) == 0x80u) {
                ++size;
            }
            s_.args(all.substr(at, size));
            at += size;
        }
    }

    // Not all upstreams know all counters.
    void usage() {
        const uint64_t in = chance_.below(5000);
        const uint64_t out = chance_.below(5000);
        const uint64_t read = chance_.below(static_cast<uint32_t>(in) + 1);
        const uint64_t wrote = chance_.below(static_cast<uint32_t>(in - read) + 1);
        s_.usage(in, out, read, common_ ? 0 : wrote, chance_.below(static_cast<uint32_t>(out) + 1));
    }

    Events cut() {
        chance_.one_in(2) ? s_.open(PARLEY_PART_TEXT).text("half")
                          : s_.call("cut", "f").args("{\"a");
        s_.end(false);
        usage();
        return s_.finish(PARLEY_FINISH_LENGTH);
    }

    Events fail() {
        if (chance_.one_in(2)) s_.open(PARLEY_PART_TEXT).text("half");
        return s_.fail(
            chance_.of({PARLEY_E_OVERLOADED, PARLEY_E_UPSTREAM_PROTOCOL, PARLEY_E_RATE_LIMITED}),
            "broke");
    }

    Chance chance_;
    bool common_;
    Script s_;
    bool called_ = false;
    int calls_ = 0;
};

std::string grammar_fault(const Events& events) {
    sdk::GrammarChecker grammar;
    for (const Event& e : events) {
        if (const char* wrong = grammar.check(e.border())) return wrong + (": " + e.line());
    }
    return grammar.ended() ? "" : "no end";
}

// 13: every word of the grammar can be said in every dialect, by its rules.
TEST(AnyReply, IsWrittenByTheRulesOfEveryDialect) {
    for_seeds(500, [](uint32_t seed) {
        const Events events = AnyReply(seed, false).make();
        ASSERT_EQ(grammar_fault(events), "");
        const bool failed = events.back().raw.type == PARLEY_EVENT_ERROR;
        for (const std::string& id : kDialects) {
            SCOPED_TRACE(id);
            const std::string wire = dialect(id).encode(plain_request(), events, true);
            EXPECT_EQ(stream_fault(id, wire), "") << lines(events) << wire;
            const Events back = dialect(id).decode(plain_request(), wire, true);
            EXPECT_EQ(back.back().raw.type, events.back().raw.type) << wire;
            if (failed) continue;
            const std::string body = dialect(id).encode(plain_request(), events, false);
            boost::system::error_code wrong;
            json::parse(body, wrong);
            EXPECT_FALSE(wrong) << body;
        }
    });
}

// 14, and 10 and 11: it comes back, streamed and whole, and both say the same.
TEST(AnyReply, ComesBackStreamedAndWhole) {
    for_seeds(300, [](uint32_t seed) {
        const Events events = AnyReply(seed, true).make();
        const Meaning wanted = meaning_of(events);
        for (const std::string& id : kDialects) {
            SCOPED_TRACE(id);
            const Events streamed = through(id, events, true);
            EXPECT_EQ(differences(wanted, meaning_of(streamed)), "") << lines(events);
            const Events whole = through(id, events, false);
            EXPECT_EQ(differences(wanted, meaning_of(whole)), "") << lines(events);
            // A second hop changes nothing any more.
            EXPECT_EQ(lines(joined(through(id, streamed, true))), lines(joined(streamed)));
        }
    });
}

// 9: how the upstream cuts its deltas does not matter.
Events split_into_code_points(const Events& events) {
    Events more;
    for (const Event& event : events) {
        const uint16_t type = event.raw.type;
        const bool is_delta = type == PARLEY_EVENT_TEXT_DELTA ||
                              type == PARLEY_EVENT_REASONING_DELTA ||
                              type == PARLEY_EVENT_TOOL_ARGS_DELTA;
        if (!is_delta || event.text.empty()) {
            more.push_back(event);
            continue;
        }
        for (std::size_t at = 0; at < event.text.size();) {
            std::size_t end = at + 1;
            while (end < event.text.size() &&
                   (static_cast<unsigned char>(event.text[end]) & 0xc0u) == 0x80u) {
                ++end;
            }
            more.push_back(event);
            more.back().text = event.text.substr(at, end - at);
            at = end;
        }
    }
    return more;
}

TEST(AnyReply, SaysTheSameHoweverItsDeltasAreCut) {
    for_seeds(150, [](uint32_t seed) {
        const Events events = AnyReply(seed, true).make();
        for (const std::string& id : kDialects) {
            SCOPED_TRACE(id);
            const std::string wanted = lines(joined(through(id, events, true)));
            EXPECT_EQ(lines(joined(through(id, joined(events), true))), wanted);
            const Events more = split_into_code_points(events);
            EXPECT_GE(more.size(), events.size());
            EXPECT_EQ(lines(joined(through(id, more, true))), wanted);
        }
    });
}

std::string replaced(std::string text, const std::string& from, const std::string& to) {
    for (std::size_t at = 0; (at = text.find(from, at)) != text.npos; at += to.size()) {
        text.replace(at, from.size(), to);
    }
    return text;
}

// 8: nor how the network cuts its bytes, how lines end, or whether a space follows "data:".
TEST(AnyReply, SaysTheSameHoweverItsBytesAreCut) {
    for_seeds(60, [](uint32_t seed) {
        const Events events = AnyReply(seed, false).make();
        for (const std::string& id : kDialects) {
            SCOPED_TRACE(id);
            const std::string wire = dialect(id).encode(plain_request(), events, true);
            const std::string wanted =
                lines(joined(dialect(id).decode(plain_request(), wire, true)));
            const std::string spellings[] = {
                wire,
                replaced(wire, "\n", "\r\n"),
                replaced(wire, "\n", "\r"),
                replaced(replaced("\n" + wire, "\ndata: ", "\ndata:"), "\nevent: ", "\nevent:")};
            for (const std::string& spelled : spellings) {
                for (const std::size_t piece : {1, 3, 64}) {
                    const auto got = dialect(id).decode(plain_request(), spelled, true, piece);
                    EXPECT_EQ(lines(joined(got)), wanted) << "pieces of " << piece;
                }
            }
        }
    });
}

// ---- 15 ----

sdk::Usage told_usage(const Events& events) {
    sdk::Usage usage;
    for (const Event& e : events) {
        if (e.raw.type == PARLEY_EVENT_USAGE) sdk::merge_usage(usage, sdk::usage_of(e.border()));
    }
    return usage;
}

Events reply_with(const sdk::Usage& usage) {
    Script s;
    s.start().open(PARLEY_PART_TEXT).text("Hi").end();
    Events events = s;
    auto e = sdk::make_event(PARLEY_EVENT_USAGE);
    const std::string extra = sdk::usage_extra(usage);
    e.kind = usage.known;
    e.a = usage.input_total;
    e.b = usage.output_total;
    e.extra = str(extra);
    events.emplace_back(e);
    auto finish = sdk::make_event(PARLEY_EVENT_FINISH);
    finish.kind = PARLEY_FINISH_STOP;
    events.emplace_back(finish);
    return events;
}

// Which of the finer counters a wire has a word for.
bool says_finer(const std::string& id, sdk::Finer counter) {
    using sdk::Finer;
    static const std::map<std::string, std::set<Finer>> kOthers{
        {"openai-chat",
         {Finer::input_audio,
          Finer::output_audio,
          Finer::accepted_prediction,
          Finer::rejected_prediction}},
        {"openai-responses", {}},
        {"anthropic-messages",
         {Finer::cache_write_5m, Finer::cache_write_1h, Finer::web_searches, Finer::web_fetches}}};
    const auto found = kOthers.find(id);
    if (found != kOthers.end()) return found->second.contains(counter);
    return counter >= Finer::input_text && counter <= Finer::output_document;
}

TEST(Usage, IsKeptThroughEveryDialect) {
    for_seeds(300, [](uint32_t seed) {
        Chance chance(seed);
        sdk::Usage usage;
        usage.input_total = chance.below(1000);
        usage.output_total = chance.below(1000);
        usage.known = PARLEY_USAGE_INPUT | PARLEY_USAGE_OUTPUT;
        const auto some = [&](uint32_t bit, uint64_t& counter, uint64_t most) {
            if (chance.one_in(3)) return;
            usage.known |= bit;
            counter = chance.below(static_cast<uint32_t>(most) + 1);
        };
        some(PARLEY_USAGE_CACHE_READ, usage.input_cache_read, usage.input_total);
        some(PARLEY_USAGE_CACHE_WRITE,
             usage.input_cache_write,
             usage.input_total - usage.input_cache_read);
        some(PARLEY_USAGE_REASONING, usage.output_reasoning, usage.output_total);
        for (uint32_t i = 0; i < sdk::kFinerNames.size(); ++i) {
            if (chance.one_in(3)) continue;
            usage.tell(static_cast<sdk::Finer>(i),
                       chance.below(static_cast<uint32_t>(usage.input_total) + 1));
        }
        const Events events = reply_with(usage);
        for (const std::string& id : kDialects) {
            for (const bool stream : {true, false}) {
                SCOPED_TRACE(id + (stream ? ", streamed" : ", whole"));
                const sdk::Usage got = told_usage(through(id, events, stream));
                EXPECT_EQ(got.input_total, usage.input_total);
                EXPECT_EQ(got.output_total, usage.output_total);
                EXPECT_EQ(got.input_cache_read, usage.input_cache_read);
                EXPECT_EQ(got.output_reasoning, usage.output_reasoning);
                // Gemini's wire has no word for what went into the cache.
                const bool has_write = id != "gemini-generate";
                EXPECT_EQ(got.input_cache_write, has_write ? usage.input_cache_write : 0);
                EXPECT_EQ(sdk::uncached_input(got) + got.input_cache_read + got.input_cache_write,
                          got.input_total);
                for (uint32_t i = 0; i < sdk::kFinerNames.size(); ++i) {
                    const auto counter = static_cast<sdk::Finer>(i);
                    const uint64_t wanted = says_finer(id, counter) ? usage.of(counter) : 0;
                    EXPECT_EQ(got.of(counter), wanted) << sdk::kFinerNames[i];
                }
            }
        }
    });
}

// The same counters as each wire spells them.
TEST(Usage, CrossesInItsFinerCounters) {
    const std::string chat =
        R"({"id":"r","object":"chat.completion","created":1,"model":"m","choices":[{"index":0,)"
        R"("message":{"role":"assistant","content":"Hi"},"finish_reason":"stop"}],"usage":{)"
        R"("prompt_tokens":31,"completion_tokens":9,"total_tokens":40,"prompt_tokens_details":{)"
        R"("cached_tokens":0,"audio_tokens":7},"completion_tokens_details":{"reasoning_tokens":0,)"
        R"("audio_tokens":3,"accepted_prediction_tokens":2,"rejected_prediction_tokens":1}}})";
    const Events told = dialect("openai-chat").decode(plain_request(), chat, false);
    EXPECT_EQ(told_usage(told).of(sdk::Finer::rejected_prediction), 1u);
    const std::string gemini = dialect("gemini-generate").encode(plain_request(), told, false);
    EXPECT_NE(gemini.find(R"("promptTokensDetails":[{"modality":"AUDIO","tokenCount":7}])"),
              gemini.npos)
        << gemini;
    const Events back = dialect("gemini-generate").decode(plain_request(), gemini, false);
    const std::string again = dialect("openai-chat").encode(plain_request(), back, false);
    EXPECT_NE(again.find(R"("audio_tokens":7})"), again.npos) << again;
    EXPECT_NE(again.find(R"("audio_tokens":3})"), again.npos) << again;

    const std::string messages =
        R"({"id":"msg_1","type":"message","role":"assistant","model":"m","content":[{"type":)"
        R"("text","text":"Hi"}],"stop_reason":"end_turn","stop_sequence":null,"usage":{)"
        R"("input_tokens":1,"cache_creation_input_tokens":5,"cache_read_input_tokens":0,)"
        R"("cache_creation":{"ephemeral_5m_input_tokens":2,"ephemeral_1h_input_tokens":3},)"
        R"("output_tokens":4,"server_tool_use":{"web_search_requests":6,"web_fetch_requests":0}}})";
    const std::string same =
        dialect("anthropic-messages")
            .encode(plain_request(),
                    dialect("anthropic-messages").decode(plain_request(), messages, false),
                    false);
    for (const char* member : {R"("cache_creation":{"ephemeral_5m_input_tokens":2,)"
                               R"("ephemeral_1h_input_tokens":3})",
                               R"("server_tool_use":{"web_search_requests":6,)"}) {
        EXPECT_NE(same.find(member), same.npos) << same;
    }
}

// A wire's counters, some of them null or gone.
std::string with_holes(Chance& chance, std::string wire) {
    for (const char* name : {"prompt_tokens",
                             "completion_tokens",
                             "total_tokens",
                             "cached_tokens",
                             "reasoning_tokens",
                             "input_tokens",
                             "output_tokens",
                             "cache_creation_input_tokens",
                             "cache_read_input_tokens",
                             "promptTokenCount",
                             "candidatesTokenCount",
                             "thoughtsTokenCount",
                             "cachedContentTokenCount",
                             "totalTokenCount"}) {
        const std::string member = '"' + std::string(name) + "\":";
        for (std::size_t at = 0; (at = wire.find(member, at)) != wire.npos; ++at) {
            const std::size_t from = at + member.size();
            const std::size_t size = wire.find_first_not_of("0123456789", from) - from;
            if (chance.one_in(3))
                wire.replace(from, size, "null");
            else if (chance.one_in(4))
                wire.replace(at, 2, "\"x");
        }
    }
    return wire;
}

TEST(Usage, WithHolesInItStaysASum) {
    for_seeds(300, [](uint32_t seed) {
        Chance chance(seed);
        sdk::Usage usage;
        usage.known = 31;
        usage.input_total = chance.below(1000);
        usage.output_total = chance.below(1000);
        usage.input_cache_read = chance.below(static_cast<uint32_t>(usage.input_total) + 1);
        usage.output_reasoning = chance.below(static_cast<uint32_t>(usage.output_total) + 1);
        for (const std::string& id : kDialects) {
            for (const bool stream : {true, false}) {
                const std::string wire = with_holes(
                    chance, dialect(id).encode(plain_request(), reply_with(usage), stream));
                SCOPED_TRACE(id + ' ' + wire);
                const Events read = dialect(id).decode(plain_request(), wire, stream);
                EXPECT_EQ(grammar_fault(read), "");
                const sdk::Usage got = told_usage(read);
                const uint64_t cached = got.input_cache_read + got.input_cache_write;
                EXPECT_EQ(sdk::uncached_input(got) + cached, std::max(got.input_total, cached));
                // Nothing that was not told, and no number that wrapped.
                for (const uint64_t counter : {got.input_total, got.output_total, cached}) {
                    EXPECT_LE(counter,
                              usage.input_total + usage.output_total + usage.input_cache_read +
                                  usage.output_reasoning);
                }
                for (const std::string& other : kDialects) {
                    const sdk::Usage there = told_usage(through(other, read, stream));
                    if ((got.known & PARLEY_USAGE_INPUT) != 0) {
                        EXPECT_EQ(there.input_total, got.input_total) << other;
                    }
                    EXPECT_EQ(there.output_total, got.output_total) << other;
                }
            }
        }
    });
}

TEST(Usage, ToldAgainReplacesWhatWasTold) {
    Script s;
    s.start()
        .usage(10, 1, 2)
        .open(PARLEY_PART_TEXT)
        .text("Hi")
        .end()
        .usage(12, 3, 4)
        .usage(12, 5, 4);
    s.finish(PARLEY_FINISH_STOP);
    for (const std::string& id : kDialects) {
        SCOPED_TRACE(id);
        const sdk::Usage got = told_usage(through(id, s, true));
        EXPECT_EQ(got.input_total, 12u);
        EXPECT_EQ(got.output_total, 5u);
        EXPECT_EQ(got.input_cache_read, 4u);
    }
}

// ---- 16 ----

TEST(Finish, HasAWordInEveryDialectThatStaysTheSame) {
    for (uint32_t kind = PARLEY_FINISH_STOP; kind <= PARLEY_FINISH_COMPACTION; ++kind) {
        for (const std::string& id : kDialects) {
            SCOPED_TRACE(id + ' ' + std::to_string(kind));
            Script s;
            s.start().open(PARLEY_PART_TEXT).text("Hi").end();
            if (kind == PARLEY_FINISH_TOOL_CALLS) s.call("c1", "f").args("{}").end();
            s.usage(1, 1).finish(kind);
            const Events once = through(id, s, true);
            EXPECT_EQ(stream_fault(id, dialect(id).encode(plain_request(), s, true)), "");
            EXPECT_EQ(meaning_of(once).finish, meaning_of(s).finish);
            EXPECT_EQ(through(id, once, true).back().raw.kind, once.back().raw.kind);
            EXPECT_EQ(through(id, s, false).back().raw.kind, once.back().raw.kind);
        }
    }
}

// Every word that a wire has for its end, and what it means. Those in front are what Parley writes.
struct EndWord {
    const char* dialect;
    const char* word;
    uint32_t kind;
};

constexpr EndWord kEndWords[] = {
    {"openai-chat", "stop", PARLEY_FINISH_STOP},
    {"openai-chat", "length", PARLEY_FINISH_LENGTH},
    {"openai-chat", "content_filter", PARLEY_FINISH_CONTENT_FILTER},
    {"openai-chat", "tool_calls", PARLEY_FINISH_STOP},  // though none was made
    {"openai-chat", "function_call", PARLEY_FINISH_STOP},
    {"openai-chat", "eos", PARLEY_FINISH_STOP},
    {"openai-chat", "end", PARLEY_FINISH_STOP},
    {"openai-chat", "insufficient_system_resource", PARLEY_FINISH_STOP},
    {"openai-chat", "new_word", PARLEY_FINISH_STOP},
    {"anthropic-messages", "end_turn", PARLEY_FINISH_STOP},
    {"anthropic-messages", "stop_sequence", PARLEY_FINISH_STOP_SEQUENCE},
    {"anthropic-messages", "max_tokens", PARLEY_FINISH_LENGTH},
    {"anthropic-messages", "model_context_window_exceeded", PARLEY_FINISH_CONTEXT_LENGTH},
    {"anthropic-messages", "pause_turn", PARLEY_FINISH_PAUSE},
    {"anthropic-messages", "refusal", PARLEY_FINISH_REFUSAL},
    {"anthropic-messages", "compaction", PARLEY_FINISH_COMPACTION},
    {"anthropic-messages", "tool_use", PARLEY_FINISH_STOP},
    {"anthropic-messages", "new_word", PARLEY_FINISH_STOP},
    {"gemini-generate", "STOP", PARLEY_FINISH_STOP},
    {"gemini-generate", "MAX_TOKENS", PARLEY_FINISH_LENGTH},
    {"gemini-generate", "CONTINUATION", PARLEY_FINISH_PAUSE},
    {"gemini-generate", "SAFETY", PARLEY_FINISH_CONTENT_FILTER},
    {"gemini-generate", "RECITATION", PARLEY_FINISH_CONTENT_FILTER},
    {"gemini-generate", "LANGUAGE", PARLEY_FINISH_CONTENT_FILTER},
    {"gemini-generate", "BLOCKLIST", PARLEY_FINISH_CONTENT_FILTER},
    {"gemini-generate", "PROHIBITED_CONTENT", PARLEY_FINISH_CONTENT_FILTER},
    {"gemini-generate", "SPII", PARLEY_FINISH_CONTENT_FILTER},
    {"gemini-generate", "IMAGE_SAFETY", PARLEY_FINISH_CONTENT_FILTER},
    {"gemini-generate", "IMAGE_PROHIBITED_CONTENT", PARLEY_FINISH_CONTENT_FILTER},
    {"gemini-generate", "IMAGE_RECITATION", PARLEY_FINISH_CONTENT_FILTER},
    {"gemini-generate", "MALFORMED_FUNCTION_CALL", PARLEY_FINISH_MALFORMED_TOOL_CALL},
    {"gemini-generate", "UNEXPECTED_TOOL_CALL", PARLEY_FINISH_MALFORMED_TOOL_CALL},
    {"gemini-generate", "TOO_MANY_TOOL_CALLS", PARLEY_FINISH_MALFORMED_TOOL_CALL},
    {"gemini-generate", "OTHER", PARLEY_FINISH_OTHER},
    {"gemini-generate", "IMAGE_OTHER", PARLEY_FINISH_OTHER},
    {"gemini-generate", "NO_IMAGE", PARLEY_FINISH_OTHER},
    {"gemini-generate", "NEW_WORD", PARLEY_FINISH_OTHER},
    {"openai-responses", R"({"reason":"max_output_tokens"})", PARLEY_FINISH_LENGTH},
    {"openai-responses", R"({"reason":"content_filter"})", PARLEY_FINISH_CONTENT_FILTER},
};

// A reply of that dialect that ends with that word.
std::string ends_with(const EndWord& end, bool stream, bool calls) {
    static const std::map<std::string, std::string> kMembers{
        {"openai-chat", R"("finish_reason":")"},
        {"anthropic-messages", R"("stop_reason":")"},
        {"gemini-generate", R"("finishReason":")"},
        {"openai-responses", R"("incomplete_details":)"}};
    const std::string id = end.dialect;
    const bool is_object = id == "openai-responses";
    Script s;
    s.start().open(PARLEY_PART_TEXT).text("Hi").end();
    if (calls) s.call("c1", "f").args("{}").end();
    s.usage(1, 1).finish(is_object ? PARLEY_FINISH_LENGTH
                         : calls   ? PARLEY_FINISH_TOOL_CALLS
                                   : PARLEY_FINISH_STOP);
    std::string wire = dialect(id).encode(plain_request(), s, stream);
    const std::string& member = kMembers.at(id);
    const std::size_t at = wire.rfind(member) + member.size();
    const std::size_t size = wire.find(is_object ? '}' : '"', at) - at + (is_object ? 1 : 0);
    return wire.replace(at, size, end.word);
}

TEST(Finish, WordsOfEveryWireMeanWhatTheyShouldAndHaveALegalWordInEveryOther) {
    for (const EndWord& end : kEndWords) {
        for (const bool stream : {true, false}) {
            SCOPED_TRACE(std::string(end.dialect) + ' ' + end.word + (stream ? ", streamed" : ""));
            const std::string wire = ends_with(end, stream, false);
            const Events read = dialect(end.dialect).decode(plain_request(), wire, stream);
            ASSERT_EQ(read.back().raw.type, PARLEY_EVENT_FINISH) << wire;
            EXPECT_EQ(read.back().raw.kind, end.kind) << wire;
            for (const std::string& id : kDialects) {
                EXPECT_EQ(stream_fault(id, dialect(id).encode(plain_request(), read, true)), "");
                const Events there = through(id, read, stream);
                EXPECT_EQ(there.back().raw.type, PARLEY_EVENT_FINISH) << id;
                // And there it stays.
                EXPECT_EQ(through(id, there, stream).back().raw.kind, there.back().raw.kind) << id;
            }
        }
    }
}

// Beside a whole call every word of an end in peace is the word for calls; a limit and a filter
// stay what they are.
TEST(Finish, BesideACallIsTheOneForCallsWhateverWasSaid) {
    for (const EndWord& end : kEndWords) {
        const bool is_cut =
            end.kind == PARLEY_FINISH_LENGTH || end.kind == PARLEY_FINISH_CONTEXT_LENGTH ||
            end.kind == PARLEY_FINISH_CONTENT_FILTER || end.kind == PARLEY_FINISH_REFUSAL;
        const bool is_peace = end.kind == PARLEY_FINISH_STOP;
        if (!is_cut && !is_peace) continue;
        for (const bool stream : {true, false}) {
            SCOPED_TRACE(std::string(end.dialect) + ' ' + end.word + (stream ? ", streamed" : ""));
            const std::string wire = ends_with(end, stream, true);
            const Events read = dialect(end.dialect).decode(plain_request(), wire, stream);
            ASSERT_EQ(read.back().raw.type, PARLEY_EVENT_FINISH) << wire;
            const uint32_t wanted = is_peace ? uint32_t{PARLEY_FINISH_TOOL_CALLS} : end.kind;
            EXPECT_EQ(read.back().raw.kind, wanted) << wire;
        }
    }
}

// ---- 17 ----

struct ErrorWire {
    parley_http_reply reply = sized<parley_http_reply>();
    TestArena arena;
    TestOut out;

    ErrorWire(const std::string& id, const parley_error& error) {
        const Dialect& d = dialect(id);
        EXPECT_EQ(
            d.table().encode_error(d.self(), nullptr, &error, arena.border(), &reply, &out.border),
            PARLEY_OK);
    }

    parley_error read(const std::string& id, TestArena& memory) const {
        const Dialect& d = dialect(id);
        auto head = sized<parley_http_reply_head>();
        head.status = reply.status;
        head.content_type = str("application/json");
        head.headers = reply.headers;
        head.header_count = reply.header_count;
        auto back = sized<parley_error>();
        back.arena = memory.border();
        EXPECT_EQ(
            d.table().decode_error(d.self(), &head, sdk::bytes(out.bytes), memory.border(), &back),
            PARLEY_OK);
        return back;
    }
};

// What a dialect leaves to the status, as the host takes it.
int32_t class_of(const parley_error& error, uint32_t status) {
    static const std::map<uint32_t, int32_t> kByStatus{{400, PARLEY_E_INVALID_ARGUMENT},
                                                       {401, PARLEY_E_UNAUTHENTICATED},
                                                       {402, PARLEY_E_PAYMENT_REQUIRED},
                                                       {403, PARLEY_E_FORBIDDEN},
                                                       {404, PARLEY_E_NOT_FOUND},
                                                       {409, PARLEY_E_CONFLICT},
                                                       {413, PARLEY_E_TOO_LARGE},
                                                       {429, PARLEY_E_RATE_LIMITED},
                                                       {503, PARLEY_E_OVERLOADED},
                                                       {504, PARLEY_E_TIMEOUT}};
    if (error.error_class != 0) return error.error_class;
    const auto found = kByStatus.find(status);
    return found == kByStatus.end() ? PARLEY_E_UPSTREAM_FAILED : found->second;
}

// What a wire cannot tell from its neighbour, and why.
struct Blur {
    const char* dialect;  // or the head of its id
    int32_t told;
    int32_t read;
    const char* why;
};

constexpr Blur kBlurs[] = {
    {"openai-",
     PARLEY_E_UNSUPPORTED,
     PARLEY_E_INVALID_ARGUMENT,
     "what an upstream does not support is the request's fault to whoever asks it"},
    {"openai-",
     PARLEY_E_PAYMENT_REQUIRED,
     PARLEY_E_QUOTA_EXHAUSTED,
     "clients act on insufficient_quota alone, and it is the word for both"},
    {"openai-",
     PARLEY_E_UPSTREAM_PROTOCOL,
     PARLEY_E_UPSTREAM_FAILED,
     "a server_error is all that the API knows of broken places behind it"},
    {"openai-", PARLEY_E_PRECONDITION, PARLEY_E_INVALID_ARGUMENT, "the API has no word for it"},
    {"anthropic-messages",
     PARLEY_E_UNSUPPORTED,
     PARLEY_E_INVALID_ARGUMENT,
     "invalid_request_error is the only word for bad requests"},
    {"anthropic-messages",
     PARLEY_E_CONTENT_BLOCKED,
     PARLEY_E_INVALID_ARGUMENT,
     "invalid_request_error is the only word for bad requests"},
    {"anthropic-messages",
     PARLEY_E_PRECONDITION,
     PARLEY_E_INVALID_ARGUMENT,
     "invalid_request_error is the only word for bad requests"},
    {"anthropic-messages",
     PARLEY_E_QUOTA_EXHAUSTED,
     PARLEY_E_RATE_LIMITED,
     "rate_limit_error is the word for both; x-should-retry tells them apart"},
    {"anthropic-messages",
     PARLEY_E_UPSTREAM_PROTOCOL,
     PARLEY_E_UPSTREAM_FAILED,
     "api_error is the only word for what fails behind the API"},
    {"gemini-generate",
     PARLEY_E_UNSUPPORTED,
     PARLEY_E_INVALID_ARGUMENT,
     "INVALID_ARGUMENT is the only status that clients do not try again after"},
    {"gemini-generate",
     PARLEY_E_CONTENT_BLOCKED,
     PARLEY_E_INVALID_ARGUMENT,
     "the API blocks prompts inside of replies, never by an error"},
    {"gemini-generate",
     PARLEY_E_TOO_LARGE,
     PARLEY_E_INVALID_ARGUMENT,
     "the API has no status for it, and its clients no 413"},
    {"gemini-generate",
     PARLEY_E_PAYMENT_REQUIRED,
     PARLEY_E_QUOTA_EXHAUSTED,
     "RESOURCE_EXHAUSTED is the word for both"},
    {"gemini-generate",
     PARLEY_E_UPSTREAM_PROTOCOL,
     PARLEY_E_UPSTREAM_FAILED,
     "INTERNAL is the only word for what fails behind the API"},
};

int32_t class_read_back(const std::string& id, int32_t told) {
    for (const Blur& blur : kBlurs) {
        if (id.starts_with(blur.dialect) && blur.told == told) return blur.read;
    }
    return told;
}

TEST(Failure, KeepsItsKindThroughEveryDialect) {
    for (int32_t kind = PARLEY_E_INVALID_ARGUMENT; kind <= PARLEY_E_PRECONDITION; ++kind) {
        if (kind == PARLEY_E_CANCELLED) continue;  // nobody is left to be told
        for (const std::string& id : kDialects) {
            SCOPED_TRACE(id + " class " + std::to_string(kind));
            auto error = sized<parley_error>();
            error.error_class = kind;
            error.message = str("the reason \"why\"");
            const bool waits = kind == PARLEY_E_RATE_LIMITED || kind == PARLEY_E_OVERLOADED;
            if (waits) error.retry_after_ms = 34400;
            const ErrorWire wire(id, error);
            const std::set<int> kStatuses{
                400, 401, 402, 403, 404, 409, 413, 429, 500, 502, 503, 504, 529};
            EXPECT_TRUE(kStatuses.contains(static_cast<int>(wire.reply.status)))
                << wire.reply.status;
            EXPECT_TRUE(wire.reply.status != 529 || id == "anthropic-messages");
            TestArena memory;
            const parley_error back = wire.read(id, memory);
            EXPECT_EQ(class_of(back, wire.reply.status), class_read_back(id, kind))
                << wire.out.bytes;
            if (!waits) continue;
            EXPECT_NEAR(static_cast<double>(back.retry_after_ms), 34400, 1000);
        }
    }
}

// Behind the first byte there is no status any more; the words must do.
TEST(Failure, KeepsItsKindInsideOfAStream) {
    for (int32_t kind = PARLEY_E_INVALID_ARGUMENT; kind <= PARLEY_E_PRECONDITION; ++kind) {
        if (kind == PARLEY_E_CANCELLED) continue;
        Script s;
        s.start().open(PARLEY_PART_TEXT).text("Hi").fail(kind, "the reason \"why\"");
        for (const std::string& id : kDialects) {
            SCOPED_TRACE(id + " class " + std::to_string(kind));
            const Events back = through(id, s, true);
            EXPECT_EQ(back.back().raw.type, PARLEY_EVENT_ERROR);
            EXPECT_EQ(static_cast<int32_t>(back.back().raw.kind), class_read_back(id, kind));
            EXPECT_NE(back.back().text.find("the reason \"why\""), std::string::npos);
        }
    }
}

// A whole body with an error in it, whatever its status says.
TEST(Failure, KeepsItsKindInsideOfAWholeReply) {
    for (int32_t kind = PARLEY_E_INVALID_ARGUMENT; kind <= PARLEY_E_PRECONDITION; ++kind) {
        if (kind == PARLEY_E_CANCELLED) continue;
        auto error = sized<parley_error>();
        error.error_class = kind;
        error.message = str("why");
        for (const std::string& id : kDialects) {
            SCOPED_TRACE(id + " class " + std::to_string(kind));
            const ErrorWire wire(id, error);
            const Events back = dialect(id).decode(plain_request(), wire.out.bytes, false);
            ASSERT_EQ(back.back().raw.type, PARLEY_EVENT_ERROR);
            EXPECT_EQ(static_cast<int32_t>(back.back().raw.kind), class_read_back(id, kind));
        }
    }
}

TEST(Failure, IsUnderstoodHoweverItIsTold) {
    static const char* const kBodies[] = {"",
                                          "<html>no</html>",
                                          "{\"error\":",
                                          "{}",
                                          "[]",
                                          "null",
                                          R"({"detail":"no"})",
                                          R"({"detail":[{"msg":"no"}]})",
                                          R"({"error":"no"})",
                                          R"({"error":{"message":5}})"};
    for (const std::string& id : kDialects) {
        for (const char* body : kBodies) {
            for (const uint32_t status : {400u, 401u, 403u, 404u, 418u, 429u, 500u, 503u, 599u}) {
                SCOPED_TRACE(id + ' ' + std::to_string(status) + ' ' + body);
                TestArena memory;
                auto head = sized<parley_http_reply_head>();
                head.status = status;
                auto back = sized<parley_error>();
                back.arena = memory.border();
                const Dialect& d = dialect(id);
                EXPECT_EQ(d.table().decode_error(
                              d.self(), &head, sdk::bytes(body), memory.border(), &back),
                          PARLEY_OK);
                EXPECT_NE(view(back.message), "");
                EXPECT_EQ(view(back.message).find("<html>"), std::string_view::npos);
            }
        }
    }
}

// ---- 22 ----

std::vector<std::string> arguments_of(const Events& events) {
    std::vector<std::string> all;
    for (const Event& e : events) {
        if (e.raw.type == PARLEY_EVENT_PART_STARTED) all.emplace_back();
        if (e.raw.type == PARLEY_EVENT_TOOL_ARGS_DELTA) all.back() += e.text;
    }
    return all;
}

// None is an empty object; halves of code points are mended where the arguments are no text.
json::value value_of(const std::string& text) {
    return text.empty() ? json::object() : json::parse(sdk::json_without_lone_surrogates(text));
}

TEST(Arguments, OfRepliesAreKept) {
    for_seeds(300, [](uint32_t seed) {
        Chance chance(seed);
        std::string text = chance.json_object();
        if (text == "{}") text = R"({"k":1})";
        Script s;
        s.start().call("c1", "f").args(text).end().usage(1, 1).finish(PARLEY_FINISH_TOOL_CALLS);
        for (const std::string& id : kDialects) {
            for (const bool stream : {true, false}) {
                SCOPED_TRACE(id);
                const std::string got = arguments_of(through(id, s, stream)).at(0);
                // Text wherever the wire has text.
                if (id.starts_with("openai") || (stream && id == "anthropic-messages")) {
                    EXPECT_EQ(got, text);
                } else {
                    EXPECT_EQ(value_of(got), value_of(text));
                }
            }
        }
    });
}

// Free text becomes a function's argument at wires that know functions only, and free text again.
TEST(Arguments, OfCustomToolsComeBackAsFreeText) {
    for_seeds(100, [](uint32_t seed) {
        Chance chance(seed);
        const std::string text = chance.words(12);
        MadeRequest made("openai-responses");
        made.function("patch").kind = PARLEY_TOOL_CUSTOM;
        made.begin(PARLEY_ROLE_USER);
        made.text("go");
        const Decoded asked = made.finish();
        std::string wrapped;
        sdk::JsonWriter(wrapped).begin_object().key("input").string(text).end_object();
        Script s;
        s.start()
            .call("c1", "patch")
            .args(wrapped)
            .end()
            .usage(1, 1)
            .finish(PARLEY_FINISH_TOOL_CALLS);
        for (const char* id : {"anthropic-messages", "gemini-generate"}) {
            SCOPED_TRACE(id);
            const std::string wire = dialect(id).encode(plain_request(), s, true);
            const Events back = dialect(id).decode(*asked.request, wire, true);
            EXPECT_EQ(arguments_of(back).at(0), text);
        }
    });
}

// ---- 25 ----

// What the client of each dialect sees of this upstream's bytes is well formed, and ends once.
void shown_to_all(const std::string& id, const std::string& wire, bool* failed) {
    const Events events = dialect(id).decode(plain_request(), wire, true);
    *failed = events.back().raw.type == PARLEY_EVENT_ERROR;
    if (events.front().raw.type == PARLEY_EVENT_ERROR) return;  // a whole reply with a status
    for (const std::string& client : kDialects) {
        const std::string shown = dialect(client).encode(plain_request(), events, true);
        EXPECT_EQ(stream_fault(client, shown), "") << client << ":\n" << shown << "\nof\n" << wire;
    }
}

TEST(Faults, CutsEndInOneErrorForEveryClient) {
    for_seeds(5, [](uint32_t seed) {
        const Events events = AnyReply(seed, true).make();
        for (const std::string& id : kDialects) {
            SCOPED_TRACE(id);
            const std::string wire = dialect(id).encode(plain_request(), events, true);
            const Meaning wanted = meaning_of(dialect(id).decode(plain_request(), wire, true));
            // Every byte of some, and some bytes of all.
            const std::size_t step = wire.size() < 2500 ? 1 : 1 + wire.size() / 50;
            for (std::size_t size = seed % step; size < wire.size(); size += step) {
                bool failed = false;
                const std::string part = wire.substr(0, size);
                shown_to_all(id, part, &failed);
                if (failed) continue;
                // What had said that it was complete, was.
                Meaning got = meaning_of(dialect(id).decode(plain_request(), part, true));
                got.usage = wanted.usage;
                EXPECT_EQ(differences(wanted, got), "") << "cut at " << size;
            }
        }
    });
}

TEST(Faults, InjectedEventsEndInOneErrorOrNone) {
    static const char* const kInjected[] = {
        "data: "
        "{\"error\":{\"message\":\"no\",\"type\":\"server_error\",\"code\":500,\"status\":"
        "\"INTERNAL\"}}\n\n",
        "event: error\ndata: "
        "{\"type\":\"error\",\"error\":{\"type\":\"overloaded_error\",\"message\":\"no\"}}\n\n",
        "data: {\"a\n\n",
        ": comment\n\n",
        "data: [DONE]\n\n",
        "event: x\ndata: {\"type\":\"x\"}\n\n",
        "\n\n\n",
        "data: null\n\n",
        "data: {}\n\n"};
    for_seeds(4, [](uint32_t seed) {
        const Events events = AnyReply(seed, true).make();
        for (const std::string& id : kDialects) {
            const std::string wire = dialect(id).encode(plain_request(), events, true);
            for (const char* injected : kInjected) {
                SCOPED_TRACE(id + ' ' + injected);
                std::size_t border = 0;
                for (std::size_t at = 0; (at = wire.find("\n\n", at)) != wire.npos;) {
                    at += 2;
                    if (++border > 8 && border % 7 != 0) continue;
                    bool failed = false;
                    shown_to_all(id, wire.substr(0, at) + injected + wire.substr(at), &failed);
                }
            }
        }
    });
}

}  // namespace

}  // namespace parley::codec
