// ssh.hpp: git's protocol over SSH by the system's ssh, as git itself speaks it: libgit2 1.5 waits
// for a server that says nothing for as long as that says nothing.
#pragma once

#include <optional>
#include <string>

#include <git2.h>
#include <git2/sys/transport.h>

namespace parley::store_git {

// Where a repository is.
struct SshAddress {
    std::string user;  // empty: as ssh's own configuration says
    std::string host;
    std::string port;  // likewise
    std::string path;
};

// Of ssh://user@host:port/path or user@host:path; nothing for addresses that are not of SSH. Throws
// for one that is not whole.
std::optional<SshAddress> ssh_address(const std::string& remote);

// As git_remote_callbacks::transport; the payload is the Talk, whose Way outlives the remote.
int make_ssh_transport(git_transport** out, git_remote* owner, void* payload);

}  // namespace parley::store_git
