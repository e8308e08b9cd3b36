#include "accounts/make_account.hpp"

#include "accounts/refresher.hpp"
#include "base/clock.hpp"
#include "config/routes.hpp"

namespace parley::accounts {

Account make_account(const config::Account& from, std::string_view provider, Book& book) {
    Account made;
    made.id = std::string(provider) + "/" + from.label;
    made.label = from.label;
    made.priority = static_cast<std::int32_t>(from.priority);
    made.weight = static_cast<std::uint32_t>(from.weight);
    made.in_flight_max = static_cast<std::uint32_t>(from.in_flight_max);
    made.models = from.models;
    made.excluded_models = from.excluded_models;
    made.prefix = from.prefix;
    made.is_prefix_required = from.prefix_required;
    made.disabled = from.disabled;
    for (const std::string& header : from.headers) {
        made.headers.push_back(config::header_of(header));
    }
    made.base_url = from.base_url;
    made.egress = from.via;
    made.note = from.note;
    made.state = book.open(made.id);
    made.number = made.state->number();
    return made;
}

base::Result<LiveSecretPtr> make_secret(const config::Account& from, const plugins::Login* login) {
    return make_secret(from.api_key.empty() ? from.secret : from.api_key, login);
}

base::Result<LiveSecretPtr> make_secret(const base::Secret& text, const plugins::Login* login) {
    if (login != nullptr) {
        return read_secret(*login, text, 0, base::wall_ms(), http::Loop::clock_ms());
    }
    auto plain = std::make_shared<LiveSecret>();
    plain->text = text;
    return LiveSecretPtr(std::move(plain));
}

Account make_nameless_account(std::string_view provider, Book& book) {
    Account made;
    made.id = provider;
    made.state = book.open(made.id);
    return made;
}

}  // namespace parley::accounts
