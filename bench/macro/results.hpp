// What a run of bench_load found out, and its one line of JSON.
#pragma once

#include <cstdint>
#include <cstdio>
#include <sys/resource.h>

#include "histogram.hpp"
#include "load_options.hpp"
#include "reply_reader.hpp"

namespace bench {

struct Results {
    Histogram latency;        // open loop: from when it was due
    Histogram service;        // from when it was sent
    Histogram first_content;  // to the first byte of the first event
    Histogram lag;            // of stamped events
    std::uint64_t requests = 0;
    std::uint64_t events = 0;
    std::uint64_t body_bytes = 0;
    std::uint64_t reconnects = 0;
    std::uint64_t faults[static_cast<std::size_t>(Fault::kCount)] = {};
    int bad_status = 0;
    std::int64_t elapsed_ns = 0;

    std::uint64_t errors() const {
        std::uint64_t sum = 0;
        for (const auto count : faults) {
            sum += count;
        }
        return sum;
    }
};

inline void print_histogram(const char* name, const Histogram& histogram) {
    std::printf(R"(,"%s":{"p50":%.1f,"p90":%.1f,"p99":%.1f,"p99.9":%.1f,"max":%.1f,"mean":%.1f})",
                name,
                histogram.quantile_us(0.5),
                histogram.quantile_us(0.9),
                histogram.quantile_us(0.99),
                histogram.quantile_us(0.999),
                histogram.max_us(),
                histogram.mean_us());
}

inline void print_results(const Options& options, const Results& results) {
    rusage usage{};
    getrusage(RUSAGE_SELF, &usage);
    const auto cpu_us = (usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1'000'000 +
                        usage.ru_utime.tv_usec + usage.ru_stime.tv_usec;
    const double seconds = static_cast<double>(results.elapsed_ns) / 1e9;
    std::printf(R"({"model":"%s","loop":"%s","connections":%llu,"seconds":%.4f)",
                options.model.c_str(),
                options.rate > 0 ? "open" : "closed",
                static_cast<unsigned long long>(options.connections),
                seconds);
    std::printf(R"(,"requests":%llu,"ok":%llu,"per_second":%.1f,"events":%llu,"body_bytes":%llu)",
                static_cast<unsigned long long>(results.requests),
                static_cast<unsigned long long>(results.latency.count()),
                seconds > 0 ? static_cast<double>(results.latency.count()) / seconds : 0,
                static_cast<unsigned long long>(results.events),
                static_cast<unsigned long long>(results.body_bytes));
    print_histogram("latency_us", results.latency);
    if (options.rate > 0) {
        print_histogram("service_us", results.service);
    }
    if (options.is_stream) {
        print_histogram("first_content_us", results.first_content);
    }
    if (results.lag.count() > 0) {
        print_histogram("lag_us", results.lag);
    }
    std::printf(R"(,"load_cpu_us":%lld,"reconnects":%llu,"errors":%llu,"faults":{)",
                static_cast<long long>(cpu_us),
                static_cast<unsigned long long>(results.reconnects),
                static_cast<unsigned long long>(results.errors()));
    const char* comma = "";
    for (std::size_t i = 0; i < static_cast<std::size_t>(Fault::kCount); ++i) {
        if (results.faults[i] > 0) {
            std::printf(R"(%s"%s":%llu)",
                        comma,
                        kFaultNames[i],
                        static_cast<unsigned long long>(results.faults[i]));
            comma = ",";
        }
    }
    std::printf(R"(},"bad_status":%d})"
                "\n",
                results.bad_status);
}

}  // namespace bench
