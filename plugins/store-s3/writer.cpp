#include "writer.hpp"

#include <algorithm>
#include <random>
#include <sstream>

namespace parley::store_s3 {

using sdk::Cancel;
using sdk::store_failure;

namespace {

constexpr std::string_view kMark = "parley-writer/1";
constexpr int64_t kClaimMs = 60'000;
constexpr uint64_t kSettleMs = 500;

std::string some_name() {
    std::random_device random;
    std::ostringstream name;
    name << std::hex << random() << random();
    return name.str();
}

}  // namespace

Writer::Writer(Bucket& bucket, std::string object)
    : bucket_(bucket), object_(std::move(object)), name_(some_name()) {}

Writer::Claim Writer::read(Cancel cancel) {
    const auto found = bucket_.get(object_, cancel);
    Claim claim;
    if (!found) return claim;
    std::istringstream text(found->body);
    std::string mark;
    text >> mark >> claim.until_ms >> claim.name;
    if (!text || mark != kMark) {
        throw store_failure(PARLEY_E_CORRUPT_STATE, object_ + ": is not a writer's claim");
    }
    return claim;
}

void Writer::put(int64_t until_ms, Cancel cancel) {
    std::ostringstream text;
    text << kMark << ' ' << until_ms << ' ' << name_ << '\n';
    bucket_.put(object_, text.str(), "text/plain", {}, cancel);
}

void Writer::refuse(const Claim& other) const {
    const int64_t left_ms = std::max<int64_t>(other.until_ms - bucket_.now_ms(), 1);
    throw store_failure(PARLEY_E_OVERLOADED,
                        "another Parley writes to this bucket, whose server has no conditional "
                        "writes, so that only one may; it has " +
                            object_ + " for " + std::to_string((left_ms + 999) / 1000) + " s more",
                        static_cast<uint64_t>(left_ms));
}

void Writer::claim(Cancel cancel) {
    const std::lock_guard guard(mutex_);
    const int64_t now_ms = bucket_.now_ms();
    if (until_ms_ - now_ms > kClaimMs / 2) return;
    const auto is_anothers = [&](const Claim& claim) {
        return claim.name != name_ && claim.until_ms > bucket_.now_ms();
    };
    if (const Claim there = read(cancel); is_anothers(there)) {
        until_ms_ = 0;
        refuse(there);
    }
    const bool is_renewal = until_ms_ > now_ms;
    put(now_ms + kClaimMs, cancel);
    if (!is_renewal) {
        pause(kSettleMs, cancel);
        const Claim there = read(cancel);
        if (there.name != name_) refuse(there);
    }
    until_ms_ = now_ms + kClaimMs;
}

void Writer::give_back(Cancel cancel) {
    const std::lock_guard guard(mutex_);
    if (until_ms_ <= bucket_.now_ms()) return;
    until_ms_ = 0;
    put(0, cancel);
}

}  // namespace parley::store_s3
