#include "git_stage.hpp"

#include <filesystem>
#include <fstream>

namespace parley::store_test {

std::string git(const std::string& folder, std::vector<std::string> words) {
    words.insert(words.begin(),
                 {"env",
                  "GIT_CONFIG_GLOBAL=/dev/null",
                  "git",
                  "-C",
                  folder,
                  "-c",
                  "user.name=Someone",
                  "-c",
                  "user.email=someone@localhost"});
    return output_of(words);
}

std::string GitStage::start() {
    return program("git").empty() ? "no git here to make repositories with" : "";
}

std::string GitStage::fresh_settings() {
    const std::string place = scratch_.path() + "/place-" + std::to_string(++places_);
    git(scratch_.path(), {"init", "-q", "--bare", "-b", "main", place + ".git"});
    return "{\"remote\":\"" + place + ".git\",\"path\":\"" + place +
           ".clone\",\"poll_interval_ms\":100}";
}

void GitStore::SetUp() {
    StoreTest::SetUp();
    if (IsSkipped()) return;
    const std::size_t at = settings_.find(":\"") + 2;
    remote_ = settings_.substr(at, settings_.find('"', at) - at);
    work_ = scratch_.path() + "/work";
}

void GitStore::write(const std::string& file, const std::string& text) const {
    std::filesystem::create_directories(std::filesystem::path(work_ + '/' + file).parent_path());
    std::ofstream(work_ + '/' + file) << text;
}

void GitStore::push(const std::string& message, const Keys& more) const {
    git(work_, {"add", "-A"});
    git(work_, {"commit", "-q", "-m", message});
    Keys words{"push", "-q", "origin", "HEAD:main"};
    words.insert(words.end(), more.begin(), more.end());
    git(work_, words);
}

std::unique_ptr<Client> GitStore::client(const std::string& more) const {
    const std::string path = scratch_.path() + "/clone-" + std::to_string(++clones_);
    return std::make_unique<Client>(
        stage("git").plugin, "{\"poll_interval_ms\":100,\"path\":\"" + path + "\"," + more + "}");
}

}  // namespace parley::store_test
