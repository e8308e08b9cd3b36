#include "command/sign_in.hpp"

#include <csignal>
#include <memory>

#include <boost/asio/signal_set.hpp>

#include "command/terminal.hpp"
#include "http/tls.hpp"

namespace parley::command {

using accounts::OpRun;
using accounts::Outside;
using base::Result;
using base::Secret;

namespace {

constexpr std::uint64_t kGoodbyeMs = 1'000;  // for a browser that reads its page

// The real world, and somebody in it.
class WithSomebody final : public Outside {
public:
    WithSomebody(std::shared_ptr<Outside> world, accounts::Person* somebody)
        : world_(std::move(world)), somebody_(somebody) {}

    base::Task<Result<http::CallReply>> call(const http::Call& call,
                                             http::Cancellation& cancellation) override {
        return world_->call(call, cancellation);
    }

    std::int64_t wall_ms() override { return world_->wall_ms(); }

    std::int64_t monotonic_ms() override { return world_->monotonic_ms(); }

    Result<void> draw(std::span<char> into) override { return world_->draw(into); }

    accounts::Person* person() override { return somebody_; }

private:
    std::shared_ptr<Outside> world_;
    accounts::Person* somebody_;
};

class Session {
public:
    Session(const config::Config& config, const config::Environment& environment, const SignIn& how)
        : config_(config),
          how_(how),
          terminal_(loop_, environment, {how.opens_browser}),
          signals_(loop_.io(), SIGINT, SIGTERM),
          goodbye_(loop_.deadlines(), this, [](void* self) {
              static_cast<Session*>(self)->look_again();
          }) {}

    Result<void> begin(plugins::Op op) {
        auto tls = http::ClientTls::make(trusted_authorities(config_));
        if (!tls) return std::move(tls).error();
        const auto limits = std::make_shared<const config::UpstreamLimits>(config_.upstream);
        auto world = accounts::make_outside(loop_, limits, std::move(*tls));
        auto outside = std::make_shared<WithSomebody>(std::move(world),
                                                      how_.has_person ? &terminal_ : nullptr);
        signals_.async_wait([this](const boost::system::error_code& fault, int) {
            if (!fault) cancel();
        });
        loop_.wake();
        run_ = OpRun::start(
            loop_, std::move(outside), how_.bounds, std::move(op), [this](Result<Secret> result) {
                result_ = std::move(result);
                end();
            });
        return {};
    }

    std::optional<Result<Secret>> finish() {
        loop_.run();
        run_.reset();
        return std::move(result_);
    }

private:
    void cancel() {
        loop_.wake();
        run_->cancel();
        end();
    }

    // What the op waited for has a turn of the loop to let go, a browser a little longer.
    void end() {
        terminal_.leave();
        boost::system::error_code ignored;
        signals_.cancel(ignored);
        end_ms_ = loop_.now_ms() + kGoodbyeMs;
        goodbye_.set(1);
    }

    void look_again() {
        if (terminal_.is_quiet()) return loop_.stop();
        if (loop_.now_ms() >= end_ms_) terminal_.cut();
        goodbye_.set(1);
    }

    const config::Config& config_;
    const SignIn how_;
    http::Loop loop_{0};
    Terminal terminal_;
    boost::asio::signal_set signals_;
    http::Deadline goodbye_;
    std::shared_ptr<OpRun> run_;
    std::optional<Result<Secret>> result_;
    std::uint64_t end_ms_ = 0;
};

}  // namespace

std::string trusted_authorities(const config::Config& config) {
    if (!config.upstream_ca_file.empty()) return config.upstream_ca_file;
    // What other programs on this machine are told by the environment holds here too.
    const config::Environment environment = config::process_environment();
    const std::string* told = environment.find("SSL_CERT_FILE");
    return told == nullptr ? std::string() : *told;
}

std::optional<Result<Secret>> sign_in(const config::Config& config,
                                      const config::Environment& environment,
                                      plugins::Op op,
                                      const SignIn& how) {
    std::signal(SIGPIPE, SIG_IGN);
    Session session(config, environment, how);
    if (auto begun = session.begin(std::move(op)); !begun) {
        return Result<Secret>(std::move(begun).error());
    }
    return session.finish();
}

}  // namespace parley::command
