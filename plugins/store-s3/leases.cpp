// leases.cpp: a lease is an object that only its expected ETag lets anybody replace:
//   parley-lease/1 <token> <end, in milliseconds since 1970> <owner>
// Times are the server's. Without conditional writes there are no leases.
#include <algorithm>
#include <sstream>

#include "store.hpp"

namespace parley::store_s3 {

using sdk::Cancel;
using sdk::store_failure;

namespace {

constexpr std::string_view kMark = "parley-lease/1";

uint64_t left_ms(int64_t until_ms, int64_t now_ms) {
    return static_cast<uint64_t>(std::max<int64_t>(until_ms - now_ms, 0));
}

}  // namespace

Store::Lease Store::read_lease(std::string_view name, Cancel cancel) {
    const std::string object = prefix_ + "leases/" + std::string(name);
    const auto found = bucket_.get(object, cancel);
    Lease lease;
    if (!found) return lease;
    std::istringstream text(found->body);
    std::string mark;
    text >> mark >> lease.token >> lease.until_ms;
    if (!text || mark != kMark) {
        throw store_failure(PARLEY_E_CORRUPT_STATE, object + ": is not a lease");
    }
    text.get();
    std::getline(text, lease.owner, '\0');
    lease.etag = found->object.etag;
    return lease;
}

bool Store::write_lease(std::string_view name, const Lease& lease, Cancel cancel) {
    Condition condition{Condition::Kind::kNone, ""};
    if (!lease.etag.empty()) condition = {Condition::Kind::kEtag, lease.etag};
    std::ostringstream text;
    text << kMark << ' ' << lease.token << ' ' << lease.until_ms << ' ' << lease.owner;
    const std::string object = prefix_ + "leases/" + std::string(name);
    return bucket_.put(object, text.str(), "text/plain", condition, cancel).has_value();
}

void Store::lease(const sdk::LeaseAsk& ask, Cancel cancel, parley_lease& out) {
    Lease lease = read_lease(ask.name, cancel);
    const int64_t now = bucket_.now_ms();
    const uint64_t left = lease.owner.empty() ? 0 : left_ms(lease.until_ms, now);
    if (left != 0 && lease.owner != ask.owner) {
        out.expires_in_ms = left;
        sdk::lease_conflict(ask);
    }
    if (left == 0) ++lease.token;
    lease.owner = ask.owner;
    lease.until_ms = now + sdk::ttl_of(ask);
    if (!write_lease(ask.name, lease, cancel)) {
        // Another was faster.
        out.expires_in_ms =
            std::max<uint64_t>(left_ms(read_lease(ask.name, cancel).until_ms, bucket_.now_ms()), 1);
        sdk::lease_conflict(ask);
    }
    out.token = lease.token;
    out.expires_in_ms = static_cast<uint64_t>(sdk::ttl_of(ask));
    held_.add(ask.name, out.token);
}

void Store::renew(const sdk::LeaseAsk& ask, Cancel cancel, parley_lease& out) {
    Lease lease = read_lease(ask.name, cancel);
    const int64_t now = bucket_.now_ms();
    const uint64_t left = lease.owner.empty() ? 0 : left_ms(lease.until_ms, now);
    const bool is_ours = left != 0 && lease.token == ask.token;
    lease.until_ms = now + sdk::ttl_of(ask);
    if (!is_ours || !write_lease(ask.name, lease, cancel)) {
        out.expires_in_ms = left;
        sdk::lease_conflict(ask);
    }
    out.token = ask.token;
    out.expires_in_ms = static_cast<uint64_t>(sdk::ttl_of(ask));
}

void Store::release(const sdk::LeaseAsk& ask, Cancel cancel) {
    Lease lease = read_lease(ask.name, cancel);
    const bool is_ours = lease.token == ask.token && !lease.owner.empty();
    lease.owner.clear();
    // When another was faster, it ran out.
    if (is_ours) write_lease(ask.name, lease, cancel);
    held_.drop(ask.name, ask.token);
}

}  // namespace parley::store_s3
