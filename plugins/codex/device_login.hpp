// device_login.hpp: a person types a code at ChatGPT's own page, and the login server tells us the
// code that a browser would have brought. OpenAI's form of RFC 8628: the server chooses the
// verifier, and says 403 or 404 while nobody has typed.
#pragma once

#include <string>
#include <string_view>

#include "parley/sdk/oauth_ops.hpp"

namespace parley::codex {

class DeviceLogin final : public sdk::Steps<DeviceLogin> {
public:
    DeviceLogin(sdk::OAuthTerms terms, std::string issuer)
        : terms_(std::move(terms)), issuer_(std::move(issuer)) {}

private:
    void start() override;
    void tell(const parley_resume& reply);
    void wait(const parley_resume&);
    void poll(const parley_resume&);
    void hear(const parley_resume& reply);
    void trade(const parley_resume& now);
    void read(const parley_resume& reply);

    void post(std::string_view path, std::string_view json, Next next, Failures failures);

    sdk::OAuthTerms terms_;
    std::string issuer_;
    sdk::SecretText device_id_;
    std::string user_code_;
    sdk::SecretText code_;
    sdk::SecretText verifier_;
    uint64_t poll_ms_ = 0;
    uint64_t left_ms_ = 0;
    int64_t asked_at_ms_ = 0;
};

}  // namespace parley::codex
