// remote.hpp: how the remote is spoken to: who we are, whom we believe, and when we stop.
#pragma once

#include <exception>

#include <git2.h>

#include "repository.hpp"

namespace parley::store_git {

// What the callbacks are given.
struct Talk {
    const Settings& settings;
    sdk::Cancel cancel;
    int proofs = 0;        // how often we said who we are
    std::string refusal;   // of a pushed reference, in the remote's words
    std::string distrust;  // why the remote is not believed
    HttpWay* way = nullptr;
    std::exception_ptr fault;  // what our own part of it ended with
};

git_remote_callbacks callbacks(Talk& talk);

// Throws what libgit2 says of a call that returned `code`.
void check(int code, std::string_view what);
void check(int code, std::string_view what, const Talk& talk);

// The folder of a remote on this machine; empty for others.
std::string local_path(const std::string& remote);

}  // namespace parley::store_git
