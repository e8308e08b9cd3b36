#include "store.hpp"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <utility>

#include "parley/sdk/settings.hpp"
#include "remote.hpp"

namespace parley::store_git {

using sdk::Cancel;
using sdk::store_failure;
using sdk::view;

const std::string_view kSchema = R"json({
  "type": "object",
  "additionalProperties": false,
  "required": ["remote"],
  "properties": {
    "remote": {
      "type": "string", "minLength": 1, "x-place": true,
      "description": "https://host/repository.git, ssh://user@host/repository.git, or a path"
    },
    "path": {
      "type": "string", "minLength": 1, "default": "~/.parley/git",
      "description": "the folder of the clone"
    },
    "branch": {
      "type": "string", "minLength": 1, "default": "main", "x-place": true,
      "description": "its branch"
    },
    "lease_branch": {
      "type": "string", "default": "parley-leases",
      "description": "where replicas say who refreshes an account; empty: nowhere"
    },
    "subdirectory": {
      "type": "string", "default": "", "x-place": true,
      "description": "of the documents in the repository"
    },
    "mode": {
      "type": "string", "enum": ["read-write", "read-only"], "default": "read-write",
      "description": "read-only refuses every write"
    },
    "token": {
      "type": "string", "default": "", "x-secret": true,
      "description": "for https; empty: PARLEY_GIT_TOKEN"
    },
    "token_user": {"type": "string", "default": "git", "description": "the name beside the token"},
    "ssh_key_file": {
      "type": "string", "default": "", "pattern": "^[^\"%$\\\\]*$",
      "description": "a private key, for ssh; empty: those that ssh finds, and its agent's"
    },
    "ssh_key_passphrase": {
      "type": "string", "default": "", "x-secret": true, "description": "of that key"
    },
    "ssh_host_key": {
      "type": "string", "default": "", "pattern": "^(SHA256:[A-Za-z0-9+/]+)?$",
      "description": "SHA256:... of the server, as ssh-keygen -l shows it; empty: its known hosts"
    },
    "ssh_known_hosts_file": {
      "type": "string", "default": "", "pattern": "^[^\"%$\\\\]*$",
      "description": "of servers that are believed; empty: those that ssh knows"
    },
    "tls_ca_file": {
      "type": "string", "default": "", "description": "certificates that vouch for the server"
    },
    "timeout_ms": {
      "type": "integer", "minimum": 10, "maximum": 3600000, "default": 10000,
      "description": "how long the remote may say nothing"
    },
    "author_name": {
      "type": "string", "minLength": 1, "default": "Parley", "description": "of commits"
    },
    "author_email": {
      "type": "string", "minLength": 1, "default": "parley@localhost", "description": "of commits"
    },
    "value_bytes_max": {
      "type": "integer", "minimum": 1048576, "maximum": 104857600, "default": 16777216,
      "description": "the largest value of a document"
    },
    "poll_interval_ms": {
      "type": "integer", "minimum": 10, "maximum": 86400000, "default": 30000,
      "description": "how often the remote is asked, and how old an answer may be"
    }
  }
})json";

namespace {

constexpr std::string_view kPosition = "git-1:";

// The first line of an envelope has its own bytes.
constexpr uint64_t kEnvelopeMax = 64 * 1024;

std::string from_home(const std::string& path) {
    if (path.empty()) return path;
    const char* home = path.starts_with("~/") ? std::getenv("HOME") : nullptr;
    return std::filesystem::absolute(home == nullptr ? path : home + path.substr(1)).string();
}

// An address may name who asks for it, and their secret too.
std::string without_user(const std::string& remote) {
    const std::size_t scheme = remote.find("://");
    const std::size_t begin = scheme == remote.npos ? 0 : scheme + 3;
    const std::size_t at = remote.find('@');
    if (at == remote.npos || at < begin || at > remote.find('/', begin)) return remote;
    return remote.substr(0, begin) + remote.substr(at + 1);
}

// What a commit says that it did.
std::string message_of(std::span<const parley_write* const> writes) {
    const auto line = [](const parley_write& write) {
        const bool is_put = write.kind == PARLEY_WRITE_PUT;
        return (is_put ? "put " : "remove ") + std::string(view(write.key)) + '\n';
    };
    if (writes.size() == 1) return line(*writes.front());
    std::string out = "change " + std::to_string(writes.size()) + " documents\n\n";
    for (const parley_write* write : writes) out += line(*write);
    return out;
}

}  // namespace

