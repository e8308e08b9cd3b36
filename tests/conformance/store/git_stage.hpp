// git_stage.hpp: bare repositories for store-git.
#pragma once

#include <memory>
#include <string>

#include "process.hpp"
#include "stage.hpp"

namespace parley::store_test {

class GitStage : public Stage {
public:
    std::string start() override;
    std::string fresh_settings() override;

private:
    Scratch scratch_;
    int places_ = 0;
};

// Runs git in a folder, as somebody else.
std::string git(const std::string& folder, std::vector<std::string> words);

}  // namespace parley::store_test
