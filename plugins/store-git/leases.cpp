// leases.cpp: a lease is a file on a branch of its own, that a push by force could change alone:
//   parley-lease/1 <token> <end, in milliseconds since 1970> <owner>
// Who pushes on top of the commit that he has read has it; a push that comes second is refused, and
// looks again. Times are those of the machines, whose clocks have to agree.
#include <algorithm>
#include <chrono>
#include <sstream>

#include "store.hpp"

namespace parley::store_git {

using sdk::Cancel;
using sdk::store_failure;

namespace {

constexpr std::string_view kMark = "parley-lease/1";
constexpr uint64_t kFileBytesMax = 64 * 1024;

int64_t wall_ms() {
    const auto now = std::chrono::system_clock::now().time_since_epoch();
    return std::chrono::duration_cast<std::chrono::milliseconds>(now).count();
}

}  // namespace

uint64_t Store::Lease::left_ms() const {
    return owner.empty() ? 0 : static_cast<uint64_t>(std::max<int64_t>(until_ms - wall_ms(), 0));
}

void Store::open_leases(Cancel cancel) {
    leases_.reset();
    if (read_only_ || settings_.lease_branch.empty()) return;
    Settings settings = settings_;
    settings.branch = settings_.lease_branch;
    leases_.emplace();
    leases_->open(settings);
    leases_->fetch(cancel);
}

Store::Lease Store::read_lease(const std::string& file) const {
    Lease lease;
    const Tree tree = leases_->tree_of(leases_->head());
    const auto blob = leases_->find(*tree, file);
    if (!blob) return lease;
    std::istringstream text(leases_->text_of(*blob, kFileBytesMax));
    std::string mark;
    text >> mark >> lease.token >> lease.until_ms;
    if (!text || mark != kMark) {
        throw store_failure(PARLEY_E_CORRUPT_STATE,
                            settings_.lease_branch + ": " + file + " is not a lease");
    }
    text.get();
    std::getline(text, lease.owner);
    return lease;
}

// `decide` is given the lease as it is and makes of it what it shall be, or says false: it stays.
template <class Decide>
void Store::change_lease(std::string_view name, Cancel cancel, Decide&& decide) {
    constexpr int kRaces = 50;
    if (!leases_) throw store_failure(PARLEY_E_FORBIDDEN, "this store has no leases");
    const std::string file = sdk::file_of(name, sdk::FileForm::kEnvelope);
    const std::lock_guard guard(mutex_);
    for (int tries = 0; tries < kRaces; ++tries) {
        const CloneLock lock(settings_.path, cancel);
        leases_->fetch(cancel);
        Lease lease = read_lease(file);
        if (!decide(lease)) return;
        std::ostringstream text;
        text << kMark << ' ' << lease.token << ' ' << lease.until_ms << ' ' << lease.owner << '\n';
        const std::string what = lease.owner.empty() ? "give back " : "lease ";
        if (leases_->commit({{file, text.str()}}, what + std::string(name) + '\n', cancel)) return;
        cancel.check();
    }
    throw store_failure(PARLEY_E_OVERLOADED, "others push to the remote all the time", 1000);
}

void Store::lease(const sdk::LeaseAsk& ask, Cancel cancel, parley_lease& out) {
    change_lease(ask.name, cancel, [&](Lease& lease) {
        const uint64_t left = lease.left_ms();
        if (left != 0 && lease.owner != ask.owner) {
            out.expires_in_ms = left;
            sdk::lease_conflict(ask);
        }
        if (left == 0) ++lease.token;
        lease.owner = ask.owner;
        lease.until_ms = wall_ms() + sdk::ttl_of(ask);
        out.token = lease.token;
        return true;
    });
    out.expires_in_ms = static_cast<uint64_t>(sdk::ttl_of(ask));
    held_.add(ask.name, out.token);
}

void Store::renew(const sdk::LeaseAsk& ask, Cancel cancel, parley_lease& out) {
    change_lease(ask.name, cancel, [&](Lease& lease) {
        out.expires_in_ms = lease.left_ms();
        if (out.expires_in_ms == 0 || lease.token != ask.token) sdk::lease_conflict(ask);
        lease.until_ms = wall_ms() + sdk::ttl_of(ask);
        return true;
    });
    out.token = ask.token;
    out.expires_in_ms = static_cast<uint64_t>(sdk::ttl_of(ask));
}

void Store::release(const sdk::LeaseAsk& ask, Cancel cancel) {
    give_back(ask, cancel);
    held_.drop(ask.name, ask.token);
}

void Store::give_back(const sdk::LeaseAsk& ask, Cancel cancel) {
    change_lease(ask.name, cancel, [&](Lease& lease) {
        if (lease.token != ask.token || lease.owner.empty()) return false;
        lease.owner.clear();
        return true;
    });
}

}  // namespace parley::store_git
