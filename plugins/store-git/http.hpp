// http.hpp: git's protocol over HTTP by libcurl, since libgit2 1.5 waits for a remote that says
// nothing for as long as that says nothing.
#pragma once

#include <string>
#include <string_view>

#include <git2.h>
#include <git2/sys/transport.h>

namespace parley::store_git {

bool is_http(std::string_view remote);

// As git_remote_callbacks::transport; the payload is the Talk, whose Way outlives the remote.
int make_http_transport(git_transport** out, git_remote* owner, void* payload);

}  // namespace parley::store_git