uint64_t Store::Found::revision() const {
    const std::string_view id(reinterpret_cast<const char*>(blob.id), sizeof(blob.id));
    return sdk::RevisionHash().add(id).revision();
}

void Store::configure(std::string_view json) {
    const sdk::Settings settings(json);
    settings_.path = from_home(settings.text("path"));
    settings_.remote = settings.text("remote");
    check_remote(settings_.remote);
    settings_.branch = settings.text("branch");
    settings_.lease_branch = settings.text("lease_branch");
    settings_.token = settings.text("token");
    const char* token = settings_.token.empty() ? std::getenv("PARLEY_GIT_TOKEN") : nullptr;
    if (token != nullptr) settings_.token = token;
    settings_.token_user = settings.text("token_user");
    settings_.ssh_key_file = from_home(settings.text("ssh_key_file"));
    settings_.ssh_key_passphrase = settings.text("ssh_key_passphrase");
    settings_.ssh_host_key = settings.text("ssh_host_key");
    settings_.ssh_known_hosts_file = from_home(settings.text("ssh_known_hosts_file"));
    settings_.tls_ca_file = settings.text("tls_ca_file");
    settings_.timeout_ms = settings.count("timeout_ms");
    settings_.author_name = settings.text("author_name");
    settings_.author_email = settings.text("author_email");
    folder_ = settings.text("subdirectory");
    while (folder_.ends_with('/')) folder_.pop_back();
    if (!folder_.empty() && !sdk::is_key(folder_)) {
        throw sdk::Failure(PARLEY_E_CONFIG, "subdirectory: a path like a/b was expected");
    }
    if (!folder_.empty()) folder_ += '/';
    if (settings_.lease_branch == settings_.branch) {
        throw sdk::Failure(PARLEY_E_CONFIG, "lease_branch: another one than branch was expected");
    }
    read_only_ = settings.text("mode") == "read-only";
    value_bytes_max_ = settings.count("value_bytes_max");
    poll_interval_ms_ = settings.count("poll_interval_ms");
}

void Store::open(const parley_watcher&, Cancel cancel, parley_store_facts& out) {
    const std::lock_guard guard(mutex_);
    const CloneLock lock(settings_.path, cancel);
    repository_.emplace();
    repository_->open(settings_);
    fetch(cancel);
    open_leases(cancel);
    out.capabilities =
        PARLEY_STORE_CAS | PARLEY_STORE_BATCH | PARLEY_STORE_WATCH_POLL | PARLEY_STORE_DURABLE;
    if (leases_) out.capabilities |= PARLEY_STORE_LEASE;
    if (read_only_) out.capabilities |= PARLEY_STORE_READ_ONLY;
    out.parallel_reads = 4;
    out.parallel_writes = 1;
    out.value_max = value_bytes_max_;
    out.poll_interval_ms = poll_interval_ms_;
}

void Store::close() noexcept {
    held_.give_back(host_,
                    [this](const sdk::LeaseAsk& ask) { give_back(ask, sdk::never_cancelled()); });
    const std::lock_guard guard(mutex_);
    leases_.reset();
    repository_.reset();
}

void Store::fetch(Cancel cancel) {
    const auto begun = Clock::now();
    const Repository::Fetched found = repository_->fetch(cancel);
    if (!found.is_there) tell_of_no_branch(found.others);
    if (found.is_anew) {
        sdk::log(host_,
                 PARLEY_LOG_WARN,
                 settings_.branch + ": its history was written anew; what is there now counts");
    }
    fetched_ = begun;
}

// One that is read-only would wait for ever for who mistook the name.
void Store::tell_of_no_branch(const std::string& others) {
    const std::string words = "the remote has no branch \"" + settings_.branch + "\", " +
                              (others.empty() ? "nor any other" : "but " + others);
    if (read_only_) throw store_failure(PARLEY_E_INTERNAL, words);
    if (std::exchange(has_told_of_branch_, true) || others.empty()) return;
    sdk::log(host_, PARLEY_LOG_WARN, words + "; the first write will make it");
}

