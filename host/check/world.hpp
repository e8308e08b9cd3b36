// check/world.hpp: what the world answers to the ops of a login.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "parley/sdk/op_stage.hpp"

namespace parley::check {

inline constexpr std::string_view kGenerous =
    R"({"access_token":"rt-canary-7f3a-of-the-checks",)"
    R"("refresh_token":"rt-canary-7f3a-of-the-checks","token_type":"Bearer",)"
    R"("id_token":"e30.eyJzdWIiOiJzIiwiZW1haWwiOiJtZUBleGFtcGxlLmNvbSJ9.c2ln",)"
    R"("device_code":"d-1","user_code":"ABCD-EFGH","verification_uri":"https://a.invalid/device",)"
    R"("verification_uri_complete":"https://a.invalid/device?c=1","interval":1,"expires_in":3600,)"
    R"("expires_at":4102444800,"email":"me@example.com","apiKey":"rt-canary-7f3a-of-the-checks"})";

// How the world answers: http replies of this status and body, callbacks with this query.
struct World {
    int status = 200;
    std::string_view body = kGenerous;
    bool fails_callbacks = false;
};

// To what the op has waited for longest.
inline stage::Answer answer_to(const stage::Stage& stage,
                               const World& world,
                               std::int64_t& now_ms) {
    const std::string asked = stage.asked();
    now_ms += 1000;
    if (asked == "http") return {"http", std::to_string(world.status), {}, std::string(world.body)};
    if (asked == "clock") return {"clock", std::to_string(now_ms), {}, ""};
    if (asked == "random") return {"random", std::string(64, 'r'), {}, ""};
    if (asked == "callback" && world.fails_callbacks) return {"fail", "15 timed out", {}, ""};
    if (asked == "callback") {  // a host lets no other state through
        const std::string words = stage.asked_for();
        const std::string state = words.substr(words.rfind(' ') + 1);
        return {"callback", "code=c-1&state=" + state, {}, ""};
    }
    if (asked == "timer") now_ms += 60'000;
    return {asked, "", {}, ""};
}

}  // namespace parley::check
