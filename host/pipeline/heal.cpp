// pipeline/heal.cpp: a wrong guess about a model, which its upstream refused, is made good once.
#include "base/log.hpp"
#include "pipeline/attempt.hpp"
#include "pipeline/exchange.hpp"

namespace parley::pipeline {

using base::Error;

// What is known of the model, over that what was learnt of it here, and over that what this
// attempt has just learnt, which may not be remembered.
std::string Attempt::traits() const {
    const World& world = exchange_.world();
    const std::string& provider = candidate_.place->provider->name();
    const std::uint64_t now_ms = exchange_.lane().loop().now_ms();
    std::string traits = routing::laid_over(world.traits.of(candidate_.model),
                                            world.lessons->of(provider, candidate_.model, now_ms));
    return routing::laid_over(std::move(traits), lesson_);
}

// The upstream was asked, did not take the request, and the client has seen no more than that we
// are alive. What is relayed is the client's own choice.
bool Attempt::may_be_healed(const Error& refusal) const {
    const bool refused = refusal.error_class == PARLEY_E_INVALID_ARGUMENT ||
                         refusal.error_class == PARLEY_E_UNSUPPORTED;
    return refused && is_crossing() && source_ != nullptr && !has_shown_ && !is_off();
}

Attempt::Task Attempt::heal(Error refusal) {
    const bool learnt = co_await learn_from(refusal);
    if (!learnt) co_return refusal;
    start_over();
    co_return co_await send_and_hear();
}

base::Task<bool> Attempt::learn_from(const Error& refusal) {
    Lane& lane = exchange_.lane();
    // The request is written anew to see what a lesson changes; it may be large.
    const auto work = [&] { lesson_ = crossing_->correct_traits(refusal); };
    http::Workers::Errand errand(lane.workers(), lane.loop(), work);
    co_await errand;
    const std::string words = routing::in_words(lesson_);
    if (words.empty() || is_off()) co_return false;
    const std::string& provider = candidate_.place->provider->name();
    const std::string model(candidate_.model);
    const bool is_new =
        exchange_.world().lessons->learn(provider, model, lesson_, lane.loop().now_ms());
    if (is_new) {
        base::log(base::LogLevel::info,
                  "model " + model + " at " + provider + ": " + words + ", as its refusal said");
    }
    co_return true;
}

// As if nothing had been sent.
void Attempt::start_over() {
    source_.reset();
    plan_ = plugins::sized<parley_plan>();
    held_.clear();
    judged_ = 0;
    status_ = 0;
    heard_ms_ = 0;
    tail_end_ms_ = 0;
    told_ = Error();
    verdict_.reset();
    has_refusal_ = false;
}

}  // namespace parley::pipeline
