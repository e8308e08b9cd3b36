// sole.cpp: a provider, a filter and an observer that may be active only once, as each holds the
// file "<its id>.lock" of its folder from activate to deactivate. Each counts what it did, and its
// successor counts on. In the folder
//   <id>.life    gets a line for each activity that begins, with the count that it has, and ends
//   <id>.broken  comes to be when it is called though it is not active
//   <id>.fail    how many activities from now on fail to begin
#include <array>
#include <atomic>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>

#include "parley/sdk/base_url.hpp"
#include "parley/sdk/filter.hpp"
#include "parley/sdk/observer.hpp"
#include "parley/sdk/provider.hpp"
#include "parley/sdk/settings.hpp"
#include "parley/sdk/state.hpp"

namespace parley::sole {

namespace {

using sdk::str;

class Sole {
public:
    explicit Sole(std::string_view id) : id_(id) {}

    void configure(std::string_view json) {
        base_ = sdk::Settings(json).text("folder");
        base_ += '/' + id_;
    }

    void activate() {
        if (must_fail()) throw sdk::Failure(PARLEY_E_INTERNAL, "it does not want to begin");
        std::error_code fault;
        // Made by one alone, as a lock is.
        if (!std::filesystem::create_directory(base_ + ".lock", fault)) {
            throw sdk::Failure(PARLEY_E_CONFLICT, "another one is active");
        }
        is_active_ = true;
        live("begins");
    }

    void deactivate() {
        live("ends");
        is_active_ = false;
        std::filesystem::remove(base_ + ".lock");
    }

    std::string save() const { return std::to_string(count_); }

    bool restore(std::string_view state, std::string_view) {
        count_ = std::stoi(std::string(state));
        return true;
    }

    // It does something.
    void use() {
        ++count_;
        if (!is_active_) std::ofstream(base_ + ".broken") << "1\n";
    }

private:
    bool must_fail() const {
        int times = 0;
        std::ifstream(base_ + ".fail") >> times;
        if (times > 0) std::ofstream(base_ + ".fail") << times - 1;
        return times > 0;
    }

    void live(std::string_view how) const {
        std::ofstream(base_ + ".life", std::ios::app) << how << ' ' << count_ << '\n';
    }

    std::string id_;
    std::string base_;
    std::atomic<int> count_{0};
    std::atomic<bool> is_active_{false};
};

class Provider : public Sole {
public:
    explicit Provider(const parley_host*) : Sole("sole") {}

    void configure(std::string_view json) {
        Sole::configure(json);
        base_ = sdk::BaseUrl::of("base_url", sdk::Settings(json).text("base_url"));
    }

    static std::span<const parley_str> dialects() {
        static constexpr parley_str kSpoken[] = {str("openai-chat")};
        return kSpoken;
    }

    void plan(const parley_plan_ask& ask, sdk::Arena& arena, parley_plan& out) {
        use();
        sdk::plan_bearer(ask, base_, {}, sdk::view(ask.account->secret), arena, out);
    }

private:
    sdk::BaseUrl base_;
};

class Filter : public Sole {
public:
    explicit Filter(const parley_host*) : Sole("sole-filter") {}

    static void interest(parley_filter_interest& out) {
        out.events = PARLEY_INTEREST_EVENT(PARLEY_EVENT_TEXT_DELTA);
    }

    struct Session {
        Filter& filter;

        parley_status event(const parley_event& event, const parley_sink& sink) const {
            filter.use();
            return sink.emit(&sink, &event);
        }
    };

    Session* open(const parley_filter_open&) { return new Session{*this}; }
};

class Observer : public Sole {
public:
    explicit Observer(const parley_host*) : Sole("sole-observer") {}

    void observe(const parley_notice_batch& batch, const parley_cancel&) {
        for (std::uint64_t i = 0; i < batch.notice_count; ++i) use();
    }
};

constexpr std::string_view kFolder =
    R"({"type":"object","properties":{"folder":{"type":"string"}},"required":["folder"]})";
constexpr std::string_view kPlace =
    R"({"type":"object","properties":{"folder":{"type":"string"},"base_url":{"type":"string"}},)"
    R"("required":["folder","base_url"]})";

template <class T>
parley_component made(std::string_view kind,
                      std::string_view id,
                      std::string_view schema,
                      const void* table) {
    parley_component component = sdk::make_component<T>(
        {kind, id, "is active only once", schema, PARLEY_COMPONENT_EXCLUSIVE}, table);
    sdk::add_state<T>(component);
    return component;
}

struct Components {
    const std::array<parley_component, 3>& operator()() const {
        static const parley_provider provider = sdk::provider_table<Provider>();
        static const parley_filter filter = sdk::filter_table<Filter>();
        static const parley_observer observer = sdk::observer_table<Observer>();
        static const std::array<parley_component, 3> all{
            made<Provider>(PARLEY_KIND_PROVIDER, "sole", kPlace, &provider),
            made<Filter>(PARLEY_KIND_FILTER, "sole-filter", kFolder, &filter),
            made<Observer>(PARLEY_KIND_OBSERVER, "sole-observer", kFolder, &observer)};
        return all;
    }
};

}  // namespace

}  // namespace parley::sole

PARLEY_PLUGIN_ENTRY =
    parley::sdk::make_entry("dev.parley.test.sole", "0.1.0", "Parley", parley::sole::Components{});
