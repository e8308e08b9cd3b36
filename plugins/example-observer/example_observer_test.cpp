// example_observer_test.cpp: the log through the table that the host calls.
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>

#include <gtest/gtest.h>

#include "parley/sdk/observer.hpp"

extern "C" const parley_entry parley_plugin_v0;

namespace {

using parley::sdk::str;

int32_t never(const parley_cancel*) {
    return 0;
}

class UsageLogTest : public testing::Test {
protected:
    UsageLogTest() {
        std::string folder = (std::filesystem::temp_directory_path() / "usage-XXXXXX").string();
        folder_ = ::mkdtemp(folder.data());
        component_.create(nullptr, &instance_, nullptr);
        exchange_.struct_size = sizeof(exchange_);
        exchange_.id = str("req_1");
        exchange_.model = str("a \"model\"\n");
        notice_.struct_size = sizeof(notice_);
        notice_.exchange = &exchange_;
        notice_.outcome = PARLEY_OUTCOME_SUCCEEDED;
        notice_.http_status = 200;
        notice_.commit_ms = UINT64_MAX;
    }

    ~UsageLogTest() override {
        component_.destroy(instance_);
        std::filesystem::remove_all(folder_);
    }

    void configure(const std::string& file) {
        const std::string json = R"({"file":")" + file + "\"}";
        ASSERT_EQ(component_.configure(instance_, str(json), nullptr), PARLEY_OK);
    }

    parley_status tell(std::uint64_t count, parley_error* error = nullptr) {
        const std::vector<const parley_notice*> list(count, &notice_);
        parley_notice_batch batch{sizeof(batch), 0, list.data(), count, 0};
        const parley_cancel cancel{sizeof(cancel), 0, nullptr, never};
        const auto& table = *static_cast<const parley_observer*>(component_.table);
        return table.observe(instance_, &batch, &cancel, error);
    }

    static std::string read(const std::string& file) {
        std::ostringstream text;
        text << std::ifstream(file).rdbuf();
        return text.str();
    }

    const parley_component& component_ = *parley_plugin_v0.component(0);
    parley_instance* instance_ = nullptr;
    std::string folder_;
    parley_exchange exchange_{};
    parley_notice notice_{};
};

TEST_F(UsageLogTest, WritesALineForEachExchange) {
    parley_attempt_notice attempt{};
    attempt.struct_size = sizeof(attempt);
    attempt.provider = str("up");
    attempt.account = str("up/main");
    attempt.content_ms = 7;
    const parley_attempt_notice* const attempts[] = {&attempt};
    parley_usage usage{};
    usage.struct_size = sizeof(usage);
    usage.known = PARLEY_USAGE_INPUT | PARLEY_USAGE_OUTPUT;
    usage.input_total = 21;
    usage.output_total = 13;
    notice_.attempts = attempts;
    notice_.attempt_count = 1;
    notice_.usage = &usage;
    notice_.total_ms = 12;
    const std::string file = folder_ + "/usage.jsonl";
    configure(file);
    ASSERT_EQ(tell(1), PARLEY_OK);
    EXPECT_EQ(read(file),
              R"({"started_ms":0,"id":"req_1","model":"a \"model\"\n","outcome":"succeeded",)"
              R"("status":200,"attempts":1,"provider":"up","account":"up/main","content_ms":7,)"
              R"("total_ms":12,"received_bytes":0,"sent_bytes":0,"input_tokens":21,)"
              "\"output_tokens\":13}\n");
}

TEST_F(UsageLogTest, AFileThatIsMovedAwayIsMadeAnew) {
    const std::string file = folder_ + "/usage.jsonl";
    configure(file);
    ASSERT_EQ(tell(2), PARLEY_OK);
    std::filesystem::rename(file, file + ".1");
    ASSERT_EQ(tell(3), PARLEY_OK);
    const auto lines = [](const std::string& text) {
        return std::count(text.begin(), text.end(), '\n');
    };
    EXPECT_EQ(lines(read(file + ".1")), 2);
    EXPECT_EQ(lines(read(file)), 3);
}

TEST_F(UsageLogTest, SaysWhyItCannotWrite) {
    configure(folder_ + "/nowhere/usage.jsonl");
    parley_error error{};
    error.struct_size = sizeof(error);
    EXPECT_EQ(tell(1), -PARLEY_E_INTERNAL);
}

}  // namespace