Tree Store::recent(Cancel cancel) {
    if (Clock::now() - fetched_ > std::chrono::milliseconds(poll_interval_ms_)) {
        const CloneLock lock(settings_.path, cancel);
        fetch(cancel);
    }
    return repository_->tree_of(repository_->head());
}

std::string Store::path_of(std::string_view key, sdk::FileForm form) const {
    return folder_ + sdk::file_of(key, form);
}

std::optional<std::string> Store::key_of(std::string_view path) const {
    if (!path.starts_with(folder_)) return std::nullopt;
    return sdk::key_of_file(path.substr(folder_.size()));
}

std::optional<Store::Found> Store::find(const git_tree& tree, std::string_view key) const {
    for (const auto form : {sdk::FileForm::kJson, sdk::FileForm::kEnvelope}) {
        const std::string file = path_of(key, form);
        if (const auto blob = repository_->find(tree, file)) return Found{form, file, *blob};
    }
    return std::nullopt;
}

std::map<std::string, Store::Found> Store::find_all(const git_tree& tree) const {
    std::map<std::string, Found> all;
    for (const auto& [file, blob] : repository_->files(tree, folder_)) {
        const auto key = sdk::key_of_file(file);
        if (!key) continue;
        const bool is_json = file.ends_with(sdk::suffix_of(sdk::FileForm::kJson));
        const auto form = is_json ? sdk::FileForm::kJson : sdk::FileForm::kEnvelope;
        // Of both forms the first counts, as in find.
        if (is_json || !all.contains(*key)) all[*key] = Found{form, folder_ + file, blob};
    }
    return all;
}

void Store::read(std::string_view key, const Found& found, std::string& text, sdk::FileValue& out) {
    text = repository_->text_of(found.blob, value_bytes_max_ + kEnvelopeMax);
    const auto value = sdk::file_value(found.form, text);
    if (!value) {
        throw store_failure(
            PARLEY_E_CORRUPT_STATE,
            std::string(key) + ": " + found.file + " is half a file, or not one of this store's");
    }
    out = *value;
}

void Store::get(std::string_view key, sdk::Arena& arena, Cancel cancel, parley_document& out) {
    const std::lock_guard guard(mutex_);
    const auto found = find(*recent(cancel), key);
    if (!found) sdk::not_found(key);
    std::string text;
    sdk::FileValue value;
    read(key, *found, text, value);
    out.key = arena.copy(key);
    out.value = sdk::bytes(view(arena.copy(value.value)));
    out.content_type = arena.copy(value.content_type);
    out.revision = found->revision();
}

void Store::list(const sdk::ListAsk& ask, sdk::Arena& arena, Cancel cancel, parley_page& out) {
    const std::lock_guard guard(mutex_);
    const auto all = find_all(*recent(cancel));
    sdk::PageWriter page(arena, ask.limit);
    const bool is_first = ask.cursor < ask.prefix;
    auto at = is_first ? all.lower_bound(std::string(ask.prefix))
                       : all.upper_bound(std::string(ask.cursor));
    std::string last;
    const auto is_below = [&] { return at != all.end() && at->first.starts_with(ask.prefix); };
    for (; is_below() && !page.is_full(); ++at) {
        std::string text;
        sdk::FileValue value{"", sdk::kJsonType};
        if (ask.values) read(at->first, at->second, text, value);
        parley_document& document = page.add(at->first);
        page.value(document, value.value, value.content_type);
        document.revision = at->second.revision();
        last = at->first;
    }
    page.finish(is_below() ? last : "", out);
}

void Store::put(const parley_write& write, Cancel cancel, parley_written& out) {
    const parley_write* one = &write;
    uint64_t revision = 0;
    this->write({&one, 1}, cancel, out, {&revision, 1});
    out.revision = revision;
}

void Store::remove(const parley_write& write, Cancel cancel, parley_written& out) {
    const parley_write* one = &write;
    uint64_t revision = 0;
    this->write({&one, 1}, cancel, out, {&revision, 1});
}

