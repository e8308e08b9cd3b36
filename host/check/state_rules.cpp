// check/state_rules.cpp: what is handed over to a successor, and generations that follow each other
// while there is traffic.
#include <atomic>
#include <chrono>
#include <random>
#include <thread>

#include "check/conversation.hpp"
#include "check/rules.hpp"
#include "parley/state.h"
#include "plugins/border.hpp"
#include "plugins/text.hpp"

namespace parley::check {

using plugins::Component;
using plugins::Instance;
using plugins::Library;

namespace {

constexpr std::size_t kStateBytesMax = std::size_t{16} * 1024 * 1024;
constexpr std::chrono::milliseconds kSwapTime{1500};
constexpr std::chrono::milliseconds kSwapEvery{10};

std::string of(const Component& component, std::string_view function) {
    return std::string(plugins::short_kind(component.kind_id)) + ' ' +
           plugins::quoted(component.id) + ": " + std::string(function) + ": ";
}

const parley_state* state_of(const parley_component& record, parley_instance* made) {
    if (!PARLEY_HAS(&record, parley_component, get_extension)) return nullptr;
    const auto* const id = record.get_extension(made, plugins::str(PARLEY_STATE));
    return static_cast<const parley_state*>(id);
}

// What an instance hands over; nothing: it declines, or fails, which is said.
std::optional<std::string> saved(Trial& trial, const Component& component, const Instance& made) {
    trial.enter(of(component, "save"));
    const parley_state* const state = state_of(*component.record, made.get());
    base::Arena arena(64 * 1024);
    base::Bytes bytes;
    const plugins::Outlet out(bytes, kStateBytesMax);
    parley_error error = plugins::cleared_error(arena);
    const parley_status status = state->save(made.get(), out.border(), &error);
    trial.expect(status >= 0, of(component, "save") + "fails");
    if (status != PARLEY_OK) return std::nullopt;
    return std::string(bytes.view());
}

// A life that begins with the state of another one: created and configured, not yet active.
class Heir {
public:
    Heir(Trial& trial, const Library& library, const Component& component)
        : trial_(trial),
          component_(component),
          host_(trial.services(), std::string(component.id)),
          settings_(trial.settings_text(library, component)) {
        const parley_component& record = *component.record;
        if (record.create(host_.border(), &made_, nullptr) < 0) made_ = nullptr;
        if (made_ == nullptr || record.configure == nullptr) return;
        record.configure(made_, plugins::str(settings_), nullptr);
    }

    Heir(const Heir&) = delete;
    Heir& operator=(const Heir&) = delete;

    ~Heir() {
        if (made_ == nullptr) return;
        const parley_component& record = *component_.record;
        trial_.enter(of(component_, "the life after restore"));
        const bool is_active = takes_ && !component_.is_exclusive() &&
                               (record.activate == nullptr || record.activate(made_, nullptr) >= 0);
        const bool may_be = takes_ && !component_.is_exclusive();
        trial_.expect(is_active || !may_be, of(component_, "activate") + "fails after restore");
        if (is_active && record.deactivate != nullptr) record.deactivate(made_);
        record.destroy(made_);
    }

    // PARLEY_OK, PARLEY_DECLINED or a negative status.
    parley_status restore(std::string_view bytes, std::string_view version) {
        base::Arena arena(64 * 1024);
        parley_error error = plugins::cleared_error(arena);
        trial_.enter(of(component_, "restore"));
        const auto* const state = state_of(*component_.record, made_);
        const parley_status status =
            state->restore(made_, plugins::bytes(bytes), plugins::str(version), &error);
        trial_.expect(status >= 0 || error.message.len != 0,
                      of(component_, "restore") + "fails without words");
        takes_ = status >= 0;
        return status;
    }

    explicit operator bool() const { return made_ != nullptr; }

private:
    Trial& trial_;
    const Component& component_;
    plugins::HostTable host_;
    std::string settings_;
    parley_instance* made_ = nullptr;
    bool takes_ = true;
};

using StateUse = std::function<void(
    const std::shared_ptr<Library>&, const Component&, const std::shared_ptr<Instance>&)>;

void for_each_state(Trial& trial, const StateUse& use) {
    const auto library = trial.load();
    if (library == nullptr) return;
    bool is_there = false;
    for (const Component& component : library->components()) {
        const auto made = trial.make(library, component);
        if (made == nullptr || state_of(*component.record, made->get()) == nullptr) continue;
        is_there = true;
        use(library, component, made);
    }
    if (!is_there) trial.skip("no component hands over state");
}

// A stream through a dialect of one generation, in words.
std::string stream_through(const std::shared_ptr<Instance>& made, unsigned number) {
    const plugins::Dialect dialect(made);
    const Question question("hello");
    std::string why;
    const std::string bytes = written(dialect, question, random_answer(number), why);
    if (bytes.empty()) return why;
    const Read read(dialect, question, "text/event-stream", bytes, {bytes.size() / 2});
    return read.fault() + read.reading().text();
}

// The generation that serves now, and those before it.
class Generations {
public:
    void publish(std::shared_ptr<Instance> made) {
        const std::scoped_lock lock(mutex_);
        all_.push_back(made);
        now_ = std::move(made);
    }

    std::shared_ptr<Instance> now() const {
        const std::scoped_lock lock(mutex_);
        return now_;
    }

    // Ends those that nobody is in any more, here.
    void end_idle() {
        const std::scoped_lock lock(mutex_);
        std::erase_if(all_, [](const auto& each) { return each.use_count() == 1; });
    }

