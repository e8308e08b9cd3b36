// replay_test.cpp: transcripts said again, two plugins side by side, and what calls cost.
#include "check/replay.hpp"

#include <algorithm>
#include <filesystem>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <gtest/gtest.h>

#include "check/description.hpp"
#include "check/measure.hpp"

namespace parley::check {
namespace {

Subject subject_of(const std::string& name) {
    Subject subject;
    subject.path = std::string(PARLEY_TEST_PLUGINS "/") + name + ".so";
    return subject;
}

Subject bundled(const std::string& name, boost::json::object settings = {}) {
    Subject subject;
    subject.path = std::string(PARLEY_BUNDLED_PLUGINS "/") + name + ".so";
    subject.settings = std::move(settings);
    return subject;
}

// The usual steps of a plugin with what it says to them.
std::vector<Step> recorded(const Subject& subject) {
    auto steps = usual_steps(subject);
    if (!steps) {
        ADD_FAILURE() << steps.error().message;
        return {};
    }
    const auto came = replay(subject, *steps);
    EXPECT_TRUE(came.has_value());
    for (std::size_t i = 0; came && i < steps->size(); ++i) {
        EXPECT_EQ((*came)[i].fault, "") << to_text((*steps)[i]);
        (*steps)[i].out = (*came)[i].out;
    }
    return *steps;
}

// The calls whose answers are not what was written down, each once.
std::vector<std::string> differing(const Subject& subject, const std::vector<Step>& steps) {
    std::vector<std::string> calls;
    const auto came = replay(subject, steps);
    EXPECT_TRUE(came.has_value()) << came.error().message;
    for (std::size_t i = 0; came && i < steps.size(); ++i) {
        if ((*came)[i].fault.empty() && (*came)[i].out == steps[i].out) continue;
        if (std::find(calls.begin(), calls.end(), steps[i].call) == calls.end()) {
            calls.push_back(steps[i].call);
        }
    }
    return calls;
}

Step step(const std::string& line) {
    auto steps = read_transcript(line, {});
    EXPECT_TRUE(steps.has_value()) << steps.error().message;
    return steps ? steps->front() : Step();
}

class Again : public testing::TestWithParam<const char*> {};

TEST_P(Again, ABundledPluginAnswersAsItDid) {
    boost::json::object settings;
    if (GetParam() == std::string("example-filter")) settings["pattern"] = "lo";
    const Subject subject = bundled(GetParam(), settings);
    const auto steps = recorded(subject);
    ASSERT_GE(steps.size(), 12u);
    std::string text;
    for (const Step& each : steps) text += to_text(each) + '\n';
    const auto read = read_transcript(text, {});
    ASSERT_TRUE(read.has_value()) << read.error().message;
    EXPECT_EQ(differing(subject, *read), std::vector<std::string>());
}

INSTANTIATE_TEST_SUITE_P(
    Plugin,
    Again,
    testing::Values(
        "example", "example-filter", "example-policy", "qwen", "openai", "claude", "gemini"),
    [](const auto& each) {
        std::string name = each.param;
        std::replace(name.begin(), name.end(), '-', '_');
        return name;
    });

TEST(Replay, SaysWhatIsOtherwise) {
    const auto steps = recorded(subject_of("sound_dialect"));
    using Calls = std::vector<std::string>;
    EXPECT_EQ(differing(subject_of("sound_dialect"), steps), Calls());
    EXPECT_EQ(differing(subject_of("TAP_BELIEVES"), steps), Calls({"relay"}));
    EXPECT_EQ(differing(subject_of("DECODE_DROPS_CUT"), steps), Calls({"reply"}));
    EXPECT_EQ(differing(subject_of("REQUEST_LOSES_TEXT"), steps), Calls({"request"}));
    EXPECT_EQ(differing(subject_of("ENCODE_SHORTENS"), steps), Calls({"events"}));
}

TEST(Replay, FindsRepliesThatReadOtherwiseWhenTheyAreCut) {
    const auto steps = recorded(subject_of("sound_dialect"));
    const auto reply = std::find_if(steps.begin(), steps.end(), [](const Step& each) {
        return each.call == "reply" && !each.with.contains("status");
    });
    ASSERT_NE(reply, steps.end());
    const auto came = replay(subject_of("DECODE_DROPS_CUT"), std::vector<Step>{*reply});
    ASSERT_TRUE(came.has_value());
    EXPECT_NE(came->front().out.find("and, when its bytes come one by one:"), std::string::npos)
        << came->front().out;
}

TEST(Replay, GoesOnAfterAStepThatEndsThePlugin) {
    const std::vector<Step> steps{
        step(R"({"call":"classify","in":"{}","status":429})"),
        step(R"({"call":"classify","in":"","status":0})"),
        step(R"({"call":"plan"})"),
    };
    const auto came = replay(subject_of("CLASSIFY_WANTS_HEAD"), steps);
    ASSERT_TRUE(came.has_value()) << came.error().message;
    EXPECT_EQ((*came)[0].fault, "");
    EXPECT_NE((*came)[1].fault.find("in classify of \"broken\""), std::string::npos)
        << (*came)[1].fault;
    EXPECT_EQ((*came)[2].fault, "");
    EXPECT_NE((*came)[2].out.find("origin "), std::string::npos) << (*came)[2].out;
}

TEST(Replay, ALoginGoesByItsAnswers) {
    Step begun = step(R"({"call":"refresh"})");
    begun.in = "clock 1700000000000\n---\nhttp 400\n\n{\"error\":\"invalid_grant\"}\n---\n";
    const auto came = replay(bundled("qwen"), std::vector<Step>{begun});
    ASSERT_TRUE(came.has_value());
    const std::string& out = came->front().out;
    EXPECT_NE(out.find("http POST "), std::string::npos) << out;
    EXPECT_NE(out.find("failed "), std::string::npos) << out;
}

TEST(Replay, APluginThatCannotBeLoadedIsRefused) {
    const auto came =
        replay(subject_of("abi_major"), std::vector<Step>{step(R"({"call":"plan"})")});
    ASSERT_FALSE(came.has_value());
    EXPECT_NE(came.error().message.find("built for 7.0"), std::string::npos);
    EXPECT_FALSE(usual_steps(subject_of("abi_major")).has_value());
}

TEST(Replay, ATranscriptIsReadOrRefusedByTheLine) {
    const auto words = [](const char* text) {
        const auto read = read_transcript(text, {});
        return read ? std::string("it was read") : read.error().message;
    };
    EXPECT_EQ(words("{\"call\":\"plan\"}\n\nno JSON\n"), "line 3: a JSON object was expected");
    EXPECT_EQ(words(""), "line 1: a step was expected; there is none");
    EXPECT_NE(words(R"({"call":"plans"})").find("line 1: call \"plans\": one of request, reply"),
              std::string::npos);
    EXPECT_EQ(words(R"({"call":"plan","modle":"x"})"),
              "line 1: \"modle\" is nothing that a \"plan\" is given");
    EXPECT_EQ(words(R"({"call":"plan","out":7})"), "line 1: out: a string was expected");
    EXPECT_NE(words(R"({"call":"reply","in_file":"nowhere.sse"})").find("cannot be read"),
              std::string::npos);
}

TEST(Replay, OfSeveralComponentsOneIsNamed) {
    const std::vector<Step> steps{step(R"({"call":"reply","in":""})"),
                                  step(R"({"call":"pick","in":[{}]})")};
    const auto came = replay(bundled("openai"), steps);
    ASSERT_TRUE(came.has_value());
    EXPECT_EQ((*came)[0].fault, "of: one of openai-chat, openai-responses was expected");
    EXPECT_EQ((*came)[1].fault, "it has no policy");
}

boost::json::object object(const char* text) {
    return boost::json::parse(text).as_object();
}

// "path: breaks" of each difference.
std::string told(const boost::json::object& before, const boost::json::object& after) {
    std::string out;
    for (const Difference& each : differences(before, after)) {
        out += each.path + ": " + each.breaks + '\n';
    }
    return out;
}

TEST(Differences, SayWhomTheyBreak) {
    const auto before = object(R"({"version":"1.0.0","min_host_minor":1,"components":{"provider a":{
        "required":["key"],"models":["m-1","m-2"],"settings":{"key":{"type":"string"},
        "pace":{"type":"integer","maximum":9},"mood":{"enum":["good","bad"]},"gone":{}}}}})");
    const auto after = object(R"({"version":"1.1.0","min_host_minor":2,"components":{"provider a":{
        "required":["key","place"],"models":["m-2","m-3"],"settings":{"key":{"type":"object"},
        "pace":{"type":"integer","maximum":5},"mood":{"enum":["good","bad","odd"]},
        "place":{}}},"filter b":{}}})");
    const std::string all = told(before, after);
    const auto breaks = [&](const std::string& line) {
        return all.find(line + '\n') != std::string::npos;
    };
    const std::string misfit = ": configurations whose value does not fit any more";
    EXPECT_TRUE(breaks("version: ")) << all;
    EXPECT_TRUE(breaks("min_host_minor: older hosts")) << all;
    EXPECT_TRUE(breaks("components.provider a.required: configurations without that setting"))
        << all;
    EXPECT_TRUE(breaks("components.provider a.models: who uses what is gone")) << all;
    EXPECT_TRUE(breaks("components.provider a.settings.key.type" + misfit)) << all;
    EXPECT_TRUE(breaks("components.provider a.settings.pace.maximum" + misfit)) << all;
    EXPECT_TRUE(breaks("components.provider a.settings.mood.enum: ")) << all;
    EXPECT_TRUE(
        breaks("components.provider a.settings.gone: configurations that have this setting"))
        << all;
    EXPECT_TRUE(breaks("components.provider a.settings.place: ")) << all;
    EXPECT_TRUE(breaks("components.filter b: ")) << all;
    EXPECT_EQ(told(before, before), "");
}

