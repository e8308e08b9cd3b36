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

Callers::Callers(const std::vector<config::ClientKey>& keys, const Callers* before) {
    for (const auto& key : keys) {
        if (key.disabled) continue;
        const base::Digest digest = base::sha256(key.key.reveal());
        const Caller* known = before == nullptr ? nullptr : before->find_by_name(key.name);
        Caller caller(key, known == nullptr ? nullptr : known->budget);
        callers_.emplace(prefix_of(digest), Entry{digest, std::move(caller)});
    }
}

const Caller* Callers::find_by_name(std::string_view name) const {
    const auto found = std::find_if(callers_.begin(), callers_.end(), [&](const auto& entry) {
        return entry.second.caller.name == name;
    });
    return found == callers_.end() ? nullptr : &found->second.caller;
}

std::uint64_t Callers::next_number() {
    static std::atomic<std::uint64_t> last{0};
    return ++last;
}

const Caller* Callers::find(std::string_view key) const {
    const base::Digest digest = base::sha256(key);
    const auto [begin, end] = callers_.equal_range(prefix_of(digest));
    for (auto it = begin; it != end; ++it) {
        const base::Digest& known = it->second.digest;
        if (CRYPTO_memcmp(known.data(), digest.data(), digest.size()) == 0) {
            return &it->second.caller;
        }
    }
    return nullptr;
}

}  // namespace parley::accounts
