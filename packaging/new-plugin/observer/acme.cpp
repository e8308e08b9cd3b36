// acme.cpp: an observer that writes a line into the log for each exchange that is over.
//
// It runs on a thread of its own kind and may block: no stream waits for it. parley/observer.h says
// what a notice tells. Models and callers are texts of strangers: escape them where you write.
#include <array>
#include <string>
#include <string_view>

#include "parley/observer.h"
#include "parley/sdk/observer.hpp"
#include "parley/sdk/plugin.hpp"

namespace sdk = parley::sdk;

namespace {

std::string_view outcome_name(uint32_t outcome) {
    switch (outcome) {
        case PARLEY_OUTCOME_SUCCEEDED:
            return "succeeded";
        case PARLEY_OUTCOME_REFUSED:
            return "was refused";
        case PARLEY_OUTCOME_CANCELLED:
            return "was cancelled";
        default:
            return "failed";
    }
}

class Observer {
public:
    explicit Observer(const parley_host* host) : host_(host) {}

    void observe(const parley_notice_batch& batch, const parley_cancel&) {
        for (uint64_t i = 0; i < batch.notice_count; ++i) {
            const parley_notice& notice = *batch.notices[i];
            std::string line = "acme: ";
            line += sdk::view(notice.exchange->model).substr(0, 100);
            line += ' ';
            line += outcome_name(notice.outcome);
            line += " after " + std::to_string(notice.total_ms) + " ms";
            sdk::log(host_, PARLEY_LOG_INFO, line);
        }
    }

private:
    const parley_host* host_;
};

struct Components {
    const std::array<parley_component, 1>& operator()() const {
        static const parley_observer table = sdk::observer_table<Observer>();
        static const std::array<parley_component, 1> all{sdk::make_component<Observer>(
            {PARLEY_KIND_OBSERVER, "acme", "writes a line for each exchange"}, &table)};
        return all;
    }
};

}  // namespace

PARLEY_PLUGIN_ENTRY = sdk::make_entry("com.example.acme", "0.1.0", "acme", Components{});
