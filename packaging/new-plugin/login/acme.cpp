// acme.cpp: a login that makes up a key and gives it to the account.
//
// A real one asks a place for it, step by step: http() sends a request, show_user() shows a person
// an address and a code, timer() waits; parley/sdk/login.hpp has them all. The logins of OAuth 2
// are written already, in parley/sdk/oauth_ops.hpp.
#include <array>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "parley/login.h"
#include "parley/sdk/login.hpp"
#include "parley/sdk/plugin.hpp"

namespace sdk = parley::sdk;

namespace {

constexpr std::size_t kKeyBytes = 16;

// An op: each step asks for one thing and names the step that comes after it.
class MakeUp final : public sdk::Steps<MakeUp> {
    void start() override { random(kKeyBytes, &MakeUp::write); }

    void write(const parley_resume& told) {
        static constexpr std::string_view kDigits = "0123456789abcdef";
        sdk::SecretText key;  // wiped at its end
        key.text().reserve(2 * kKeyBytes);
        for (const char c : sdk::view(told.bytes)) {
            const auto byte = static_cast<unsigned char>(c);
            key.text() += kDigits[byte >> 4];
            key.text() += kDigits[byte & 15];
        }
        publish(key.view());
    }
};

class Login {
public:
    explicit Login(const parley_host*) {}

    // Whose accounts these are: the id of a provider component. Put yours here.
    std::span<const parley_str> providers() {
        static constexpr std::array all{sdk::str("example")};
        return all;
    }

    // A key is shown by its end, which proves nothing.
    void parse(std::string_view secret, sdk::Arena& arena, parley_secret_facts& out) {
        constexpr std::size_t kShown = 4;
        if (secret.size() < 4 * kShown) {
            throw sdk::Failure(PARLEY_E_INVALID_ARGUMENT,
                               "a key of 16 characters or more was expected");
        }
        out.label = arena.copy(secret.substr(secret.size() - kShown));
    }

    std::unique_ptr<sdk::Op> login_begin(const parley_login_ask&) {
        return std::make_unique<MakeUp>();
    }
};

struct Components {
    const std::array<parley_component, 1>& operator()() const {
        static const parley_login table = sdk::login_table<Login>();
        static const std::array<parley_component, 1> all{
            sdk::make_component<Login>({PARLEY_KIND_LOGIN, "acme", "makes up keys"}, &table)};
        return all;
    }
};

}  // namespace

PARLEY_PLUGIN_ENTRY = sdk::make_entry("com.example.acme", "0.1.0", "acme", Components{});
