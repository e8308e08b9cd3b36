#include "check/watched_host.hpp"

#include "plugins/border.hpp"
#include "plugins/text.hpp"

namespace parley::check {

using plugins::view;

// Each passes the call on to the same function of the host behind.
struct WatchedHost::Functions {
    static WatchedHost& of(const parley_host* host) {
        return *static_cast<WatchedHost*>(host->ctx);
    }

    template <class Table>
    static const Table& extension(const parley_host& real, std::string_view id) {
        return *static_cast<const Table*>(real.get_extension(&real, plugins::str(id)));
    }

    static void log(const parley_host* host, std::uint32_t level, parley_str text) {
        if (const auto* real = of(host).real("log")) real->log(real, level, text);
    }

    static std::int64_t wall_ms(const parley_host* host) {
        const auto* const real = of(host).real("wall_ms");
        return real == nullptr ? 0 : real->wall_ms(real);
    }

    static std::int64_t monotonic_ms(const parley_host* host) {
        const auto* const real = of(host).real("monotonic_ms");
        return real == nullptr ? 0 : real->monotonic_ms(real);
    }

    static const void* get_extension(const parley_host* host, parley_str id) {
        const auto* const real = of(host).real("get_extension");
        if (real == nullptr || real->get_extension(real, id) == nullptr) return nullptr;
        if (view(id) == PARLEY_HOST_CRYPTO) return &kCrypto;
        if (view(id) == PARLEY_HOST_THREAD_CHECK) return &kThreadCheck;
        if (view(id) == PARLEY_HOST_METRICS) return &kMetrics;
        return nullptr;
    }

    static parley_status sha256(const parley_host* host, parley_bytes data, std::uint8_t* out) {
        const auto* const real = of(host).real("sha256");
        if (real == nullptr) return -PARLEY_E_INTERNAL;
        return extension<parley_host_crypto>(*real, PARLEY_HOST_CRYPTO).sha256(real, data, out);
    }

    static parley_status hmac_sha256(const parley_host* host,
                                     parley_bytes key,
                                     parley_bytes data,
                                     std::uint8_t* out) {
        const auto* const real = of(host).real("hmac_sha256");
        if (real == nullptr) return -PARLEY_E_INTERNAL;
        const auto& crypto = extension<parley_host_crypto>(*real, PARLEY_HOST_CRYPTO);
        return crypto.hmac_sha256(real, key, data, out);
    }

    static parley_status random(const parley_host* host, std::uint8_t* out, std::uint64_t size) {
        const auto* const real = of(host).real("random");
        if (real == nullptr) return -PARLEY_E_INTERNAL;
        return extension<parley_host_crypto>(*real, PARLEY_HOST_CRYPTO).random(real, out, size);
    }

    static parley_status sign_rs256(const parley_host* host,
                                    parley_str pem,
                                    parley_bytes data,
                                    std::uint8_t* out,
                                    std::uint64_t* size) {
        const auto* const real = of(host).real("sign_rs256");
        if (real == nullptr) return -PARLEY_E_INTERNAL;
        const auto& crypto = extension<parley_host_crypto>(*real, PARLEY_HOST_CRYPTO);
        return crypto.sign_rs256(real, pem, data, out, size);
    }

    static std::int32_t is_ctl(const parley_host* host) {
        const auto* const real = of(host).real("is_ctl");
        if (real == nullptr) return 0;
        return extension<parley_host_thread_check>(*real, PARLEY_HOST_THREAD_CHECK).is_ctl(real);
    }

    static std::int32_t loop_index(const parley_host* host) {
        const auto* const real = of(host).real("loop_index");
        if (real == nullptr) return -1;
        const auto& check = extension<parley_host_thread_check>(*real, PARLEY_HOST_THREAD_CHECK);
        return check.loop_index(real);
    }

    static parley_status define(const parley_host* host,
                                std::uint32_t kind,
                                parley_str name,
                                parley_str help,
                                std::uint32_t* handle) {
        WatchedHost& self = of(host);
        const auto* const real = self.real("define");
        *handle = 0;
        if (real == nullptr) return -PARLEY_E_INTERNAL;
        if (std::this_thread::get_id() != self.control_) {
            self.tell("define", "called on a loop's thread; define metrics in activate");
        }
        const auto& metrics = extension<parley_host_metrics>(*real, PARLEY_HOST_METRICS);
        const parley_status status = metrics.define(real, kind, name, help, handle);
        const std::scoped_lock lock(self.mutex_);
        self.handles_.insert(*handle);
        return status;
    }

    static void record(const parley_host* host, std::uint32_t handle, std::int64_t value) {
        WatchedHost& self = of(host);
        const auto* const real = self.real("record");
        if (real == nullptr) return;
        const std::scoped_lock lock(self.mutex_);
        if (self.handles_.count(handle) == 0) {
            self.tell("record", "with a handle that define never gave to this instance");
        }
        extension<parley_host_metrics>(*real, PARLEY_HOST_METRICS).record(real, handle, value);
    }

    static constexpr parley_host_crypto kCrypto{
        sizeof(parley_host_crypto), 0, sha256, hmac_sha256, random, sign_rs256};
    static constexpr parley_host_thread_check kThreadCheck{
        sizeof(parley_host_thread_check), 0, is_ctl, loop_index};
    static constexpr parley_host_metrics kMetrics{sizeof(parley_host_metrics), 0, define, record};
};

WatchedHost::WatchedHost(const parley_host& real, std::string component, Told told)
    : real_(&real), component_(std::move(component)), told_(std::move(told)), table_(real) {
    table_.ctx = this;
    table_.log = Functions::log;
    table_.wall_ms = Functions::wall_ms;
    table_.monotonic_ms = Functions::monotonic_ms;
    table_.get_extension = Functions::get_extension;
}

const parley_host* WatchedHost::real(std::string_view call) const {
    const parley_host* const host = real_;
    if (host == nullptr) tell(call, "called after the end of the instance whose host it was");
    return host;
}

void WatchedHost::tell(std::string_view call, std::string_view what) const {
    told_("component " + plugins::quoted(component_) + ": host's " + std::string(call) + ": " +
          std::string(what));
}

}  // namespace parley::check
