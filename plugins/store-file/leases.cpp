#include "leases.hpp"

#include <algorithm>
#include <ctime>
#include <fstream>
#include <sstream>

namespace parley::store_file {

using sdk::store_failure;

namespace {

constexpr std::string_view kMark = "parley-lease/1";

constexpr uint64_t kLeaseBytesMax = 16 * 1024;

int64_t clock_ms(clockid_t clock) {
    timespec now{};
    ::clock_gettime(clock, &now);
    return now.tv_sec * int64_t{1000} + now.tv_nsec / 1'000'000;
}

// Which run of the machine this is.
std::string this_boot() {
    std::ifstream file("/proc/sys/kernel/random/boot_id");
    std::string id;
    std::getline(file, id);
    return id.empty() ? "unknown" : id;
}

std::string file_of(std::string_view name) {
    return ".parley/leases/" + sdk::file_of(name, sdk::FileForm::kEnvelope);
}

}  // namespace

void Leases::take(const sdk::LeaseAsk& ask, parley_lease& out) {
    Lease lease = read(ask.name);
    const uint64_t left = left_ms(lease);
    if (left != 0 && lease.owner != ask.owner) {
        out.expires_in_ms = left;
        sdk::lease_conflict(ask);
    }
    if (left == 0) ++lease.token;
    lease.owner = ask.owner;
    extend(lease, sdk::ttl_of(ask));
    write(ask.name, lease);
    out.token = lease.token;
    out.expires_in_ms = left_ms(lease);
}

void Leases::renew(const sdk::LeaseAsk& ask, parley_lease& out) {
    Lease lease = read(ask.name);
    const uint64_t left = left_ms(lease);
    if (left == 0 || lease.token != ask.token) {
        out.expires_in_ms = left;
        sdk::lease_conflict(ask);
    }
    extend(lease, sdk::ttl_of(ask));
    write(ask.name, lease);
    out.token = lease.token;
    out.expires_in_ms = left_ms(lease);
}

void Leases::release(std::string_view name, uint64_t token) {
    Lease lease = read(name);
    if (lease.token != token || left_ms(lease) == 0) return;
    lease.owner.clear();
    write(name, lease);
}

Leases::Lease Leases::read(std::string_view name) const {
    Lease lease;
    const std::string file = file_of(name);
    const auto contents = folder_.read(file, kLeaseBytesMax);
    if (!contents) return lease;
    const auto value = sdk::file_value(sdk::FileForm::kEnvelope, contents->text);
    std::istringstream text(value ? std::string(value->value) : std::string());
    std::string mark;
    text >> mark >> lease.token >> lease.boot_until_ms >> lease.wall_until_ms >> lease.boot;
    if (!text || mark != kMark) {
        throw store_failure(PARLEY_E_CORRUPT_STATE, folder_.path(file) + ": is not a lease");
    }
    text.get();
    std::getline(text, lease.owner, '\0');
    return lease;
}

void Leases::write(std::string_view name, const Lease& lease) {
    std::ostringstream text;
    text << kMark << ' ' << lease.token << ' ' << lease.boot_until_ms << ' ' << lease.wall_until_ms
         << ' ' << lease.boot << ' ' << lease.owner;
    folder_.replace(file_of(name), sdk::file_text(text.str(), "text/plain"));
}

void Leases::extend(Lease& lease, int64_t ttl_ms) const {
    lease.boot_until_ms = clock_ms(CLOCK_BOOTTIME) + ttl_ms;
    lease.wall_until_ms = clock_ms(CLOCK_REALTIME) + ttl_ms;
    lease.boot = this_boot();
}

uint64_t Leases::left_ms(const Lease& lease) const {
    if (lease.owner.empty()) return 0;
    const bool same_boot = lease.boot == this_boot();
    const int64_t left = same_boot ? lease.boot_until_ms - clock_ms(CLOCK_BOOTTIME)
                                   : lease.wall_until_ms - clock_ms(CLOCK_REALTIME);
    return static_cast<uint64_t>(std::max<int64_t>(left, 0));
}

}  // namespace parley::store_file
