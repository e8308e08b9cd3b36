#include "live/stock.hpp"

#include <algorithm>
#include <charconv>
#include <filesystem>

#include "base/clock.hpp"
#include "base/log.hpp"
#include "http/pause.hpp"
#include "store/client_key_document.hpp"
#include "store/make_store.hpp"

namespace parley::live {

using base::LogLevel;
using base::Result;

namespace {

// Journals of seats that are not there any more. The first worker looks after them.
std::vector<std::string> leftovers(const config::Config& config, int seat) {
    std::vector<std::string> found;
    if (seat != 1) return found;
    std::error_code none;
    for (const auto& entry : std::filesystem::directory_iterator(config.state_folder, none)) {
        const std::string name = entry.path().filename();
        if (!name.starts_with("journal-")) continue;
        const std::string_view number = std::string_view(name).substr(8);
        std::uint64_t of = 0;
        const auto [end, fault] = std::from_chars(number.data(), number.data() + number.size(), of);
        const bool is_seat = fault == std::errc() && end == number.data() + number.size();
        if (is_seat && of > config.supervisor.processes) found.push_back(entry.path());
    }
    return found;
}

}  // namespace

Result<std::unique_ptr<Stock>> Stock::open(const config::Config& config,
                                           const plugins::Catalogue& catalogue,
                                           const std::shared_ptr<plugins::HostServices>& services,
                                           const supervisor::Parent& parent) {
    std::vector<config::Fault> faults;
    auto documents = store::make_store(config, catalogue, services, faults);
    if (!faults.empty()) {
        std::string all;
        for (const config::Fault& fault : faults) {
            all += (all.empty() ? "" : "\n") + fault.text(config.file);
        }
        return base::gateway_error(PARLEY_E_CONFIG, all);
    }
    if (documents == nullptr) return std::unique_ptr<Stock>();
    auto ledger = store::Ledger::open(
        std::move(documents),
        config.state_folder + '/' + parent.at_seat("journal"),
        store::identity_of(config, catalogue),
        {std::string(store::kAccountPrefix), std::string(store::kClientKeyPrefix), "state/"},
        config.store.limits,
        leftovers(config, parent.seat()));
    if (!ledger) return std::move(ledger).error();
    const std::string replica = parent.at_seat(accounts::replica_of(config.store.replica));
    return std::unique_ptr<Stock>(new Stock(std::move(*ledger), replica, config.store.limits));
}

Stock::Stock(std::unique_ptr<store::Ledger> ledger,
             const std::string& replica,
             const config::StoreLimits& limits)
    : ledger_(std::move(ledger)),
      accounts_(*ledger_),
      state_(ledger_, replica),
      limits_(limits),
      was_read_(ledger_->was_ever_read()) {
    ledger_->start([this](const std::vector<std::string>& keys) {
        const auto has = [&](std::string_view prefix) {
            return std::any_of(keys.begin(), keys.end(), [prefix](const std::string& key) {
                return key.starts_with(prefix);
            });
        };
        // Once the store was read, those are all the keys there are; who was told so already need
        // not hear it.
        const bool is_first = !was_read_ && ledger_->was_ever_read();
        was_read_ = was_read_ || is_first;
        const bool is_news = is_first && was_given_unread_;
        const bool has_keys = is_news || has(store::kClientKeyPrefix);
        if (has_keys) has_other_keys_ = true;
        if (has_keys || has(store::kAccountPrefix)) changed(is_changed_);
        if (std::any_of(keys.begin(), keys.end(), accounts::KeptState::is_state)) {
            changed(is_state_changed_);
        }
    });
    if (ledger_->wait_until_read(limits_.start_ms)) {
        // What was refreshed before the last end is known to all before anybody uses it.
        if (!ledger_->wait_until_stored(limits_.start_ms)) {
            base::log(LogLevel::warn,
                      "not all of the journal came into the store within store.start_ms");
        }
        return;
    }
    base::log(LogLevel::warn,
              "store has not answered within store.start_ms; what was known last is served",
              {{"why", ledger_->reach().why}});
}

Stock::~Stock() {
    ledger_->stop();
}

pipeline::Stored Stock::stored() {
    // Asked first: what is read meanwhile is among the keys.
    bool may_hold_more = !ledger_->was_ever_read();
    if (may_hold_more) {
        // Noted, then asked again: a reading behind that finds the note, and says so.
        was_given_unread_ = true;
        may_hold_more = !ledger_->was_ever_read();
    }
    return {.ledger = ledger_,
            .accounts = accounts_.read(),
            .keys = store::read_client_keys(*ledger_),
            .may_hold_more = may_hold_more,
            .look = [this] { look_everywhere(); }};
}

void Stock::look_everywhere() {
    ledger_->look();
    House* house = house_;
    if (house == nullptr) return;
    house->control().post([house] { house->have_others_look(); });
}

base::Task<Result<std::uint64_t>> Stock::look() {
    struct Asked {
        std::optional<Result<std::uint64_t>> told;
        http::Pause* waits = nullptr;
    };

    http::Loop& home = house_.load()->control();
    http::Pause pause(home, limits_.call_ms);
    const auto asked = std::make_shared<Asked>();
    asked->waits = &pause;
    ledger_->look([asked, &home](Result<std::uint64_t> changed) {
        home.post([asked, &home, changed = std::move(changed)]() mutable {
            home.wake();
            asked->told = std::move(changed);
            if (asked->waits != nullptr) asked->waits->cancel();
        });
    });
    co_await pause;
    asked->waits = nullptr;
    if (asked->told) co_return std::move(*asked->told);
    co_return base::gateway_error(PARLEY_E_OVERLOADED,
                                  "the store gives no answer within store.call_ms; it is looked at "
                                  "as soon as it does");
}

void Stock::serve(House& house) {
    const pipeline::World& world = *house.world();
    house.control().wake();
    const auto now_ms = static_cast<std::int64_t>(house.control().now_ms());
    state_.restore(*world.book, world.callers, now_ms, base::wall_ms());
    house_ = &house;
    house.on_look([this] { ledger_->look(); });
    if (is_changed_) changed(is_changed_);
    changed(is_state_changed_);
    keep_again_.emplace(house.control().deadlines(), this, [](void* self) {
        static_cast<Stock*>(self)->keep_state();
    });
    keep_again_->set(limits_.state_ms);
}

// On a thread of the ledger.
void Stock::changed(std::atomic<bool>& what) {
    what = true;
    House* house = house_;
    if (house == nullptr) return;
    house->control().post([self = std::weak_ptr(self_)] {
        const auto alive = self.lock();
        if (alive == nullptr) return;
        (*alive)->follow_state();
        (*alive)->follow();
    });
}

// What came while the last World was made is in the next one, all of it.
void Stock::follow() {
    if (!is_changed_.exchange(false)) return;
    House& house = *house_;
    house.control().wake();
    Inputs inputs = house.inputs();
    const bool has_other_keys = has_other_keys_.exchange(false);
    pipeline::Stored now = stored();
    if (now.accounts == inputs.stored.accounts && !has_other_keys) return;
    inputs.stored = std::move(now);
    const std::uint64_t count = inputs.stored.accounts.size();
    const std::uint64_t key_count = inputs.stored.keys.size();
    for (const config::Fault& fault : house.change(std::move(inputs))) {
        base::log(LogLevel::error, "stored accounts not taken over", {{"why", fault.text("")}});
        return;
    }
    base::log(LogLevel::info,
              "stored accounts changed",
              {{"accounts", count}, {"client_keys", key_count}});
}

void Stock::follow_state() {
    if (!is_state_changed_.exchange(false)) return;
    House& house = *house_;
    house.control().wake();
    const pipeline::World& world = *house.world();
    const auto now_ms = static_cast<std::int64_t>(house.control().now_ms());
    state_.follow(*world.book, world.callers, now_ms, base::wall_ms());
}

void Stock::keep_state() {
    House& house = *house_;
    const pipeline::World& world = *house.world();
    const auto now_ms = static_cast<std::int64_t>(house.control().now_ms());
    state_.follow(*world.book, world.callers, now_ms, base::wall_ms());
    state_.keep(*world.book, world.callers, now_ms, base::wall_ms());
    keep_again_->set(limits_.state_ms);
}

bool Stock::close() {
    keep_state();
    keep_again_.reset();
    if (!ledger_->wait_until_stored(limits_.stop_ms)) {
        base::log(LogLevel::warn,
                  "not all is in the store; the rest is in the journal for the next start",
                  {{"documents", ledger_->reach().pending}});
    }
    return ledger_->stop();
}

}  // namespace parley::live
