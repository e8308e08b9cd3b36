// check/kill_rules.cpp: a store whose process is killed keeps what it said it had.
#include <atomic>
#include <csignal>
#include <random>
#include <sys/mman.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

#include "check/rules.hpp"
#include "plugins/store.hpp"
#include "plugins/text.hpp"

namespace parley::check {

using plugins::Cancel;
using plugins::Store;

namespace {

constexpr int kKills = 12;
constexpr std::uint64_t kWritesMin = 3;  // before it is killed
constexpr auto kPatience = std::chrono::seconds(10);
constexpr std::string_view kKey = "plugin/parley-check/killed";

// How many writes have returned, seen by both processes.
struct Progress {
    std::atomic<std::uint64_t> returned{0};
    std::atomic<bool> is_durable{true};
    std::atomic<bool> is_read_only{false};
};

std::unique_ptr<Store> open_store(Trial& trial,
                                  const std::shared_ptr<plugins::Library>& library,
                                  const Cancel& cancel) {
    for (const plugins::Component& component : library->components()) {
        if (component.kind_id != PARLEY_KIND_STORE) continue;
        auto made = trial.make(library, component);
        if (made == nullptr || !trial.is_told(*made)) return nullptr;
        auto store = std::make_unique<Store>(std::move(made), config::StoreLimits{});
        if (store->open({}, cancel)) return store;
    }
    return nullptr;
}

[[noreturn]] void write_until_killed(Trial& trial, Progress& progress) {
    const Cancel cancel(60'000, plugins::make_stop_flag());
    const auto library = trial.load();
    const auto store = library == nullptr ? nullptr : open_store(trial, library, cancel);
    if (store == nullptr) ::_exit(0);
    progress.is_durable = store->can(PARLEY_STORE_DURABLE);
    progress.is_read_only = store->can(PARLEY_STORE_READ_ONLY);
    if (progress.is_read_only) ::_exit(0);
    for (std::uint64_t number = progress.returned + 1;; ++number) {
        plugins::DocumentWrite write;
        write.key = kKey;
        write.value = base::Secret(std::to_string(number));
        write.expected = PARLEY_REVISION_ANY;
        if (!store->write(write, cancel)) ::_exit(1);
        progress.returned = number;
    }
}

// False: it has no store that works.
bool write_and_kill(Trial& trial, Progress& progress, std::mt19937& random) {
    const std::uint64_t before = progress.returned;
    const pid_t child = ::fork();
    if (child == 0) write_until_killed(trial, progress);
    if (child < 0) return false;
    const auto end = std::chrono::steady_clock::now() + kPatience;
    int status = 0;
    while (progress.returned < before + kWritesMin && std::chrono::steady_clock::now() < end) {
        if (::waitpid(child, &status, WNOHANG) == child) {
            trial.expect(status == 0, "store: fails or ends its process in a put, unkilled");
            return false;
        }
        std::this_thread::yield();
    }
    std::this_thread::sleep_for(std::chrono::microseconds(random() % 5'000));
    ::kill(child, SIGKILL);
    ::waitpid(child, &status, 0);
    return progress.returned != before;
}

std::uint64_t number_in_store(Store& store, const Cancel& cancel) {
    const auto found = store.get(kKey, cancel);
    if (!found || !*found) return 0;
    return std::strtoull(std::string((*found)->value.reveal()).c_str(), nullptr, 10);
}

}  // namespace

void keeps_what_it_kept(Trial& trial) {
    void* const memory = ::mmap(
        nullptr, sizeof(Progress), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) return trial.skip("the system has no memory for it");
    Progress& progress = *new (memory) Progress;
    std::mt19937 random(11);
    for (int round = 0; round < kKills && !trial.has_failed(); ++round) {
        trial.enter("writes until it is killed");
        const bool has_written = write_and_kill(trial, progress, random);
        if (progress.is_read_only) return trial.skip("it is read-only");
        if (!has_written) {
            return trial.skip("it has no store that is told to work, by --set or --config");
        }
        if (!progress.is_durable) return trial.skip("it does not say that it is durable");
        const Cancel cancel(30'000, plugins::make_stop_flag());
        const auto library = trial.load();
        const auto store = library == nullptr ? nullptr : open_store(trial, library, cancel);
        if (store == nullptr)
            return trial.fail("store: does not open after its process was killed");
        trial.enter("get after the kill");
        const std::uint64_t kept = number_in_store(*store, cancel);
        trial.expect(kept >= progress.returned && kept <= progress.returned + 1,
                     "store: holds write " + std::to_string(kept) + " after a kill, but write " +
                         std::to_string(progress.returned) + " had returned");
        progress.returned = kept;
    }
}

}  // namespace parley::check
