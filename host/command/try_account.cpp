// command/try_account.cpp: does the provider take this account? Asked without a bill: its tokens
// are renewed when they are due, and its list of models is read.
#include <algorithm>
#include <iostream>

#include "accounts/op_call.hpp"
#include "accounts/proofs.hpp"
#include "base/arena.hpp"
#include "base/clock.hpp"
#include "command/commands.hpp"
#include "command/known_accounts.hpp"
#include "command/sign_in.hpp"
#include "config/routes.hpp"
#include "http/head.hpp"
#include "http/tls.hpp"
#include "plugins/border.hpp"

namespace parley::command {

using base::Result;
using base::Secret;
using base::Task;
using plugins::sized;
using plugins::str;
using plugins::view;

namespace {

constexpr std::size_t kPlanBytesMax = 256 * 1024;

class Trial {
public:
    Trial(KnownAccounts& known, KnownProvider& provider, KnownAccount& account)
        : known_(known), provider_(provider), account_(account), secret_(account.secret()) {
        for (const std::string& header : account.terms.headers) {
            own_headers_.push_back(config::header_of(header));
        }
    }

    // What shows that it works, in words.
    Result<std::string> run() {
        const bool is_renewed = account_.facts && account_.facts->is_refreshable;
        const bool is_due = is_renewed && (account_.facts->is_pending || has_expired());
        if (is_due) {
            if (auto renewed = renew(); !renewed) return std::move(renewed).error();
        }
        if (auto made = make_instances(); !made) return std::move(made).error();
        if (dialect_ != nullptr) {
            auto told = ask_for_models();
            // Some places serve no list of models to such an account.
            const bool has_none = !told && told.error().error_class == PARLEY_E_UNSUPPORTED;
            if (!has_none || !is_renewed) return told;
        }
        if (!is_renewed) {
            return base::client_error(PARLEY_E_UNSUPPORTED,
                                      "its provider has nothing to ask for without a bill");
        }
        if (!is_due) {
            if (auto renewed = renew(); !renewed) return std::move(renewed).error();
        }
        return std::string("works: its tokens were renewed");
    }

private:
    bool has_expired() const {
        return account_.facts->expires_at_ms != 0 &&
               account_.facts->expires_at_ms <= base::wall_ms();
    }

    parley_account border() const {
        auto a = sized<parley_account>();
        a.id = str(account_.provider);
        a.label = str(account_.terms.label);
        a.secret = str(secret_.reveal());
        if (account_.facts) a.attributes = str(account_.facts->attributes);
        a.base_url = str(account_.terms.base_url);
        return a;
    }

    // What is sent: as the account has it, else as the provider plans it.
    std::vector<parley_header> headers_with(const parley_plan& plan) const {
        std::vector<parley_header> all;
        for (const auto& [name, value] : own_headers_) {
            all.push_back({str(name), str(value), PARLEY_HEADER_SECRET});
        }
        for (std::size_t i = 0; i < plan.header_count; ++i) {
            const std::string_view name = view(plan.headers[i].name);
            const bool is_own =
                std::any_of(own_headers_.begin(), own_headers_.end(), [&](const auto& own) {
                    return http::equals_ignoring_case(own.first, name);
                });
            if (!is_own) all.push_back(plan.headers[i]);
        }
        return all;
    }

    // Only where the new ones can be kept: the old ones may be good for nothing then.
    Result<void> renew() {
        if (!account_.stored) {
            return base::client_error(
                PARLEY_E_UNSUPPORTED,
                "its tokens are due, and only the server renews those of the configuration");
        }
        auto op = provider_.login->refresh_begin(border());
        if (!op) return std::move(op).error();
        const config::AccountLimits& limits = known_.config().accounts;
        SignIn how;
        how.has_person = false;
        auto egress = account_.egress(provider_);
        if (!egress) return std::move(egress).error();
        how.bounds = {limits.refresh_ms,
                      limits.op_call_ms,
                      limits.op_steps_max,
                      limits.op_effects_max,
                      std::move(*egress)};
        auto renewed = sign_in(known_.config(), config::process_environment(), std::move(*op), how);
        if (!renewed) return base::client_error(PARLEY_E_CANCELLED, "cancelled");
        if (!*renewed) return renewed->error();
        auto facts = provider_.login->parse((*renewed)->reveal());
        if (!facts) return std::move(facts).error();
        secret_ = std::move(**renewed);
        account_.facts = std::move(*facts);
        return keep();
    }

    Result<void> keep() {
        const std::uint64_t before_revision = account_.stored->revision;
        const auto edit = [&](const store::AccountDocument* before)
            -> Result<std::optional<store::AccountDocument>> {
            // Somebody else renewed it in between: what they have is newer.
            if (before == nullptr || before->revision != before_revision) {
                return std::optional<store::AccountDocument>();
            }
            store::AccountDocument after = *before;
            after.secret = secret_;
            after.expires_at_ms = account_.facts->expires_at_ms;
            ++after.revision;
            return std::optional(std::move(after));
        };
        auto kept = known_.store()->change_account(account_.provider, account_.terms.label, edit);
        if (!kept) return std::move(kept).error();
        return {};
    }

