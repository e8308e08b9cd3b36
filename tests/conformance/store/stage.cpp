#include "stage.hpp"

#include <cstdlib>
#include <filesystem>
#include <functional>
#include <map>
#include <stdexcept>

#include "git_stage.hpp"
#include "postgres_server.hpp"
#include "s3_stage.hpp"

namespace parley::store_test {

namespace {

// A store that somebody else brings.
class GivenStage : public Stage {
public:
    std::string fresh_settings() override {
        std::string text = std::getenv("PARLEY_STORE_SETTINGS");
        const std::string place = "place-" + std::to_string(++places_);
        for (std::size_t at = 0; (at = text.find('%', at)) != text.npos; at += place.size()) {
            text.replace(at, 1, place);
        }
        return text;
    }

private:
    int places_ = 0;
};

class FileStage : public Stage {
public:
    std::string fresh_settings() override {
        return "{\"folder\":\"" + scratch_.path() + "/store-" + std::to_string(++places_) + "\"}";
    }

private:
    Scratch scratch_;
    int places_ = 0;
};

struct Started {
    std::unique_ptr<Stage> stage;
    std::string missing;
};

using Maker = std::unique_ptr<Stage> (*)();

const std::map<std::string, Maker>& makers() {
    static const std::map<std::string, Maker> all{
        {"git", git_stage}, {"file", file_stage}, {"postgres", postgres_stage}, {"s3", s3_stage}};
    return all;
}

Started& started(const std::string& name) {
    static std::map<std::string, Started> all;
    Started& one = all[name];
    if (one.stage != nullptr) return one;
    if (name == "given") {
        one.stage = std::make_unique<GivenStage>();
        one.stage->plugin = std::getenv("PARLEY_STORE_PLUGIN");
    } else {
        one.stage = makers().at(name)();
        one.stage->plugin = PARLEY_BUNDLED_PLUGINS "/store-" + name + ".so";
    }
    one.stage->name = name;
    one.missing = one.stage->start();
    return one;
}

}  // namespace

std::unique_ptr<Stage> file_stage() {
    return std::make_unique<FileStage>();
}

std::unique_ptr<Stage> git_stage() {
    auto stage = std::make_unique<GitStage>();
    stage->revision_is_content = true;
    return stage;
}

std::unique_ptr<Stage> postgres_stage() {
    return std::make_unique<PostgresStage>();
}

std::unique_ptr<Stage> s3_stage() {
    return std::make_unique<S3Stage>();
}

Stage& stage(const std::string& name) {
    return *started(name).stage;
}

std::vector<std::string> stage_names() {
    if (std::getenv("PARLEY_STORE_PLUGIN") != nullptr) return {"given"};
    std::vector<std::string> names;
    for (const auto& [name, maker] : makers()) names.push_back(name);
    return names;
}

Scratch::Scratch() {
    path_ = std::filesystem::temp_directory_path().string() + "/parley-store-XXXXXX";
    if (::mkdtemp(path_.data()) == nullptr) throw std::runtime_error("no scratch folder");
}

Scratch::~Scratch() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
}

void StoreTest::SetUp() {
    const Started& on = started(GetParam());
    if (!on.missing.empty()) GTEST_SKIP() << GetParam() << ": " << on.missing;
    settings_ = on.stage->fresh_settings();
    store_ = another();
}

std::unique_ptr<Client> StoreTest::another() {
    auto client = std::make_unique<Client>(stage(GetParam()).plugin, settings_);
    const Told told = client->open();
    if (!told.ok()) throw std::runtime_error("open: " + told.message);
    return client;
}

}  // namespace parley::store_test
