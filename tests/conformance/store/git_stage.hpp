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

using Keys = std::vector<std::string>;

// A store on a repository that others work on as well, by other means.
class GitStore : public StoreTest {
protected:
    void SetUp() override;

    std::string position() { return store_->poll("", "").position; }

    // Somebody's clone with a work tree.
    void clone() const { git(scratch_.path(), {"clone", "-q", remote_, work_}); }

    void write(const std::string& file, const std::string& text) const;
    void push(const std::string& message, const Keys& more = {}) const;
    // Another store with a clone of its own; `more` are settings, the remote among them.
    std::unique_ptr<Client> client(const std::string& more) const;

    Scratch scratch_;
    std::string remote_;
    std::string work_;
    mutable int clones_ = 0;
};

}  // namespace parley::store_test
