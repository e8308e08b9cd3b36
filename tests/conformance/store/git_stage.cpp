#include "git_stage.hpp"

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

}  // namespace parley::store_test
