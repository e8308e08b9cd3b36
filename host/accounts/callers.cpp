#include "accounts/callers.hpp"

#include <algorithm>
#include <atomic>
#include <cstring>

#include <openssl/crypto.h>

#include "base/glob.hpp"

namespace parley::accounts {

namespace {

std::uint64_t prefix_of(const base::Digest& digest) {
    std::uint64_t prefix = 0;
    std::memcpy(&prefix, digest.data(), sizeof(prefix));
    return prefix;
}

}  // namespace

Caller::Caller(const config::ClientKey& key, std::shared_ptr<Budget> kept)
    : name(key.name), models(key.models), excluded_models(key.excluded_models), limits(key.limits) {
    if (kept != nullptr) budget = std::move(kept);
}

bool Caller::may_ask(std::string_view model) const {
    const bool is_offered = models.empty() || base::any_matches(models, model);
    return is_offered && !base::any_matches(excluded_models, model);
}

Callers::Callers(const std::vector<config::ClientKey>& keys, const Callers* before)
    : is_open_(keys.empty()),
      checks_(before == nullptr ? std::make_shared<KeyChecks>() : before->checks_) {
    for (const auto& key : keys) {
        if (key.disabled) continue;
        const Caller* known = before == nullptr ? nullptr : before->find_by_name(key.name);
        Caller caller(key, known == nullptr ? nullptr : known->budget);
        if (!key.key_hash.empty()) {
            auto of = hashed(key.key_hash, before);
            if (of == nullptr) continue;
            const std::string id = of->hash().id;
            hashed_.emplace(id, HashedEntry{std::move(of), std::move(caller)});
            continue;
        }
        const base::Digest digest = base::sha256(key.key.reveal());
        callers_.emplace(prefix_of(digest), Entry{digest, std::move(caller)});
    }
}

// What was proven stays so.
std::shared_ptr<HashedKey> Callers::hashed(const std::string& text, const Callers* before) const {
    auto hash = base::read_key_hash(text);
    if (!hash) return nullptr;
    if (before != nullptr) {
        const auto known = before->hashed_.find(hash->id);
        const bool is_same =
            known != before->hashed_.end() && known->second.key->hash().text() == text;
        if (is_same) return known->second.key;
    }
    return std::make_shared<HashedKey>(std::move(*hash));
}

const Caller* Callers::find_by_name(std::string_view name) const {
    const Caller* found = nullptr;
    each([&](const Caller& caller) {
        if (caller.name == name) found = &caller;
    });
    return found;
}

std::uint64_t Callers::next_number() {
    static std::atomic<std::uint64_t> last{0};
    return ++last;
}

Callers::Found Callers::find(std::string_view key) const {
    const base::Digest digest = base::sha256(key);
    const auto [begin, end] = callers_.equal_range(prefix_of(digest));
    for (auto it = begin; it != end; ++it) {
        const base::Digest& known = it->second.digest;
        if (CRYPTO_memcmp(known.data(), digest.data(), digest.size()) == 0) {
            return {&it->second.caller};
        }
    }
    const auto hashed = hashed_.find(base::id_of_key(key));
    if (hashed == hashed_.end()) return {};
    const HashedEntry& entry = hashed->second;
    if (!entry.key->is_proven()) return {&entry.caller, entry.key};
    if (entry.key->is(digest)) return {&entry.caller};
    return {};
}

}  // namespace parley::accounts
