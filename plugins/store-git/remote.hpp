// remote.hpp: how the remote is spoken to: by which way, and when we stop.
#pragma once

#include <exception>

#include <git2.h>

#include "repository.hpp"

namespace parley::store_git {

// What the callbacks are given.
struct Talk {
    const Settings& settings;
    sdk::Cancel cancel;
    std::string refusal{};  // of a pushed reference, in the remote's words
    Way* way = nullptr;
    std::exception_ptr fault{};  // what our own part of it ended with
};

// No exception passes through libgit2: what was thrown is told when its call has come back.
template <class Do>
int kept_from_libgit2(const Way& way, int error_class, Do&& what) {
    try {
        what();
        return 0;
    } catch (const std::exception& fault) {
        way.talk->fault = std::current_exception();
        git_error_set_str(error_class, fault.what());
        return GIT_EUSER;
    }
}

git_remote_callbacks callbacks(Talk& talk);

// Throws what libgit2 says of a call that returned `code`.
void check(int code, std::string_view what);
void check(int code, std::string_view what, const Talk& talk);

// The folder of a remote on this machine; empty for others.
std::string local_path(const std::string& remote);

// Throws for an address that there is no way to.
void check_remote(const std::string& remote);

}  // namespace parley::store_git
