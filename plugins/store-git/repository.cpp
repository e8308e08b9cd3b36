#include "repository.hpp"

#include <cerrno>
#include <chrono>
#include <fcntl.h>
#include <filesystem>
#include <random>
#include <sys/file.h>
#include <thread>
#include <unistd.h>

#include "remote.hpp"

namespace parley::store_git {

using sdk::Cancel;
using sdk::store_failure;

namespace {

using Commit = std::unique_ptr<git_commit, Freer<git_commit, git_commit_free>>;
using Reference = std::unique_ptr<git_reference, Freer<git_reference, git_reference_free>>;
using Signature = std::unique_ptr<git_signature, Freer<git_signature, git_signature_free>>;
using Other = std::unique_ptr<git_repository, Freer<git_repository, git_repository_free>>;
using Diff = std::unique_ptr<git_diff, Freer<git_diff, git_diff_free>>;
using Builder = std::unique_ptr<git_treebuilder, Freer<git_treebuilder, git_treebuilder_free>>;
using Entry = std::unique_ptr<git_tree_entry, Freer<git_tree_entry, git_tree_entry_free>>;

constexpr const char* kCloneLock = "parley.lock";
constexpr std::string_view kBranches = "refs/heads/";
constexpr const char* kOutgoing = "refs/parley/outgoing";

std::string hex(const git_oid& id) {
    return git_oid_tostr_s(&id);
}

// Makes an owner of what a call gives out.
template <class Owner, class Call>
Owner made(std::string_view what, Call&& call) {
    typename Owner::pointer out = nullptr;
    check(call(&out), what);
    return Owner(out);
}

}  // namespace

CloneLock::CloneLock(const std::string& path, Cancel cancel) {
    using Clock = std::chrono::steady_clock;
    constexpr std::chrono::seconds kWait(30);
    constexpr std::chrono::milliseconds kPause(2);
    std::error_code error;
    std::filesystem::create_directories(path, error);
    file_ = ::open((path + '/' + kCloneLock).c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (file_ < 0) {
        const bool is_forbidden = errno == EACCES || errno == EROFS || errno == EPERM;
        throw store_failure(is_forbidden ? PARLEY_E_FORBIDDEN : PARLEY_E_INTERNAL,
                            path + ": the clone cannot be locked");
    }
    const auto until = Clock::now() + kWait;
    while (::flock(file_, LOCK_EX | LOCK_NB) != 0) {
        const bool is_late = Clock::now() >= until;
        if (!is_late && !cancel.is_set()) {
            std::this_thread::sleep_for(kPause);
            continue;
        }
        ::close(file_);
        cancel.check();
        throw store_failure(PARLEY_E_OVERLOADED, path + ": another is at work on this clone", 1000);
    }
}

CloneLock::~CloneLock() {
    ::close(file_);
}

Repository::Repository() {
    git_libgit2_init();
}

Repository::~Repository() {
    git_remote_free(remote_);
    git_repository_free(repository_);
    git_libgit2_shutdown();
}

void Repository::open(const Settings& settings) {
    settings_ = settings;
    git_remote_free(remote_);
    git_repository_free(repository_);
    remote_ = nullptr;
    repository_ = nullptr;
    if (git_repository_open_bare(&repository_, settings_.path.c_str()) < 0) {
        std::error_code error;
        std::filesystem::create_directories(settings_.path, error);
        std::filesystem::permissions(settings_.path, std::filesystem::perms::owner_all, error);
        check(git_repository_init(&repository_, settings_.path.c_str(), 1), settings_.path);
    }
    clear_locks();
    make_remote();
}

// Who changes the clone holds its lock, so that a lock of git's in it is that of a dead process,
// and would stay for ever.
void Repository::clear_locks() const {
    namespace fs = std::filesystem;
    std::error_code error;
    std::vector<fs::path> dead;
    for (const char* below : {"", "refs"}) {
        const fs::path folder = fs::path(settings_.path) / below;
        const bool is_deep = *below != '\0';
        for (fs::recursive_directory_iterator at(folder, error), end; !error && at != end;
             at.increment(error)) {
            if (!is_deep) at.disable_recursion_pending();
            const fs::path& file = at->path();
            if (file.extension() == ".lock" && file.filename() != kCloneLock) dead.push_back(file);
        }
    }
    for (const fs::path& file : dead) fs::remove(file, error);
}

void Repository::set_reference(const std::string& name, const git_oid& commit) const {
    git_reference* made_reference = nullptr;
    const auto make = [&] {
        return git_reference_create(&made_reference, repository_, name.c_str(), &commit, 1, "push");
    };
    int code = make();
    if (code == GIT_ELOCKED) {
        clear_locks();
        code = make();
    }
    const Reference owner(made_reference);
    check(code, name);
}

void Repository::make_remote() {
    git_remote_free(remote_);
    remote_ = nullptr;
    is_spoiled_ = false;
    // Without the user's rewritings of addresses, in whose search libgit2 1.5 leaks.
    git_remote_create_options options = GIT_REMOTE_CREATE_OPTIONS_INIT;
    options.repository = repository_;
    options.flags = GIT_REMOTE_CREATE_SKIP_INSTEADOF | GIT_REMOTE_CREATE_SKIP_DEFAULT_FETCHSPEC;
    check(git_remote_create_with_opts(&remote_, settings_.remote.c_str(), &options), "remote");
}

// libgit2 believes to be connected still when a call has failed half-way.
template <class Call>
int Repository::with_remote(Talk& talk, Call&& call) {
    if (is_spoiled_) make_remote();
    talk.way = &way_;
    way_.talk = &talk;
    int code = call();
    if (code == GIT_ELOCKED) {
        clear_locks();
        make_remote();
        code = call();
    }
    is_spoiled_ = code < 0;
    way_.talk = nullptr;
    return code;
}

std::string Repository::head() const {
    git_oid id{};
    const int code = git_reference_name_to_id(&id, repository_, tracking().c_str());
    if (code == GIT_ENOTFOUND) return {};
    check(code, "branch");
    return hex(id);
}

Repository::Fetched Repository::fetch(Cancel cancel) {
    const std::string before = head();
    Talk talk{settings_, cancel};
    if (const std::string path = local_path(settings_.remote);
        !path.empty() && ::access(path.c_str(), F_OK) != 0) {
        throw store_failure(PARLEY_E_INTERNAL, path + ": there is no repository");
    }
    git_fetch_options options = GIT_FETCH_OPTIONS_INIT;
    options.callbacks = callbacks(talk);
    options.download_tags = GIT_REMOTE_DOWNLOAD_TAGS_NONE;
    std::string spec = "+refs/heads/" + settings_.branch + ':' + tracking();
    char* text = spec.data();
    const git_strarray specs{&text, 1};
    check(with_remote(talk, [&] { return git_remote_fetch(remote_, &specs, &options, nullptr); }),
          "fetch",
          talk);
    const git_remote_head** heads = nullptr;
    std::size_t count = 0;
    check(git_remote_ls(&heads, &count, remote_), "fetch");
    Fetched found;
    for (std::size_t i = 0; i < count; ++i) {
        const std::string_view name = heads[i]->name;
        if (!name.starts_with(kBranches)) continue;
        const std::string branch(name.substr(kBranches.size()));
        found.is_there = found.is_there || branch == settings_.branch;
        found.others += (found.others.empty() ? "\"" : ", \"") + branch + '"';
    }
    if (!found.is_there && !before.empty()) {
        throw store_failure(PARLEY_E_INTERNAL,
                            "the remote has no branch \"" + settings_.branch +
                                "\" any more; another remote wants another path than " +
                                settings_.path);
    }
    const std::string now = head();
    if (before.empty() || before == now) return found;
    git_oid older{};
    git_oid newer{};
    check(git_oid_fromstr(&older, before.c_str()), "commit");
    check(git_oid_fromstr(&newer, now.c_str()), "commit");
    found.is_anew = git_graph_descendant_of(repository_, &newer, &older) != 1;
    return found;
}

Tree Repository::tree_of(const std::string& commit) const {
    if (commit.empty()) {
        const auto builder = made<Builder>("tree", [&](git_treebuilder** out) {
            return git_treebuilder_new(out, repository_, nullptr);
        });
        git_oid id{};
        check(git_treebuilder_write(&id, builder.get()), "tree");
        return made<Tree>("tree",
                          [&](git_tree** out) { return git_tree_lookup(out, repository_, &id); });
    }
    git_oid id{};
    git_commit* found = nullptr;
    if (git_oid_fromstr(&id, commit.c_str()) < 0) return nullptr;
    const int code = git_commit_lookup(&found, repository_, &id);
    if (code == GIT_ENOTFOUND) return nullptr;
    check(code, "commit");
    const Commit owner(found);
    return made<Tree>("tree", [&](git_tree** out) { return git_commit_tree(out, found); });
}

std::optional<git_oid> Repository::find(const git_tree& tree, const std::string& file) const {
    git_tree_entry* entry = nullptr;
    const int code = git_tree_entry_bypath(&entry, &tree, file.c_str());
    if (code == GIT_ENOTFOUND) return std::nullopt;
    check(code, file);
    const Entry owner(entry);
    if (git_tree_entry_type(entry) != GIT_OBJECT_BLOB) return std::nullopt;
    return *git_tree_entry_id(entry);
}

std::string Repository::text_of(const git_oid& blob, uint64_t bytes_max) const {
    const auto found = made<Blob>(
        "blob", [&](git_blob** out) { return git_blob_lookup(out, repository_, &blob); });
    const auto size = static_cast<uint64_t>(git_blob_rawsize(found.get()));
    if (size > bytes_max) {
        throw store_failure(PARLEY_E_TOO_LARGE, "a file is larger than value_bytes_max");
    }
    return {static_cast<const char*>(git_blob_rawcontent(found.get())),
            static_cast<std::size_t>(size)};
}

std::vector<std::pair<std::string, git_oid>> Repository::files(const git_tree& tree,
                                                               const std::string& folder) const {
    std::vector<std::pair<std::string, git_oid>> out;
    Tree below;
    if (!folder.empty()) {
        git_tree_entry* entry = nullptr;
        const int code = git_tree_entry_bypath(&entry, &tree, folder.c_str());
        if (code == GIT_ENOTFOUND) return out;
        check(code, folder);
        const Entry owner(entry);
        if (git_tree_entry_type(entry) != GIT_OBJECT_TREE) {
            throw store_failure(PARLEY_E_CORRUPT_STATE, folder + ": not a folder");
        }
        below = made<Tree>(folder, [&](git_tree** found) {
            return git_tree_lookup(found, repository_, git_tree_entry_id(entry));
        });
    }
    const auto visit = [](const char* root, const git_tree_entry* entry, void* payload) {
        if (git_tree_entry_type(entry) == GIT_OBJECT_BLOB) {
            static_cast<decltype(out)*>(payload)->emplace_back(
                std::string(root) + git_tree_entry_name(entry), *git_tree_entry_id(entry));
        }
        return 0;
    };
    check(git_tree_walk(folder.empty() ? &tree : below.get(), GIT_TREEWALK_PRE, visit, &out),
          "tree");
    return out;
}

std::vector<std::string> Repository::differences(git_tree& before, git_tree& now) const {
    git_diff_options options = GIT_DIFF_OPTIONS_INIT;
    const auto diff = made<Diff>("diff", [&](git_diff** out) {
        return git_diff_tree_to_tree(out, repository_, &before, &now, &options);
    });
    std::vector<std::string> out;
    for (std::size_t i = 0; i < git_diff_num_deltas(diff.get()); ++i) {
        const git_diff_delta* delta = git_diff_get_delta(diff.get(), i);
        out.emplace_back(delta->new_file.path);
    }
    return out;
}

git_oid Repository::make_commit(const std::vector<FileChange>& changes,
                                const std::string& message) const {
    const std::string base = head();
    std::vector<git_tree_update> updates;
    for (const FileChange& change : changes) {
        git_tree_update update{};
        update.action = change.text ? GIT_TREE_UPDATE_UPSERT : GIT_TREE_UPDATE_REMOVE;
        update.filemode = GIT_FILEMODE_BLOB;
        update.path = change.file.c_str();
        if (change.text) {
            check(git_blob_create_from_buffer(
                      &update.id, repository_, change.text->data(), change.text->size()),
                  change.file);
        }
        updates.push_back(update);
    }
    git_oid tree{};
    check(git_tree_create_updated(
              &tree, repository_, tree_of(base).get(), updates.size(), updates.data()),
          "tree");
    const auto whole = made<Tree>(
        "tree", [&](git_tree** out) { return git_tree_lookup(out, repository_, &tree); });
    const auto who = made<Signature>("author", [&](git_signature** out) {
        return git_signature_now(
            out, settings_.author_name.c_str(), settings_.author_email.c_str());
    });
    Commit parent;
    if (!base.empty()) {
        git_oid id{};
        check(git_oid_fromstr(&id, base.c_str()), "commit");
        parent = made<Commit>(
            "commit", [&](git_commit** out) { return git_commit_lookup(out, repository_, &id); });
    }
    const git_commit* parents[] = {parent.get()};
    git_oid commit{};
    check(git_commit_create(&commit,
                            repository_,
                            nullptr,
                            who.get(),
                            who.get(),
                            "UTF-8",
                            message.c_str(),
                            whole.get(),
                            parent == nullptr ? 0 : 1,
                            parents),
          "commit");
    return commit;
}

bool Repository::commit(const std::vector<FileChange>& changes,
                        const std::string& message,
                        Cancel cancel) {
    const git_oid commit = make_commit(changes, message);
    cancel.check();
    const std::string path = local_path(settings_.remote);
    if (path.empty() ? !push(commit, cancel) : !push_to_path(path, commit, cancel)) return false;
    set_reference(tracking(), commit);
    return true;
}

// Never by force: a remote that has gone on refuses.
bool Repository::push(const git_oid& commit, Cancel cancel) {
    set_reference(kOutgoing, commit);
    Talk talk{settings_, cancel};
    git_push_options options = GIT_PUSH_OPTIONS_INIT;
    options.callbacks = callbacks(talk);
    std::string spec = std::string(kOutgoing) + ":refs/heads/" + settings_.branch;
    char* text = spec.data();
    const git_strarray specs{&text, 1};
    const int code = with_remote(talk, [&] { return git_remote_push(remote_, &specs, &options); });
    if (code == GIT_ENONFASTFORWARD) return false;
    check(code, "push", talk);
    if (talk.refusal.empty()) return true;
    // Another was faster, or a rule of the remote forbids it.
    const bool is_race = talk.refusal.find("fetch first") != std::string::npos ||
                         talk.refusal.find("non-fast-forward") != std::string::npos ||
                         talk.refusal.find("failed to update") != std::string::npos ||
                         talk.refusal.find("lock") != std::string::npos;
    if (is_race) return false;
    throw store_failure(PARLEY_E_FORBIDDEN, "push: the remote refuses it: " + talk.refusal);
}

// libgit2 moves a branch on this machine by force, whatever it is at. So only the objects are
// pushed, and the branch is moved by the lock of its file.
bool Repository::push_to_path(const std::string& path, const git_oid& commit, Cancel cancel) {
    std::random_device random;
    const std::string incoming = "refs/parley/incoming-" + std::to_string(random());
    set_reference(kOutgoing, commit);
    Talk talk{settings_, cancel};
    git_push_options options = GIT_PUSH_OPTIONS_INIT;
    options.callbacks = callbacks(talk);
    std::string spec = std::string(kOutgoing) + ':' + incoming;
    char* text = spec.data();
    const git_strarray specs{&text, 1};
    check(with_remote(talk, [&] { return git_remote_push(remote_, &specs, &options); }),
          "push",
          talk);
    const auto other = made<Other>(
        path, [&](git_repository** out) { return git_repository_open(out, path.c_str()); });
    const std::string branch = "refs/heads/" + settings_.branch;
    const std::string base = head();
    git_oid expected{};
    git_reference* moved = nullptr;
    int code = 0;
    if (base.empty()) {
        code = git_reference_create(&moved, other.get(), branch.c_str(), &commit, 0, "parley: put");
    } else {
        check(git_oid_fromstr(&expected, base.c_str()), "commit");
        code = git_reference_create_matching(
            &moved, other.get(), branch.c_str(), &commit, 1, &expected, "parley: put");
    }
    const Reference moved_owner(moved);
    git_reference_remove(other.get(), incoming.c_str());
    if (code == GIT_EMODIFIED || code == GIT_EEXISTS || code == GIT_ELOCKED ||
        code == GIT_ENOTFOUND) {
        return false;
    }
    check(code, "push");
    return true;
}

}  // namespace parley::store_git