TEST(Differences, APluginIsDescribed) {
    const auto qwen = describe(bundled("qwen"));
    ASSERT_TRUE(qwen.has_value()) << qwen.error().message;
    EXPECT_EQ(qwen->at("id").as_string(), "dev.parley.qwen");
    const auto& login = qwen->at("components").as_object().at("login qwen").as_object();
    EXPECT_EQ(boost::json::serialize(login.at("functions")),
              R"(["login_begin","refresh_begin","redact"])");
    const auto openai = describe(bundled("openai"));
    ASSERT_TRUE(openai.has_value());
    const auto& chat = openai->at("components").as_object().at("dialect openai-chat").as_object();
    EXPECT_TRUE(chat.at("routes").as_object().contains("POST /v1/chat/completions"));
    EXPECT_FALSE(differences(*qwen, *openai).empty());
    EXPECT_FALSE(describe(subject_of("abi_major")).has_value());
}

TEST(Measure, CallsEventsAndWhatTheyAllocate) {
    const auto all = measure(bundled("example-filter", {{"pattern", "lo"}}), 5);
    ASSERT_TRUE(all.has_value()) << all.error().message;
    const auto find = [&](const std::string& what) {
        const auto at = std::find_if(all->begin(), all->end(), [&](const Measured& each) {
            return each.what.find(what) != std::string::npos;
        });
        EXPECT_NE(at, all->end()) << what;
        return at == all->end() ? Measured() : *at;
    };
    EXPECT_EQ(find("create to destroy").allocations, 1.0);  // its one calloc, in C
    EXPECT_EQ(find("event, a delta").allocations, 0.0);
    for (const Measured& each : *all) {
        EXPECT_GT(each.ns_least, 0.0) << each.what;
        EXPECT_GE(each.ns, each.ns_least) << each.what;
        EXPECT_GE(each.calls, 15u) << each.what;
    }
}

TEST(Measure, CountsWhatCppTakes) {
    const auto all = measure(bundled("openai"), 2);
    ASSERT_TRUE(all.has_value()) << all.error().message;
    for (const Measured& each : *all) {
        if (each.what != "create to destroy") continue;
        EXPECT_GE(each.allocations, 1.0) << each.component;  // at least the instance itself
    }
    EXPECT_TRUE(std::any_of(all->begin(), all->end(), [](const Measured& each) {
        return each.component == "dialect openai-chat" && each.what.starts_with("decode, ");
    }));
}

TEST(Measure, NamesTheCallThatEndsThePlugin) {
    const auto all = measure(subject_of("DESTROY_CRASHES"), 1);
    ASSERT_FALSE(all.has_value());
    EXPECT_NE(all.error().message.find("crashed"), std::string::npos) << all.error().message;
    EXPECT_NE(all.error().message.find("\"broken\""), std::string::npos) << all.error().message;
}

}  // namespace
}  // namespace parley::check
