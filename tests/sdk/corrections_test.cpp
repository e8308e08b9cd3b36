// corrections_test.cpp: what a refusal says, and what is learnt from it.
#include "parley/sdk/corrections.hpp"

#include "hub_test.hpp"
#include "parley/sdk/dialect.hpp"
#include "parley/sdk/traits.hpp"

namespace parley::sdk {

namespace {

parley_error told(std::string_view message, std::string_view param = {}) {
    parley_error error{};
    error.struct_size = sizeof(error);
    error.message = str(message);
    error.param = str(param);
    return error;
}

Refusal refusal(std::string_view message, std::string_view param = {}) {
    return Refusal(told(message, param));
}

TEST(Refusal, NamesWholeWordsInAnyCase) {
    const Refusal said = refusal("`Temperature` and 'output_config.effort' are not supported");
    EXPECT_TRUE(said.says("temperature"));
    EXPECT_TRUE(said.says("effort"));
    EXPECT_TRUE(said.says("output_config.effort"));
    EXPECT_FALSE(said.says("temp"));
    EXPECT_FALSE(said.says("output"));
    EXPECT_FALSE(said.says("config"));
    EXPECT_TRUE(refusal("restrict or strict").says("strict"));
    EXPECT_FALSE(refusal("restrict").says("strict"));
    EXPECT_TRUE(refusal("bad", "reasoning.effort").says("effort"));
    EXPECT_FALSE(refusal("bad", "reasoning_effort").says("effort"));
    // The one does not run on into the other.
    EXPECT_FALSE(refusal("p", "top").says("top_p"));
}

TEST(Refusal, TellsWhatIsNotToBeHadFromWhatIsWronglyUsed) {
    for (const char* message : {
             "Unsupported value: 'temperature' does not support 0.7 with this model.",
             "`temperature` is deprecated for this model.",
             "output_config: Extra inputs are not permitted",
             "Penalty is not enabled for models/gemini-2.5-flash",
             "Unknown name \"id\" at 'contents[3]': Cannot find field.",
         }) {
        EXPECT_TRUE(refusal(message).says_unsupported()) << message;
    }
    for (const char* message : {
             "Invalid 'temperature': decimal below minimum value. Expected a value >= 0",
             "temperature: range: -1..1",
             "tools.0.name: String should match pattern",
         }) {
        EXPECT_FALSE(refusal(message).says_unsupported()) << message;
    }
}

TEST(Refusal, ReadsNumbersAndLists) {
    const Refusal limit = refusal("max_tokens: 500000 > 64,000, which is the maximum");
    EXPECT_EQ(limit.number_behind("max_tokens"), 500'000u);
    EXPECT_EQ(limit.number_behind(">"), 64'000u);
    EXPECT_EQ(limit.number_behind("maximum"), 0u);
    EXPECT_EQ(limit.number_behind("nowhere"), 0u);
    EXPECT_EQ(refusal("at most 99999999999999999999999").number_behind("at most"), 0u);
    constexpr std::array<std::string_view, 4> kLevels{"none", "low", "medium", "high"};
    const Refusal levels = refusal("'none' is wrong. Supported values are: 'low', and 'high'.");
    EXPECT_EQ(levels.listed_behind("supported values are", kLevels), R"(["low","high"])");
    EXPECT_EQ(levels.listed_behind("allowed are", kLevels), "");
    EXPECT_EQ(refusal("supported values are: x").listed_behind("supported values are", kLevels),
              "");
}

TEST(Traits, OneMoreLiesOverTheOthers) {
    EXPECT_EQ(with_trait("", "a", "1"), R"({"a":1})");
    EXPECT_EQ(with_trait(R"({"a":1,"b":[2]})", "a", "false"), R"({"b":[2],"a":false})");
    EXPECT_EQ(with_trait(R"({"a":1})", "c", R"("x")"), R"({"a":1,"c":"x"})");
}

// Writes a temperature where it is taken, a limit as far as it goes, and nothing where a trait
// says that it cannot.
class Wire {
public:
    explicit Wire(const parley_host*) {}

    static constexpr std::array kCorrections{
        Correction{.parameter = "temperature", .trait = "cannot", .value = "true"},
        Correction{.parameter = "temperature", .trait = "sampling_ok", .value = "false"},
        Correction{
            .parameter = "limit",
            .says = "at most",
            .trait = "max_output",
            .read = [](const Refusal& r) { return std::to_string(r.number_behind("most")); }},
        Correction{.parameter = "limit", .trait = "max_output", .read = [](const Refusal&) {
                       return std::string();
                   }}};

    void encode_request(const parley_request& request,
                        const parley_target& target,
                        Arena&,
                        parley_encoded_request&,
                        Out& out) {
        const Traits traits(view(target.traits));
        if (traits.flag("cannot", false)) throw Failure(PARLEY_E_UNSUPPORTED, "cannot");
        const bool warm = request.sampling != nullptr && traits.flag("sampling_ok", true);
        out.write(warm ? "warm" : "cold");
        out.write(std::to_string(std::min<uint64_t>(traits.number("max_output", 1000), 1000)));
    }

    std::string_view correct_traits(const parley_request& request,
                                    const parley_target& target,
                                    const parley_error& error,
                                    Arena& arena) {
        return correct(kCorrections, *this, {request, target, error}, arena);
    }
};

class Corrections : public testing::Test {
protected:
    std::string corrected(std::string_view traits, std::string_view message) {
        parley_target target{};
        target.struct_size = sizeof(target);
        target.traits = str(traits);
        const parley_error error = told(message);
        Arena arena(memory_.border());
        Wire wire(nullptr);
        return std::string(wire.correct_traits(request, target, error, arena));
    }

    parley_sampling sampling{};
    parley_request request{};

private:
    TestArena memory_;
};

TEST_F(Corrections, CountOnlyWhenTheyChangeWhatIsWritten) {
    constexpr const char* kMessage = "temperature is not supported";
    EXPECT_EQ(corrected("", kMessage), "") << "the request has none";
    request.sampling = &sampling;
    EXPECT_EQ(corrected("", kMessage), R"({"sampling_ok":false})");
    EXPECT_EQ(corrected(R"({"sampling_ok":false})", kMessage), "") << "it says so already";
    EXPECT_EQ(corrected("", "temperature must not be below 0"), "");
    EXPECT_EQ(corrected("", "warmth is not supported"), "");
}

TEST_F(Corrections, ReadWhatIsRight) {
    EXPECT_EQ(corrected("", "limit: at most 500"), R"({"max_output":500})");
    EXPECT_EQ(corrected(R"({"max_output":500})", "limit: at most 500"), "");
    EXPECT_EQ(corrected("", "limit: at most 5000"), "") << "no less is written";
    EXPECT_EQ(corrected("", "limit is not supported"), "") << "it does not tell";
}

TEST_F(Corrections, CrossTheBorder) {
    parley_dialect table{};
    detail::add_corrections<Wire>(table);
    Wire wire(nullptr);
    auto* self = reinterpret_cast<parley_instance*>(&wire);
    request.sampling = &sampling;
    parley_target target{};
    target.struct_size = sizeof(target);
    TestArena memory;
    parley_str traits{};
    parley_error error = told("temperature is not supported");
    const auto ask = [&] {
        return table.correct_traits(self, &request, &target, &error, memory.border(), &traits);
    };
    EXPECT_EQ(ask(), PARLEY_OK);
    EXPECT_EQ(view(traits), R"({"sampling_ok":false})");
    error = told("tools.0.name is too long");
    EXPECT_EQ(ask(), PARLEY_DECLINED);
}

}  // namespace

}  // namespace parley::sdk
