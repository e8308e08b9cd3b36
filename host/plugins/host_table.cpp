#include "plugins/host_table.hpp"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <climits>
#include <cstring>
#include <exception>

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "base/digest.hpp"
#include "plugins/sign.hpp"
#include "plugins/text.hpp"

namespace parley::plugins {

using base::Result;

namespace {

constexpr std::uint64_t kLinesPerSecondMax = 50;
constexpr std::size_t kLineBytesMax = 4096;
constexpr std::size_t kHelpBytesMax = 256;
constexpr std::size_t kMetricNameBytesMax = 64;
constexpr std::int64_t kSecondMs = 1000;

thread_local std::int32_t t_loop_index = -1;

std::string_view view(parley_str text) {
    return text.ptr == nullptr ? std::string_view() : std::string_view(text.ptr, text.len);
}

HostTable& table_of(const parley_host* host) {
    return *static_cast<HostTable*>(host->ctx);
}

// ---- parley.host.crypto/1 ---------------------------------------------------------------------

// Pointers that OpenSSL would take for something else when they are null.
const std::uint8_t* start(parley_bytes bytes) {
    static constexpr std::uint8_t kNothing = 0;
    return bytes.ptr == nullptr ? &kNothing : bytes.ptr;
}

parley_status sha256(const parley_host*, parley_bytes data, std::uint8_t* out) {
    const base::Digest digest =
        base::sha256({reinterpret_cast<const char*>(start(data)), data.len});
    std::copy(digest.begin(), digest.end(), out);
    return PARLEY_OK;
}

parley_status hmac_sha256(const parley_host*,
                          parley_bytes key,
                          parley_bytes data,
                          std::uint8_t* out) {
    if (key.len > INT_MAX) return -PARLEY_E_INVALID_ARGUMENT;
    const auto* done = HMAC(
        EVP_sha256(), start(key), static_cast<int>(key.len), start(data), data.len, out, nullptr);
    return done != nullptr ? PARLEY_OK : -PARLEY_E_INTERNAL;
}

parley_status random(const parley_host*, std::uint8_t* out, std::uint64_t size) {
    try {
        base::fill_random({out, size});
    } catch (const std::exception&) {
        return -PARLEY_E_INTERNAL;
    }
    return PARLEY_OK;
}

parley_status sign(
    const parley_host*, parley_str pem, parley_bytes data, std::uint8_t* out, std::uint64_t* size) {
    std::size_t written = 0;
    const std::string_view signed_text(reinterpret_cast<const char*>(start(data)), data.len);
    const auto status = sign_rs256(view(pem), signed_text, {out, *size}, written);
    if (status == PARLEY_OK) *size = written;
    return status;
}

constexpr parley_host_crypto kCrypto{sizeof(kCrypto), 0, sha256, hmac_sha256, random, sign};

// ---- parley.host.thread-check/1 ---------------------------------------------------------------

std::int32_t is_ctl(const parley_host* host) {
    return table_of(host).services().control_thread == std::this_thread::get_id() ? 1 : 0;
}

std::int32_t loop_index(const parley_host*) {
    return t_loop_index;
}

constexpr parley_host_thread_check kThreadCheck{sizeof(kThreadCheck), 0, is_ctl, loop_index};

// ---- parley.host.metrics/1 --------------------------------------------------------------------

bool is_metric_name(std::string_view name) {
    return !name.empty() && name.size() <= kMetricNameBytesMax && name[0] >= 'a' &&
           name[0] <= 'z' && std::all_of(name.begin(), name.end(), [](char c) {
               return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
           });
}

std::string metric_name(std::string component, std::string_view name) {
    for (char& c : component) {
        if (c == '-' || c == '.') c = '_';
    }
    return "parley_plugin_" + component + '_' + std::string(name);
}

parley_status define(const parley_host* host,
                     std::uint32_t kind,
                     parley_str name,
                     parley_str help,
                     std::uint32_t* handle) noexcept {
    *handle = 0;
    const bool known = kind == PARLEY_METRIC_COUNTER || kind == PARLEY_METRIC_GAUGE;
    if (!known || !is_metric_name(view(name))) return -PARLEY_E_INVALID_ARGUMENT;
    const HostTable& table = table_of(host);
    const Result<std::uint32_t> defined = table.services().metrics.define(
        kind, metric_name(table.component(), view(name)), printable(view(help), kHelpBytesMax));
    if (defined.has_error()) return -defined.error().error_class;
    *handle = *defined;
    return PARLEY_OK;
}

void record(const parley_host* host, std::uint32_t handle, std::int64_t value) {
    table_of(host).services().metrics.record(handle, value);
}

constexpr parley_host_metrics kMetrics{sizeof(kMetrics), 0, define, record};

// ---- parley_host ------------------------------------------------------------------------------

void log(const parley_host* host, std::uint32_t level, parley_str text) noexcept {
    table_of(host).log(level, view(text));
}

std::int64_t wall_ms(const parley_host* host) {
    return table_of(host).services().wall_ms();
}

std::int64_t monotonic_ms(const parley_host* host) {
    return table_of(host).services().monotonic_ms();
}

const void* get_extension(const parley_host*, parley_str id) {
    if (view(id) == PARLEY_HOST_CRYPTO) return &kCrypto;
    if (view(id) == PARLEY_HOST_THREAD_CHECK) return &kThreadCheck;
    if (view(id) == PARLEY_HOST_METRICS) return &kMetrics;
    return nullptr;
}

constexpr parley_str text(std::string_view of) {
    return {of.data(), of.size()};
}

}  // namespace

std::int64_t monotonic_clock_ms() {
    using std::chrono::milliseconds;
    const auto now = std::chrono::steady_clock::now().time_since_epoch();
    return std::chrono::duration_cast<milliseconds>(now).count();
}

void HostServices::on_control(std::function<void()> work) const {
    const bool is_here = !post_to_control || std::this_thread::get_id() == control_thread;
    if (is_here) {
        work();
    } else {
        post_to_control(std::move(work));
    }
}

void set_loop_index(std::int32_t index) {
    t_loop_index = index;
}

Result<std::uint32_t> PluginMetrics::define(std::uint32_t kind,
                                            std::string name,
                                            std::string help) {
    const std::lock_guard lock(define_mutex_);
    for (std::size_t i = 0; i < owned_.size(); ++i) {
        if (owned_[i]->name != name) continue;
        if (owned_[i]->kind == kind) return static_cast<std::uint32_t>(i + 1);
        return refusal("metrics", PARLEY_E_CONFLICT, "metric " + name + " is of the other kind");
    }
    if (owned_.size() == kMetricsMax) {
        return refusal("metrics",
                       PARLEY_E_BUDGET,
                       "metric " + name + ": at most " + std::to_string(kMetricsMax) +
                           " of all plugins were expected");
    }
    auto metric = std::make_unique<Metric>();
    metric->name = std::move(name);
    metric->help = std::move(help);
    metric->kind = kind;
    metrics_[owned_.size()].store(metric.get(), std::memory_order_release);
    owned_.push_back(std::move(metric));
    return static_cast<std::uint32_t>(owned_.size());
}

void PluginMetrics::record(std::uint32_t handle, std::int64_t value) {
    if (handle == 0 || handle > kMetricsMax) return;
    Metric* const metric = metrics_[handle - 1].load(std::memory_order_acquire);
    if (metric == nullptr) return;
    if (metric->kind == PARLEY_METRIC_GAUGE) {
        metric->value.store(value, std::memory_order_relaxed);
    } else if (value > 0) {
        metric->value.fetch_add(value, std::memory_order_relaxed);
    }
}

std::vector<PluginMetrics::Reading> PluginMetrics::read() const {
    const std::lock_guard lock(define_mutex_);
    std::vector<Reading> out;
    for (const auto& metric : owned_) {
        out.push_back({metric->name,
                       metric->help,
                       metric->kind,
                       metric->value.load(std::memory_order_relaxed)});
    }
    return out;
}

HostTable::HostTable(std::shared_ptr<HostServices> services, std::string component)
    : services_(std::move(services)),
      component_(std::move(component)),
      second_(services_->monotonic_ms()) {
    table_.struct_size = sizeof(table_);
    table_.abi_major = PARLEY_ABI_MAJOR;
    table_.abi_minor = PARLEY_ABI_MINOR;
    table_.name = text("parley");
    table_.version = text(PARLEY_VERSION);
    table_.ctx = this;
    table_.log = plugins::log;
    table_.wall_ms = wall_ms;
    table_.monotonic_ms = monotonic_ms;
    table_.get_extension = plugins::get_extension;
}

bool HostTable::admit_line() {
    const std::int64_t now = services_->monotonic_ms();
    std::int64_t began = second_.load(std::memory_order_relaxed);
    if (now - began >= kSecondMs && second_.compare_exchange_strong(began, now)) lines_.store(0);
    if (lines_.fetch_add(1, std::memory_order_relaxed) < kLinesPerSecondMax) return true;
    dropped_.fetch_add(1, std::memory_order_relaxed);
    return false;
}

// Logging never fails: a sink that throws loses the line.
void HostTable::log(std::uint32_t level, std::string_view text) {
    if (!services_->log || !admit_line()) return;
    try {
        const std::string shown = printable(text, kLineBytesMax);
        const bool known = level >= PARLEY_LOG_DEBUG && level <= PARLEY_LOG_ERROR;
        services_->log({component_, known ? level : PARLEY_LOG_INFO, shown, dropped_.exchange(0)});
    } catch (...) {
        dropped_.fetch_add(1, std::memory_order_relaxed);
    }
}

}  // namespace parley::plugins
