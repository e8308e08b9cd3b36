// troubled_observer.cpp: an observer that notes in the file "told" of how many exchanges it heard
// and how many it missed. While a file "stuck" stands beside that it waits, with "deaf" even when
// it is told to end; with "failing" it fails.
#include <array>
#include <filesystem>
#include <fstream>
#include <poll.h>
#include <string>
#include <string_view>

#include "parley/sdk/observer.hpp"

namespace parley::troubled_observer {

namespace {

class Observer {
public:
    explicit Observer(const parley_host*) {}

    void configure(std::string_view json) {
        const std::string_view mark = "\"folder\":\"";
        const std::size_t at = json.find(mark) + mark.size();
        folder_ = json.substr(at, json.find('"', at) - at);
    }

    void observe(const parley_notice_batch& batch, const parley_cancel& cancel) {
        const auto is = [&](const char* mood) {
            return std::filesystem::exists(folder_ + "/" + mood);
        };
        if (is("stuck")) std::ofstream(folder_ + "/reached") << "1\n";
        while (is("stuck") && (is("deaf") || cancel.is_cancelled(&cancel) == 0)) {
            ::poll(nullptr, 0, 5);
        }
        if (is("failing")) throw sdk::Failure(PARLEY_E_INTERNAL, "it is in trouble");
        std::ofstream(folder_ + "/told", std::ios::app)
            << batch.notice_count << ' ' << batch.dropped << '\n';
    }

private:
    std::string folder_;
};

constexpr std::string_view kSchema =
    R"({"type":"object","properties":{"folder":{"type":"string"}},"required":["folder"]})";

struct Components {
    const std::array<parley_component, 1>& operator()() const {
        static const parley_observer observer = sdk::observer_table<Observer>();
        static const std::array<parley_component, 1> all{sdk::make_component<Observer>(
            {PARLEY_KIND_OBSERVER, "troubled-observer", "in trouble on command", kSchema},
            &observer)};
        return all;
    }
};

}  // namespace

}  // namespace parley::troubled_observer

PARLEY_PLUGIN_ENTRY = parley::sdk::make_entry("dev.parley.test.troubled-observer",
                                              "0.1.0",
                                              "Parley",
                                              parley::troubled_observer::Components{});
