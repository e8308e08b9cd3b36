// check/host_rules.cpp: how a plugin calls its host, and how it does with others.
#include <memory>
#include <thread>
#include <vector>

#include "check/measures.hpp"
#include "check/other_host.hpp"
#include "check/rules.hpp"
#include "check/watched_host.hpp"
#include "check/with_host.hpp"
#include "plugins/text.hpp"

namespace parley::check {

using plugins::Component;
using plugins::Instance;

namespace {

// Each call a few times: what was right once may be wrong again.
class SomeTimes final : public Calls {
public:
    SomeTimes(Trial& trial, std::string under) : trial_(trial), under_(std::move(under)) {}

    void take(std::string_view component,
              std::string_view what,
              const void*,
              const std::function<void()>& call,
              bool) override {
        constexpr int kTimes = 3;
        trial_.enter(std::string(what) + " of " + std::string(component) + under_);
        for (int i = 0; i < kTimes; ++i) call();
    }

private:
    Trial& trial_;
    std::string under_;
};

using Hosts = std::vector<std::unique_ptr<WatchedHost>>;

// Two instances, of which the younger one ends first, and traffic on the thread of a loop.
void serve_and_end(Trial& trial,
                   const std::shared_ptr<plugins::Library>& library,
                   const Component& component,
                   const Hosts& hosts) {
    auto made = trial.make(library, component);
    if (made == nullptr) return;
    WatchedHost& host = *hosts.back();
    if (trial.make(library, component) == nullptr) return;
    hosts.back()->end();
    std::jthread([&] {
        plugins::set_loop_index(0);
        SomeTimes calls(trial, ", on a loop's thread");
        call_everything(calls, trial, made);
    });
    trial.enter("the end of " + plugins::quoted(component.id));
    made.reset();
    host.end();
}

// A whole life, with traffic, under a host of another age.
void live_under(Trial& trial,
                const std::shared_ptr<plugins::Library>& library,
                const Component& component,
                OtherHost::Age age) {
    const std::string under =
        age == OtherHost::Age::older ? ", under an older host" : ", under a newer host";
    const OtherHost host(trial.services(), std::string(component.id), age);
    const auto before = [&host](const parley_host&) { return host.border(); };
    const WithHost with(component, before);
    Instance::Faults faults;
    trial.enter("create, configure or activate of " + plugins::quoted(component.id) + under);
    const auto made = Instance::make(library,
                                     trial.services(),
                                     with.component(),
                                     std::string(component.id),
                                     trial.settings_of(component),
                                     faults);
    // An older host may lack what it cannot do without.
    const bool may_decline = age == OtherHost::Age::older;
    trial.expect(made != nullptr || may_decline,
                 "create: refuses a newer host" +
                     (faults.empty() ? std::string() : ": " + faults.front().message));
    if (made == nullptr) return;
    SomeTimes calls(trial, under);
    call_everything(calls, trial, made);
    trial.enter("the end of " + plugins::quoted(component.id) + under);
}

}  // namespace

void calls_its_host_by_the_rules(Trial& trial) {
    const auto library = trial.load();
    if (library == nullptr) return;
    for (const Component& component : library->components()) {
        if (component.kind == nullptr) continue;
        Hosts hosts;
        const WithHost with(component, [&](const parley_host& real) {
            const auto told = [&trial](std::string_view what) { trial.fail(what); };
            hosts.push_back(std::make_unique<WatchedHost>(real, std::string(component.id), told));
            return hosts.back()->border();
        });
        serve_and_end(trial, library, with.component(), hosts);
    }
}

void bears_other_hosts(Trial& trial) {
    const auto library = trial.load();
    if (library == nullptr) return;
    for (const OtherHost::Age age : {OtherHost::Age::older, OtherHost::Age::newer}) {
        for (const Component& component : library->components()) {
            if (component.kind == nullptr || trial.make(library, component) == nullptr) continue;
            live_under(trial, library, component, age);
        }
    }
}

}  // namespace parley::check
