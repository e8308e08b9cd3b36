#include "accounts/outside.hpp"

#include <exception>

#include "base/clock.hpp"
#include "base/digest.hpp"

namespace parley::accounts {

namespace {

class RealOutside final : public Outside {
public:
    RealOutside(http::Loop& loop,
                std::shared_ptr<const config::UpstreamLimits> limits,
                std::shared_ptr<http::ClientTls> tls)
        : pool_(loop, std::move(limits), std::move(tls)) {}

    base::Task<base::Result<http::CallReply>> call(const http::Call& call,
                                                   http::Cancellation& cancellation) override {
        return http::perform(pool_, call, cancellation);
    }

    std::int64_t wall_ms() override { return base::wall_ms(); }

    std::int64_t monotonic_ms() override {
        return static_cast<std::int64_t>(http::Loop::clock_ms());
    }

    base::Result<void> draw(std::span<char> into) override {
        try {
            base::fill_random({reinterpret_cast<unsigned char*>(into.data()), into.size()});
        } catch (const std::exception& fault) {
            return base::gateway_error(PARLEY_E_INTERNAL, fault.what());
        }
        return {};
    }

private:
    http::UpstreamPool pool_;
};

}  // namespace

std::shared_ptr<Outside> make_outside(http::Loop& loop,
                                      std::shared_ptr<const config::UpstreamLimits> limits,
                                      std::shared_ptr<http::ClientTls> tls) {
    return std::make_shared<RealOutside>(loop, std::move(limits), std::move(tls));
}

}  // namespace parley::accounts
