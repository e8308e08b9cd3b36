// check/provider_rules.cpp: what a provider promises of where requests go and what replies mean.
#include <algorithm>
#include <array>

#include "check/asks.hpp"
#include "check/conversation.hpp"
#include "check/guarded.hpp"
#include "check/rules.hpp"
#include "plugins/text.hpp"

namespace parley::check {

using plugins::Instance;
using plugins::Provider;
using plugins::sized;
using plugins::str;
using plugins::view;

namespace {

constexpr std::size_t kArenaBytes = 4 * 1024 * 1024;
constexpr std::string_view kCanary = "sk-canary-7f3a-of-the-checks";
// As a login publishes one.
constexpr std::string_view kTokens = R"({"access_token":"sk-canary-7f3a-of-the-checks",)"
                                     R"("refresh_token":"sk-canary-7f3a-of-the-checks",)"
                                     R"("type":"oauth","expires_at_ms":4102444800000})";

std::string of(const Provider& provider, std::string_view function) {
    return "provider " + plugins::quoted(provider.name()) + ": " + std::string(function) + ": ";
}

bool tells(std::string_view text) {
    return text.find(kCanary) != text.npos;
}

using PlanUse = std::function<void(const Provider&, Ask&)>;

void for_each_ask(Trial& trial, const PlanUse& use) {
    trial.for_each(PARLEY_KIND_PROVIDER, [&](std::shared_ptr<Instance> made) {
        const Provider provider(std::move(made));
        trial.expect(!provider.dialects().empty(), of(provider, "dialects") + "none");
        for (const parley_str dialect : provider.dialects()) {
            for (const std::string_view secret : {kCanary, kTokens}) {
                Ask ask(dialect, secret);
                use(provider, ask);
            }
        }
    });
}

std::string said(const parley_plan& plan) {
    std::string all = std::string(view(plan.origin)) + ' ' + std::string(view(plan.target)) + ' ' +
                      std::to_string(plan.flags);
    for (std::uint64_t i = 0; i < plan.header_count; ++i) {
        const parley_header& header = plan.headers[i];
        all += '\n' + std::string(view(header.name)) + ": " + std::string(view(header.value));
    }
    return all;
}

void expect_no_leak(Trial& trial, const Provider& provider, const parley_plan& plan) {
    const std::string where = of(provider, "plan");
    trial.expect(!tells(view(plan.target)) && !tells(view(plan.origin)),
                 where + "the secret stands in the URL, which is logged");
    for (std::uint64_t i = 0; i < plan.header_count; ++i) {
        const parley_header& header = plan.headers[i];
        trial.expect(!tells(view(header.value)) || (header.flags & PARLEY_HEADER_SECRET) != 0,
                     where + "header " + plugins::quoted(view(header.name)) +
                         " carries the secret without PARLEY_HEADER_SECRET");
    }
}

void classify_all(Trial& trial, const Provider& provider, const Ask& ask) {
    constexpr std::array<unsigned, 17> kStatuses = {
        400, 401, 402, 403, 404, 408, 409, 413, 422, 429, 500, 501, 502, 503, 504, 529, 999};
    base::Arena arena(64 * kArenaBytes);
    trial.enter(of(provider, "classify"));
    for (const unsigned status : kStatuses) {
        for (const std::string& body : noise()) {
            auto head = sized<parley_http_reply_head>();
            head.status = status;
            const auto told = base::upstream_error(base::class_of_http_status(status), "told");
            const Guarded guarded(body);
            const auto verdict = provider.classify(ask.account, &head, guarded.view(), told, arena);
            trial.expect(verdict.error.error_class > 0,
                         of(provider, "classify") + "status " + std::to_string(status) +
                             " is no error to it");
            trial.expect(!tells(view(verdict.error.message)),
                         of(provider, "classify") + "the secret stands in the message");
        }
    }
    for (const int error_class : {PARLEY_E_TIMEOUT, PARLEY_E_UPSTREAM_PROTOCOL}) {
        const auto told = base::upstream_error(error_class, "no reply");
        trial.expect(provider.classify(ask.account, nullptr, {}, told, arena).error.error_class > 0,
                     of(provider, "classify") + "no reply is no error to it");
    }
}

}  // namespace

void plans_without_leaks(Trial& trial) {
    for_each_ask(trial, [&](const Provider& provider, Ask& ask) {
        base::Arena arena(kArenaBytes);
        auto plan = sized<parley_plan>();
        trial.enter(of(provider, "plan"));
        if (const auto ok = provider.plan(ask.ask, arena, plan); !ok) {
            trial.expect(!ok.error().message.empty(), of(provider, "plan") + "fails without words");
            trial.expect(!tells(ok.error().message),
                         of(provider, "plan") + "fails with the secret");
            return;
        }
        expect_no_leak(trial, provider, plan);
    });
}

void classifies_everything(Trial& trial) {
    for_each_ask(trial,
                 [&](const Provider& provider, Ask& ask) { classify_all(trial, provider, ask); });
}

void plans_the_same_twice(Trial& trial) {
    for_each_ask(trial, [&](const Provider& provider, Ask& ask) {
        base::Arena arena(kArenaBytes);
        auto plan = sized<parley_plan>();
        auto again = sized<parley_plan>();
        trial.enter(of(provider, "plan"));
        const bool first = provider.plan(ask.ask, arena, plan).has_value();
        const bool second = provider.plan(ask.ask, arena, again).has_value();
        trial.expect(first == second && said(plan) == said(again),
                     of(provider, "plan") + "another plan for the same request");
        ask.ask.attempt = 2;
        auto later = sized<parley_plan>();
        trial.expect(provider.plan(ask.ask, arena, later).has_value() == first,
                     of(provider, "plan") + "the second attempt goes otherwise");
    });
}

void keeps_secrets(Trial& trial) {
    for_each_ask(trial, [&](const Provider& provider, Ask& ask) {
        base::Arena arena(64 * kArenaBytes);
        auto plan = sized<parley_plan>();
        trial.enter(of(provider, "plan"));
        provider.plan(ask.ask, arena, plan).has_value();
        auto head = sized<parley_http_reply_head>();
        head.status = 401;
        trial.enter(of(provider, "classify"));
        provider.classify(
            ask.account, &head, "{}", base::upstream_error(PARLEY_E_UNAUTHENTICATED, "no"), arena);
    });
    trial.expect(!tells(trial.logged()), "log: the account's secret stands in it");
}

}  // namespace parley::check