    // The provider, and the first of its dialects that has a list of models.
    Result<void> make_instances() {
        plugins::Instance::Faults faults;
        auto instance = plugins::Instance::make_checked(provider_.found.library,
                                                        known_.services(),
                                                        *provider_.found.component,
                                                        provider_.provider.name,
                                                        provider_.settings,
                                                        faults);
        if (instance == nullptr) {
            return base::gateway_error(PARLEY_E_CONFIG,
                                       faults.empty() ? "no provider" : faults.front().message);
        }
        place_ = std::make_unique<plugins::Provider>(std::move(instance));
        for (const parley_str id : place_->dialects()) {
            const auto found = known_.catalogue().find(PARLEY_KIND_DIALECT, view(id));
            if (!found) continue;
            auto made = plugins::Instance::make(found.library,
                                                known_.services(),
                                                *found.component,
                                                std::string(view(id)),
                                                {},
                                                faults);
            if (made == nullptr) continue;
            auto dialect = std::make_unique<plugins::Dialect>(std::move(made));
            for (const parley_route& route : dialect->routes()) {
                if (route.operation != PARLEY_OPERATION_MODELS) continue;
                path_ = view(route.path);
                dialect_ = std::move(dialect);
                return {};
            }
        }
        return {};
    }

    Result<std::string> ask_for_models() {
        base::Arena arena(kPlanBytesMax);
        const parley_account account = border();
        auto client = sized<parley_http_request>();
        client.method = str("GET");
        client.path = str(path_);
        auto ask = sized<parley_plan_ask>();
        ask.operation = PARLEY_OPERATION_MODELS;
        ask.attempt = 1;
        ask.dialect = str(dialect_->id());
        ask.path = str(path_);
        ask.account = &account;
        ask.client = &client;
        auto plan = sized<parley_plan>();
        if (auto planned = place_->plan(ask, arena, plan); !planned) {
            return std::move(planned).error();
        }
        if ((plan.flags & PARLEY_PLAN_ANSWER) != 0)
            return std::string("works: it needs no network");
        const std::string url = std::string(view(plan.origin)) + std::string(view(plan.target));
        auto wanted = sized<parley_http_call>();
        wanted.method = str("GET");
        wanted.url = str(url);
        const std::vector<parley_header> headers = headers_with(plan);
        wanted.headers = headers.data();
        wanted.header_count = static_cast<std::uint32_t>(headers.size());
        http::Call call;
        if (accounts::read_call(wanted, known_.config().accounts.op_call_ms, call) < 0) {
            return base::gateway_error(PARLEY_E_CONFIG, "cannot be asked there: " + url);
        }
        auto egress = account_.egress(provider_);
        if (!egress) return std::move(egress).error();
        call.egress = std::move(*egress);
        auto reply = call_out(call);
        if (!reply) return std::move(reply).error();
        if (reply->status < 400) return "works: HTTP " + std::to_string(reply->status);
        return refusal(*reply, headers, arena);
    }

    base::Error refusal(const http::CallReply& reply,
                        std::span<const parley_header> sent,
                        base::Arena& arena) const {
        auto head = sized<parley_http_reply_head>();
        head.status = reply.status;
        head.content_type = str(reply.content_type);
        base::Error why = dialect_->decode_error(head, reply.body.reveal(), arena);
        accounts::hide_proofs(why.message, sent);
        why.message = "HTTP " + std::to_string(reply.status) + ": " + why.message;
        return why;
    }

    Result<http::CallReply> call_out(const http::Call& call) const {
        auto tls = http::ClientTls::make(trusted_authorities(known_.config()));
        if (!tls) return std::move(tls).error();
        http::Loop loop(0);
        const auto limits =
            std::make_shared<const config::UpstreamLimits>(known_.config().upstream);
        const auto outside = accounts::make_outside(loop, limits, std::move(*tls));
        http::Cancellation never;
        std::optional<Result<http::CallReply>> reply;
        loop.wake();
        base::spawn(hear(*outside, call, never, reply, loop));
        if (!reply) loop.run();
        return std::move(*reply);
    }

    static Task<void> hear(accounts::Outside& outside,
                           const http::Call& call,
                           http::Cancellation& never,
                           std::optional<Result<http::CallReply>>& reply,
                           http::Loop& loop) {
        reply = co_await outside.call(call, never);
        loop.stop();
    }

    KnownAccounts& known_;
    KnownProvider& provider_;
    KnownAccount& account_;
    Secret secret_;
    std::vector<std::pair<std::string, std::string>> own_headers_;
    std::unique_ptr<plugins::Provider> place_;
    std::unique_ptr<plugins::Dialect> dialect_;  // null: none of its has a list of models
    std::string path_;
};

}  // namespace

int account_test(const Options& options) {
    auto known = KnownAccounts::open(options, false);
    if (known == nullptr) return 1;
    auto account = known->find(options.account);
    if (!account) return say_failure(account.error());
    if (!account->fault.empty()) {
        std::cout << account->name() << ": broken: " << account->fault << '\n';
        return 1;
    }
    auto provider = known->provider(account->provider);
    if (!provider) return say_failure(provider.error());
    auto shown = Trial(*known, **provider, *account).run();
    std::cout << account->name() << ": " << (shown ? *shown : shown.error().message) << '\n';
    return shown ? 0 : 1;
}

}  // namespace parley::command
