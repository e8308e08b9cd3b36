#include "check/measure.hpp"

#include <algorithm>
#include <ctime>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include "check/child.hpp"
#include "check/conversation.hpp"
#include "check/measures.hpp"
#include "check/memory_count.hpp"
#include "plugins/text.hpp"

namespace parley::check {

namespace json = boost::json;

namespace {

constexpr int kBatches = 15;
constexpr std::uint64_t kCounted = 100;         // calls whose allocations are counted
constexpr std::uint64_t kCallsMax = 1'000'000;  // of one batch

double computed_ns() {
    timespec now{};
    ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return static_cast<double>(now.tv_sec) * 1e9 + static_cast<double>(now.tv_nsec);
}

double batch_ns(const std::function<void()>& call, std::uint64_t calls) {
    const double begin = computed_ns();
    for (std::uint64_t i = 0; i < calls; ++i) call();
    return computed_ns() - begin;
}

}  // namespace

Measures::Measures(Trial& trial, const Scroll& scroll, int each_ms)
    : trial_(trial), scroll_(scroll), batch_ns_(each_ms * 1e6 / kBatches) {}

void Measures::take(std::string_view component,
                    std::string_view what,
                    const void* inside,
                    const std::function<void()>& call,
                    bool with_cpp) {
    trial_.enter(std::string(what) + " of " + std::string(component));
    std::uint64_t calls = 1;
    while (calls < kCallsMax && batch_ns(call, calls) < batch_ns_) calls *= 2;
    std::vector<double> all;
    for (int i = 0; i < kBatches; ++i) {
        all.push_back(batch_ns(call, calls) / static_cast<double>(calls));
    }
    double taken = 0;
    if (inside != nullptr) {
        const MemoryCount count(inside, with_cpp);
        const std::uint64_t counted = std::min(calls, kCounted);
        for (std::uint64_t i = 0; i < counted; ++i) call();
        taken = static_cast<double>(count.taken()) / static_cast<double>(counted);
    }
    put(component, what, std::move(all), taken, calls * kBatches);
}

void Measures::put(std::string_view component,
                   std::string_view what,
                   std::vector<double> all,
                   double taken,
                   std::uint64_t calls) {
    std::sort(all.begin(), all.end());
    scroll_.add(json::serialize(json::object{{"component", component},
                                             {"what", what},
                                             {"ns", all[all.size() / 2]},
                                             {"ns_least", all.front()},
                                             {"allocations", taken},
                                             {"calls", calls}}));
}

// Of the whole library: from the file to its components, and from there until it is gone.
void Measures::take_loading() {
    std::vector<double> loading;
    std::vector<double> unloading;
    for (int i = 0; i < kBatches; ++i) {
        const double begin = computed_ns();
        auto library = trial_.load();
        const double loaded = computed_ns();
        library.reset();
        loading.push_back(loaded - begin);
        unloading.push_back(computed_ns() - loaded);
    }
    put("plugin", "load", std::move(loading), 0, kBatches);
    put("plugin", "unload", std::move(unloading), 0, kBatches);
}

base::Result<std::vector<Measured>> measure(const Subject& subject, int each_ms) {
    const Scroll scroll;
    const Outcome came = in_a_child(
        [&](Slate& slate) {
            Trial trial(subject, slate);
            Measures measures(trial, scroll, each_ms);
            measures.take_loading();
            const auto library = trial.load();
            if (library == nullptr) return;
            for (const plugins::Component& component : library->components()) {
                if (component.kind != nullptr) measure_component(measures, library, component);
            }
        },
        std::chrono::minutes(10));
    if (came.verdict == Verdict::failed) {
        return base::client_error(PARLEY_E_INVALID_ARGUMENT, subject.path + ": " + came.text);
    }
    std::vector<Measured> all;
    for (const std::string& line : scroll.lines()) {
        const json::value value = json::parse(line);
        const json::object& one = value.as_object();
        all.push_back({std::string(one.at("component").as_string()),
                       std::string(one.at("what").as_string()),
                       one.at("ns").to_number<double>(),
                       one.at("ns_least").to_number<double>(),
                       one.at("allocations").to_number<double>(),
                       one.at("calls").to_number<std::uint64_t>()});
    }
    return all;
}

}  // namespace parley::check
