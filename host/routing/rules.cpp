#include "routing/rules.hpp"

#include <algorithm>

namespace parley::routing {

namespace {

// Whom a class of error concerns when nobody said.
Rule usual_rule(int error_class) {
    switch (error_class) {
        case PARLEY_E_UNAUTHENTICATED:
        case PARLEY_E_PAYMENT_REQUIRED:
            return {Guilty::kAccount, Wait::kRefused};
        case PARLEY_E_FORBIDDEN:  // mostly of one model; a dead account finds out model by model
            return {Guilty::kModel, Wait::kRefused};
        case PARLEY_E_QUOTA_EXHAUSTED:
            return {Guilty::kAccount, Wait::kQuota};
        case PARLEY_E_RATE_LIMITED:
        case PARLEY_E_OVERLOADED:
            return {Guilty::kModel, Wait::kShort};
        case PARLEY_E_UPSTREAM_FAILED:
        case PARLEY_E_UPSTREAM_PROTOCOL:
        case PARLEY_E_TIMEOUT:
            return {Guilty::kModel, Wait::kAfterSeveral};
        case PARLEY_E_INTERNAL:
        case PARLEY_E_CORRUPT_STATE:
        case PARLEY_E_CONFIG:
        case PARLEY_E_NOT_IMPLEMENTED:
        case PARLEY_E_BUDGET:  // of a plugin; the client's own limits never come here
            return {Guilty::kNobody, Wait::kAfterSeveral};
        default:
            return {};
    }
}

// The request is at fault whatever the scope says.
bool is_of_the_request(int error_class) {
    switch (error_class) {
        case 0:
        case PARLEY_E_INVALID_ARGUMENT:
        case PARLEY_E_CONTEXT_TOO_LONG:
        case PARLEY_E_CONTENT_BLOCKED:
        case PARLEY_E_TOO_LARGE:
        case PARLEY_E_CANCELLED:
        case PARLEY_E_CONFLICT:
        case PARLEY_E_PRECONDITION:
            return true;
        default:
            return false;
    }
}

std::uint64_t doubled(std::uint64_t ms, unsigned times, std::uint64_t ms_max) {
    while (times-- > 0 && ms < ms_max) ms *= 2;
    return std::min(ms, ms_max);
}

std::uint64_t told_ms(const Fault& fault) {
    return fault.cool_down_ms != 0 ? fault.cool_down_ms : fault.retry_after_ms;
}

// Longer by up to the jitter, so that accounts which failed together do not come back together.
std::uint64_t jittered(std::uint64_t ms, std::uint64_t random, std::uint64_t percent) {
    const std::uint64_t more = ms * percent / 100;
    return ms + (more == 0 ? 0 : random % (more + 1));
}

}  // namespace

Fault fault_of(const parley_verdict& verdict) {
    const parley_error& error = verdict.error;
    return {error.error_class,
            error.scope,
            error.retry_after_ms,
            verdict.cool_down_ms,
            {error.message.ptr, error.message.len}};
}

bool is_limit(int error_class) {
    return error_class == PARLEY_E_RATE_LIMITED || error_class == PARLEY_E_QUOTA_EXHAUSTED ||
           error_class == PARLEY_E_OVERLOADED;
}

Rule rule_of(const Fault& fault) {
    if (is_of_the_request(fault.error_class)) return {};
    Rule rule = usual_rule(fault.error_class);
    switch (fault.scope) {
        case PARLEY_SCOPE_REQUEST:
            return {};
        case PARLEY_SCOPE_MODEL:
            rule.guilty = Guilty::kModel;
            break;
        case PARLEY_SCOPE_ACCOUNT:
            rule.guilty = Guilty::kAccount;
            break;
        case PARLEY_SCOPE_ENDPOINT:
        case PARLEY_SCOPE_PROVIDER:
        case PARLEY_SCOPE_PLUGIN:
            rule.guilty = Guilty::kProvider;
            break;
        default:
            return rule;
    }
    const bool is_missing =
        fault.error_class == PARLEY_E_NOT_FOUND || fault.error_class == PARLEY_E_UNSUPPORTED;
    if (is_missing) rule.wait = Wait::kRefused;
    return rule;
}

accounts::CoolDown cool_down_of(const Fault& fault,
                                unsigned level,
                                std::int64_t now_ms,
                                std::uint64_t random,
                                const config::RoutingLimits& limits) {
    std::uint64_t ms = 0;
    if (const std::uint64_t told = told_ms(fault); told != 0) {
        const std::uint64_t ceiling = std::max(limits.told_max_ms, limits.told_min_ms);
        ms = std::clamp(told, limits.told_min_ms, ceiling);
    } else {
        switch (rule_of(fault).wait) {
            case Wait::kQuota:
                ms = doubled(limits.quota_ms, level, std::max(limits.quota_ms, limits.refused_ms));
                break;
            case Wait::kRefused:
                ms = limits.refused_ms;
                break;
            case Wait::kShort:
            case Wait::kAfterSeveral:
                ms = doubled(limits.wait_ms, level, std::max(limits.wait_ms, limits.wait_max_ms));
                break;
        }
        ms = jittered(ms, random, limits.jitter_percent);
    }
    const auto wait = static_cast<std::int64_t>(std::max<std::uint64_t>(ms, 1));
    const auto probe = static_cast<std::int64_t>(limits.probe_ms);
    return {now_ms + wait, now_ms + std::min(wait, probe), fault.error_class, level};
}

}  // namespace parley::routing
