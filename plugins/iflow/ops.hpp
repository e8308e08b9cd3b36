// ops.hpp: how an account gets its API key: by a token, of a login or renewed, or by a cookie. The
// key is what requests are proven by, so it stands in front of the document.
#pragma once

#include <string>
#include <string_view>
#include <utility>

#include "parley/sdk/oauth_ops.hpp"

namespace parley::iflow {

inline constexpr std::string_view kApiKey = "api_key";
inline constexpr std::string_view kCookie = "cookie";
inline constexpr std::string_view kRenewAtMs = "renew_at_ms";

// A key that a cookie brought is renewed that much ahead of its end.
inline constexpr int64_t kKeyLeadMs = 48ll * 3600 * 1000;

// The request that turns a token into a key.
sdk::HttpCall user_call(std::string_view url);
std::string user_url(std::string_view url, std::string_view token);

// What is said of a page that gave no reply at all.
sdk::Failure no_answer();

// The document with the key and the name that the reply tells. Throws Failure.
sdk::SecretText with_user(std::string_view document, const parley_resume& reply);

// An op of tokens that ends with a key. `Base` is CodeLogin or TokenRefresh.
template <class Base>
class WithKey final : public Base {
public:
    template <class... Given>
    explicit WithKey(std::string url, Given&&... given)
        : Base(std::forward<Given>(given)...), url_(std::move(url)) {}

private:
    static constexpr uint32_t kTriesMax = 3;
    static constexpr uint64_t kWaitMs = 1'000;  // after the first; then twice as long

    void granted(sdk::SecretText document) override {
        document_ = std::move(document);
        ask();
    }

    void ask() {
        const std::string url = user_url(url_, sdk::token_in(document_.view()));
        this->http(user_call(url),
                   static_cast<typename Base::Next>(&WithKey::read_user),
                   Base::Failures::are_seen);
    }

    // The tokens are new and the old ones good for nothing, so they must not be lost for a page
    // that does not answer: the old key, where there is one, goes on with them.
    void read_user(const parley_resume& reply) {
        sdk::Failure why = no_answer();
        try {
            if (reply.head != nullptr)
                return this->publish(with_user(document_.view(), reply).view());
        } catch (const sdk::Failure& failure) {
            why = failure;
        }
        if (++tries_ < kTriesMax) {
            return this->timer(kWaitMs << tries_ >> 1,
                               static_cast<typename Base::Next>(&WithKey::again));
        }
        if (sdk::token_in(document_.view(), kApiKey).empty()) throw why;
        this->publish(document_.view());
    }

    void again(const parley_resume&) { ask(); }

    std::string url_;
    sdk::SecretText document_;
    uint32_t tries_ = 0;
};

// From a cookie of the platform's pages to a key that is renewed: its name is asked for, then a new
// key of that name.
class CookieKey final : public sdk::Steps<CookieKey> {
public:
    CookieKey(std::string url, std::string_view document)
        : url_(std::move(url)), document_(document) {}

private:
    void start() override;
    void ask_name(const parley_resume& now);
    void ask_key(const parley_resume& reply);
    void read(const parley_resume& reply);

    void call(std::string_view method, std::string_view body, Next next);

    std::string url_;
    sdk::SecretText document_;
    sdk::SecretText cookie_;
    int64_t asked_at_ms_ = 0;
};

}  // namespace parley::iflow