    void end_all() {
        now_.reset();
        all_.clear();
    }

private:
    mutable std::mutex mutex_;
    std::shared_ptr<Instance> now_;
    std::vector<std::shared_ptr<Instance>> all_;
};

std::size_t swap_under_traffic(Trial& trial, const std::string& id, const std::string& expected) {
    std::size_t loaded = 0;
    Generations generations;
    const auto next = [&] {
        const auto library = trial.load();
        if (library == nullptr) return;
        ++loaded;
        for (const Component& component : library->components()) {
            if (component.kind_id != PARLEY_KIND_DIALECT || component.id != id) continue;
            if (auto made = trial.make(library, component)) generations.publish(std::move(made));
        }
    };
    next();
    std::atomic<bool> is_over{false};
    std::atomic<std::uint64_t> lost{0};
    std::vector<std::jthread> loops;
    for (int loop = 0; loop < 2; ++loop) {
        loops.emplace_back([&] {
            while (!is_over) {
                if (stream_through(generations.now(), 3) != expected) ++lost;
            }
        });
    }
    const auto end = std::chrono::steady_clock::now() + kSwapTime;
    while (std::chrono::steady_clock::now() < end) {
        std::this_thread::sleep_for(kSwapEvery);
        next();
        generations.end_idle();
    }
    is_over = true;
    loops.clear();
    generations.end_all();
    trial.expect(lost == 0,
                 "generations: " + std::to_string(lost) + " streams read otherwise while " +
                     std::to_string(loaded) + " generations followed each other");
    return loaded;
}

}  // namespace

void hands_over_the_same(Trial& trial) {
    for_each_state(trial, [&](const auto& library, const Component& component, const auto& made) {
        const auto first = saved(trial, component, *made);
        const auto second = saved(trial, component, *made);
        trial.expect(first == second, of(component, "save") + "writes other bytes the second time");
        if (!first) return;
        Heir heir(trial, *library, component);
        const auto status = heir ? heir.restore(*first, library->manifest().version) : PARLEY_OK;
        trial.expect(status >= 0, of(component, "restore") + "does not take what save wrote");
    });
}

void bears_any_state(Trial& trial) {
    for_each_state(trial, [&](const auto& library, const Component& component, const auto& made) {
        const std::string whole = saved(trial, component, *made).value_or("");
        std::vector<std::string> states{
            "", whole.substr(0, whole.size() / 2), whole + whole, whole + '\0'};
        std::mt19937 random(7);
        for (int i = 0; i < 3; ++i) {
            std::string bytes(1024 * 1024, ' ');
            for (char& c : bytes) c = static_cast<char>(random());
            states.push_back(std::move(bytes));
        }
        for (const std::string& state : states) {
            for (const std::string& version :
                 {library->manifest().version, std::string("999.0.0"), std::string()}) {
                Heir heir(trial, *library, component);
                if (heir) heir.restore(state, version);
            }
        }
    });
}

// As a host does it: the next one is configured, the one before ends, the next one begins; or the
// one before begins again.
void changes_hands(Trial& trial) {
    const auto library = trial.load();
    if (library == nullptr) return;
    bool is_there = false;
    for (const Component& component : library->components()) {
        if (component.kind == nullptr || !component.is_exclusive()) continue;
        const auto first = trial.make(library, component);
        if (first == nullptr) continue;
        is_there = true;
        trial.enter("create and configure of " + plugins::quoted(component.id) +
                    " beside one that is active");
        Instance::Faults faults;
        const auto second = Instance::make(library,
                                           trial.services(),
                                           component,
                                           std::string(component.id),
                                           trial.settings_of(component),
                                           faults,
                                           first.get());
        if (second == nullptr) {
            trial.fail(of(component, faults.empty() ? "create" : faults.front().message) +
                       "beside one that is active");
            continue;
        }
        trial.enter("quiesce, deactivate and activate of " + plugins::quoted(component.id));
        const auto taken = second->relieve(*first);
        if (!taken) {
            trial.fail(of(component, taken.error().message) + "behind the one before it");
            continue;
        }
        const auto back = second->give_back(*first);
        trial.expect(back.has_value(),
                     plugins::quoted(component.id) +
                         ": is not active again when its successor ends: " +
                         (back ? std::string() : back.error().message));
    }
    if (!is_there) trial.skip("no component is active only once");
}

void follows_itself_under_traffic(Trial& trial) {
    std::vector<std::pair<std::string, std::string>> dialects;  // id, and what a stream reads as
    bool is_resident = false;
    {
        const auto library = trial.load();
        if (library == nullptr) return;
        is_resident = library->manifest().resident();
        for (const Component& component : library->components()) {
            if (component.kind_id != PARLEY_KIND_DIALECT || component.is_exclusive()) continue;
            const auto made = trial.make(library, component);
            if (made == nullptr) continue;
            const plugins::Dialect dialect(made);
            if (!plugins::translates_clients(dialect) || !plugins::translates_upstreams(dialect)) {
                continue;
            }
            dialects.emplace_back(component.id, stream_through(made, 3));
        }
    }
    if (dialects.empty()) return trial.skip("it has no dialect that reads and writes streams");
    trial.enter("generations that follow each other under traffic");
    std::size_t loaded = 1;
    for (const auto& [id, expected] : dialects) loaded += swap_under_traffic(trial, id, expected);
    if (is_resident) return;
    std::size_t gone = 0;
    for (const plugins::Unloaded& each : trial.unloaded()) gone += each.gone ? 1 : 0;
    trial.expect(gone == loaded,
                 "generations: " + std::to_string(loaded - gone) + " of " + std::to_string(loaded) +
                     " are still in memory");
}

}  // namespace parley::check
