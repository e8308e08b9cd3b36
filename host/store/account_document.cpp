#include "store/account_document.hpp"

#include <utility>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include "config/near.hpp"
#include "config/terms.hpp"
#include "store/wiped_memory.hpp"

namespace parley::store {

namespace json = boost::json;

using base::Result;

namespace {

// Takes the members of a document one by one; what is left when all are read is the rest.
class Reader {
public:
    Reader(std::string_view key, json::object& from) : key_(key), from_(from) {}

    Result<AccountDocument> read() {
        AccountDocument account;
        read_name();
        account.provider = taken_name("provider", provider_);
        account.label = taken_name("label", label_);
        account.id = taken_text("id");
        account.secret = base::Secret(taken_document("secret", true));
        account.attributes = taken_document("attributes", false);
        account.expires_at_ms = static_cast<std::int64_t>(taken_number("expires_at_ms"));
        account.revision = taken_number("revision");
        for (const config::SchemaFault& fault : config::read_terms(from_, account.terms)) {
            this->fault(fault.path, fault.message);
        }
        account.terms.label = account.label;
        for (const std::string& name : config::names_of_terms()) from_.erase(name);
        if (!faults_.empty()) {
            return base::gateway_error(PARLEY_E_CONFIG, std::string(key_) + ": " + faults_);
        }
        account.rest = json::object(from_, {});
        return account;
    }

private:
    void fault(std::string_view member, std::string_view what) {
        if (!faults_.empty()) faults_ += "; ";
        faults_ += std::string(member) + (member.empty() ? "" : ": ") + std::string(what);
    }

    void read_name() {
        std::string_view rest = key_;
        const bool is_account = rest.starts_with(kAccountPrefix);
        if (is_account) rest.remove_prefix(kAccountPrefix.size());
        const std::size_t slash = rest.find('/');
        provider_ = rest.substr(0, slash);
        if (slash != rest.npos) label_ = rest.substr(slash + 1);
        if (is_account && config::is_name(provider_) && config::is_name(label_)) return;
        fault("", "expected the key account/<provider>/<label>, of letters, digits and . _ - @ +");
    }

    json::value taken(std::string_view name) {
        auto* const member = from_.find(name);
        if (member == from_.end()) return nullptr;
        json::value value = std::move(member->value());
        from_.erase(member);
        return value;
    }

    std::string taken_text(std::string_view name) {
        const json::value value = taken(name);
        if (value.is_string()) return std::string(value.get_string());
        if (!value.is_null()) fault(name, "expected a string");
        return {};
    }

    std::string taken_name(std::string_view name, std::string_view in_key) {
        const std::string text = taken_text(name);
        if (!text.empty() && text != in_key) {
            fault(name, config::quote(text) + ", where the key says " + config::quote(in_key));
        }
        return std::string(in_key);
    }

    // An object, or the text of one. A secret may be any text.
    std::string taken_document(std::string_view name, bool is_secret) {
        const json::value value = taken(name);
        const std::string expected =
            is_secret ? "expected the secret as a string" : "expected a JSON object";
        if (value.is_object()) return json::serialize(value);
        if (value.is_null() && !is_secret) return {};
        if (value.is_null()) {
            fault(name, "required, but missing; " + expected);
            return {};
        }
        if (!value.is_string()) {
            fault(name, expected);
            return {};
        }
        std::string text(value.get_string());
        if (is_secret) {
            if (text.empty()) fault(name, "empty; " + expected);
            return text;
        }
        json::error_code code;
        if (!text.empty() && (!json::parse(text, code).is_object() || code)) fault(name, expected);
        return text;
    }

    std::uint64_t taken_number(std::string_view name) {
        const json::value value = taken(name);
        if (value.is_null()) return 0;
        if (value.is_int64() && value.get_int64() >= 0) {
            return static_cast<std::uint64_t>(value.get_int64());
        }
        fault(name, "expected an integer of 0 or more");
        return 0;
    }

    std::string_view key_;
    json::object& from_;
    std::string_view provider_;
    std::string_view label_;
    std::string faults_;
};

}  // namespace

std::string account_key(std::string_view provider, std::string_view label) {
    return std::string(kAccountPrefix) + std::string(provider) + "/" + std::string(label);
}

Result<AccountDocument> read_account(std::string_view key, std::string_view text) {
    json::error_code code;
    json::value parsed = json::parse(text, code, wiped_memory());
    if (code || !parsed.is_object()) {
        const std::string why = code ? "not JSON: " + code.message() : "expected a JSON object";
        return base::gateway_error(PARLEY_E_CONFIG, std::string(key) + ": " + why);
    }
    return Reader(key, parsed.get_object()).read();
}

base::Secret write_account(const AccountDocument& account) {
    json::object out(account.rest, wiped_memory());
    config::write_terms(account.terms, out);
    out["provider"] = account.provider;
    out["label"] = account.label;
    const auto set = [&](std::string_view name, bool is_said, json::value value) {
        if (is_said) {
            out[name] = std::move(value);
        } else {
            out.erase(name);
        }
    };
    set("id", !account.id.empty(), json::value(account.id));
    out["secret"] = account.secret.reveal();
    json::error_code code;
    set("attributes", !account.attributes.empty(), json::parse(account.attributes, code));
    set("expires_at_ms", account.expires_at_ms != 0, account.expires_at_ms);
    set("revision", account.revision != 0, account.revision);
    return base::Secret(json::serialize(out));
}

}  // namespace parley::store
