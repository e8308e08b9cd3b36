// repository.hpp: a clone without a work tree, and the branch of its remote that holds the
// documents. Not for several threads at once.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <git2.h>

#include "parley/sdk/store.hpp"

namespace parley::store_git {

struct Settings {
    std::string path;    // of the clone
    std::string remote;  // its address
    std::string branch;
    std::string lease_branch;  // empty: no leases
    std::string token;
    std::string token_user;
    std::string ssh_key_file;
    std::string ssh_key_passphrase;
    std::string ssh_host_key;  // "SHA256:..."
    std::string ssh_known_hosts_file;
    std::string tls_ca_file;
    std::string author_name;
    std::string author_email;
    uint64_t timeout_ms = 0;  // of silence
};

struct Talk;

// The way to a remote, which a libgit2 remote keeps from one call to the next.
struct Way {
    Talk* talk = nullptr;  // the call under way, if there is one
};

template <class T, void (*kFree)(T*)>
struct Freer {
    void operator()(T* object) const { kFree(object); }
};

using Tree = std::unique_ptr<git_tree, Freer<git_tree, git_tree_free>>;
using Blob = std::unique_ptr<git_blob, Freer<git_blob, git_blob_free>>;

// One change of one file; no text: it is removed.
struct FileChange {
    std::string file;
    std::optional<std::string> text;
};

// Whose turn it is with a clone, among all who have it open.
class CloneLock {
public:
    CloneLock(const std::string& path, sdk::Cancel cancel);
    CloneLock(const CloneLock&) = delete;
    CloneLock& operator=(const CloneLock&) = delete;
    ~CloneLock();

private:
    int file_ = -1;
};

// What changes it is called with the clone's lock.
class Repository {
public:
    Repository();
    ~Repository();
    Repository(const Repository&) = delete;
    Repository& operator=(const Repository&) = delete;

    void open(const Settings& settings);

    // What a fetch found. `others`: where the branch is not there yet, what branches are.
    struct Fetched {
        bool is_anew = false;  // its history was written anew
        bool is_there = false;
        std::string others;
    };

    // Brings the branch as it is at the remote now.
    Fetched fetch(sdk::Cancel cancel);

    // The commit that the branch was at, as hex; empty before the first one.
    std::string head() const;
    // The tree of a commit; empty for no commit, null for one that is not known here.
    Tree tree_of(const std::string& commit) const;
    // A file of a tree; nothing where there is none.
    std::optional<git_oid> find(const git_tree& tree, const std::string& file) const;
    std::string text_of(const git_oid& blob, uint64_t bytes_max) const;
    // All files below a folder of the tree, with their blobs.
    std::vector<std::pair<std::string, git_oid>> files(const git_tree& tree,
                                                       const std::string& folder) const;
    std::vector<std::string> differences(git_tree& before, git_tree& now) const;

    // One commit on top of head. False when the remote has gone on meanwhile: then nothing
    // happened.
    bool commit(const std::vector<FileChange>& changes,
                const std::string& message,
                sdk::Cancel cancel);

private:
    git_oid make_commit(const std::vector<FileChange>& changes, const std::string& message) const;
    bool push(const git_oid& commit, sdk::Cancel cancel);
    bool push_to_path(const std::string& path, const git_oid& commit, sdk::Cancel cancel);

    void clear_locks() const;
    void set_reference(const std::string& name, const git_oid& commit) const;
    void make_remote();
    // What `call` does with the remote, which is another one after a failure.
    template <class Call>
    int with_remote(Talk& talk, Call&& call);

    std::string tracking() const { return "refs/remotes/origin/" + settings_.branch; }

    Settings settings_;
    git_repository* repository_ = nullptr;
    Way way_;
    git_remote* remote_ = nullptr;
    bool is_spoiled_ = false;  // the remote, by a call that failed
};

}  // namespace parley::store_git
