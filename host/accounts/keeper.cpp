#include "accounts/keeper.hpp"

#include <algorithm>
#include <utility>

#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include "base/base64.hpp"
#include "base/digest.hpp"
#include "store/account_document.hpp"
#include "store/wiped_memory.hpp"

namespace parley::accounts {

namespace json = boost::json;

using base::Result;
using base::Secret;

namespace {

std::optional<json::object> object_of(const Secret* text) {
    if (text == nullptr) return {};
    json::error_code code;
    json::value value = json::parse(text->reveal(), code, store::wiped_memory());
    if (code || !value.is_object()) return {};
    return std::move(value.get_object());
}

std::string_view text_at(const json::object& from, std::string_view name) {
    const json::value* value = from.if_contains(name);
    if (value == nullptr || !value->is_string()) return {};
    return value->get_string();
}

std::int64_t number_at(const json::object& from, std::string_view name) {
    const json::value* value = from.if_contains(name);
    return value != nullptr && value->is_int64() ? value->get_int64() : 0;
}

std::int64_t revision_of(const json::object& from) {
    return number_at(from, "revision");
}

std::int64_t end_of(const json::object& from) {
    return number_at(from, "expires_at_ms");
}

// The secret that a document has in force for this account.
std::optional<Secret> secret_in(const Secret* text, std::string_view origin) {
    const auto document = object_of(text);
    if (!document) return {};
    if (!origin.empty() && text_at(*document, "of") != origin) return {};
    const json::value* secret = document->if_contains("secret");
    if (secret == nullptr) return {};
    if (secret->is_object()) return Secret(json::serialize(*secret));
    if (!secret->is_string() || secret->get_string().empty()) return {};
    return Secret(std::string(secret->get_string()));
}

}  // namespace

std::string kept_key(std::string_view provider, std::string_view label) {
    return std::string(kSecretPrefix) + std::string(provider) + "/" + std::string(label);
}

std::string origin_of(const Secret& configured) {
    const base::Digest digest = base::sha256(configured.reveal());
    return base::to_base64url({reinterpret_cast<const char*>(digest.data()), digest.size()});
}

std::optional<Secret> kept_secret(const store::Ledger& ledger,
                                  const std::string& key,
                                  const std::string& origin) {
    const auto text = ledger.find(key);
    return secret_in(text ? &*text : nullptr, origin);
}

void Keeper::claim(const Account& account,
                   const LiveSecret& in_force,
                   std::function<void(Claim)> then) const {
    auto answer = [ledger = ledger_.get(),
                   key = account.document,
                   origin = account.origin,
                   held = in_force.text,
                   then = std::move(then)](Result<plugins::Lease> lease) {
        Claim claim;
        claim.document = key;
        if (lease && lease->is_taken)
            claim.wait_ms = std::max<std::uint64_t>(1, lease->expires_in_ms);
        if (lease && !lease->is_taken) claim.token = lease->token;
        const auto text = ledger->find(key);
        auto now = secret_in(text ? &*text : nullptr, origin);
        const auto document = object_of(text ? &*text : nullptr);
        if (lease && document) claim.revision = revision_of(*document);
        if (lease && now && !(*now == held)) claim.elsewhere = std::move(now);
        then(std::move(claim));
    };
    ledger_->claim(account.document, std::move(answer));
}

void Keeper::give_back(const std::string& document, std::uint64_t token) const {
    if (ledger_ != nullptr && token != 0) ledger_->give_back(document, token);
}

void Keeper::keep(const Account& account,
                  const LiveSecret& before,
                  const LiveSecret& secret,
                  std::optional<std::int64_t> claimed_revision,
                  std::function<void(bool is_in_force)> then) const {
    const auto is_in_force = std::make_shared<bool>(false);
    ledger_->change(
        account.document,
        [is_kept = is_in_force,
         origin = account.origin,
         old = before.text,
         claimed_revision,
         text = secret.text,
         attributes = secret.attributes,
         expires_at_ms = secret.expires_at_ms](const Secret* found) -> std::optional<Secret> {
            auto document = object_of(found);
            // An account that was removed meanwhile does not come back, and one that has logged in
            // anew has another secret.
            const auto in_force = secret_in(found, origin);
            *is_kept = in_force && *in_force == text;
            const bool is_late = in_force && document && claimed_revision &&
                                 revision_of(*document) > *claimed_revision &&
                                 end_of(*document) < expires_at_ms;
            if (origin.empty() && (!in_force || !(*in_force == old || is_late))) return {};
            if (!document) document.emplace(store::wiped_memory());
            json::error_code code;
            (*document)["revision"] = revision_of(*document) + 1;
            (*document)["secret"] = text.reveal();
            document->erase("expires_at_ms");
            if (expires_at_ms != 0) (*document)["expires_at_ms"] = expires_at_ms;
            if (!attributes.empty()) (*document)["attributes"] = json::parse(attributes, code);
            if (!origin.empty()) (*document)["of"] = origin;
            *is_kept = true;
            return Secret(json::serialize(*document));
        },
        [is_in_force, then = std::move(then)] { then(*is_in_force); });
}

}  // namespace parley::accounts