void Store::batch(std::span<const parley_write* const> writes, Cancel cancel, parley_written& out) {
    write(writes, cancel, out, {out.revisions, writes.size()});
}

// On a conflict with others' commits the same documents are looked at again, on top of those.
void Store::write(std::span<const parley_write* const> writes,
                  Cancel cancel,
                  parley_written& out,
                  std::span<uint64_t> revisions) {
    constexpr int kRaces = 50;
    if (read_only_) {
        throw store_failure(
            PARLEY_E_FORBIDDEN,
            "this store is read-only: change " + without_user(settings_.remote) + " instead");
    }
    for (const parley_write* write : writes) sdk::check_value(*write, value_bytes_max_);
    const std::lock_guard guard(mutex_);
    for (int tries = 0; tries < kRaces; ++tries) {
        const CloneLock lock(settings_.path, cancel);
        fetch(cancel);
        if (try_write(writes, cancel, out, revisions)) return;
        cancel.check();
    }
    throw store_failure(PARLEY_E_OVERLOADED,
                        "others push to the remote all the time, or one left its branch's lock "
                        "there when it died",
                        1000);
}

bool Store::try_write(std::span<const parley_write* const> writes,
                      Cancel cancel,
                      parley_written& out,
                      std::span<uint64_t> revisions) {
    const Tree tree = repository_->tree_of(repository_->head());
    std::vector<FileChange> changes;
    for (std::size_t i = 0; i < writes.size(); ++i) {
        const std::string_view key = view(writes[i]->key);
        const auto there = find(*tree, key);
        out.at = i;
        sdk::check_expected(*writes[i], there ? there->revision() : PARLEY_REVISION_NONE, out);
        revisions[i] = 0;
        const bool is_put = writes[i]->kind == PARLEY_WRITE_PUT;
        const std::string_view value = view(writes[i]->value);
        const std::string_view type = view(writes[i]->content_type);
        const auto form = sdk::form_for(value, type);
        for (const auto other : {sdk::FileForm::kJson, sdk::FileForm::kEnvelope}) {
            const bool stays = is_put && other == form;
            const std::string file = path_of(key, other);
            if (!stays && repository_->find(*tree, file)) changes.push_back({file, std::nullopt});
        }
        if (!is_put) continue;
        FileChange change{path_of(key, form), sdk::file_text(value, type)};
        Found found;
        check(git_odb_hash(&found.blob, change.text->data(), change.text->size(), GIT_OBJECT_BLOB),
              key);
        revisions[i] = found.revision();
        // A document that is as it shall be needs no commit.
        if (there && there->form == form && git_oid_equal(&there->blob, &found.blob) != 0) continue;
        changes.push_back(std::move(change));
    }
    out.at = 0;
    return changes.empty() || repository_->commit(changes, message_of(writes), cancel);
}

void Store::poll(const sdk::PollAsk& ask, sdk::Arena& arena, Cancel cancel, parley_changes& out) {
    const std::lock_guard guard(mutex_);
    {
        const CloneLock lock(settings_.path, cancel);
        fetch(cancel);
    }
    const std::string head = repository_->head();
    std::vector<std::string> keys;
    if (!ask.position.empty()) {
        const bool is_ours = ask.position.starts_with(kPosition);
        const std::string since(is_ours ? ask.position.substr(kPosition.size()) : "none");
        const Tree before = repository_->tree_of(since);
        out.reset = before == nullptr ? 1 : 0;
        if (before != nullptr) {
            for (const std::string& file :
                 repository_->differences(*before, *repository_->tree_of(head))) {
                const auto key = key_of(file);
                if (key && key->starts_with(ask.prefix)) keys.push_back(*key);
            }
        }
    }
    std::sort(keys.begin(), keys.end());
    keys.erase(std::unique(keys.begin(), keys.end()), keys.end());
    sdk::tell_changes(arena, keys, std::string(kPosition) + head, out);
}

void Store::health(Cancel cancel) {
    const std::lock_guard guard(mutex_);
    const CloneLock lock(settings_.path, cancel);
    fetch(cancel);
}

}  // namespace parley::store_git
