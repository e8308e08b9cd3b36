#include "accounts/book.hpp"

#include <algorithm>

#include <boost/json/array.hpp>
#include <boost/json/value.hpp>

namespace parley::accounts {

namespace json = boost::json;

namespace {

// Models of an account that a file may bring back.
constexpr std::size_t kModelsMax = 1024;
// Times in files are rounded, and clocks of machines differ a little.
constexpr std::int64_t kSameMs = 2'000;
// When what a file says is looked into at the latest: the clock by which it was written may have
// been wrong by years.
constexpr std::int64_t kProbeMsMax = 60'000;

json::value saved(const Health& health, std::int64_t now_ms, std::int64_t wall_ms) {
    const CoolDown down = health.cool_down();
    // One without an end is of a secret that cannot be renewed, which the next process finds out.
    if (down.until_ms <= now_ms || down.until_ms == CoolDown::kEndless) return nullptr;
    const LastError error = health.last_error();
    return json::object{{"until_ms", wall_ms + down.until_ms - now_ms},
                        {"probe_ms", wall_ms + std::max<std::int64_t>(down.probe_ms - now_ms, 0)},
                        {"class", down.error_class},
                        {"level", down.level},
                        {"text", error.text}};
}

std::int64_t number_at(const json::object& from, std::string_view key) {
    const json::value* value = from.if_contains(key);
    return value != nullptr && value->is_int64() ? std::max<std::int64_t>(value->get_int64(), 0)
                                                 : 0;
}

void restore_into(Health& health,
                  const json::value& from,
                  std::int64_t now_ms,
                  std::int64_t wall_ms) {
    const json::object* down = from.if_object();
    if (down == nullptr) return;
    const std::int64_t left_ms = number_at(*down, "until_ms") - wall_ms;
    const auto error_class = static_cast<int>(number_at(*down, "class") & 0xFF);
    if (left_ms <= 0 || error_class == 0) return;
    // What we know ourselves, and another has learnt from us, is no news.
    if (health.cool_down().until_ms + kSameMs >= now_ms + left_ms) return;
    const std::int64_t probe_ms = std::max<std::int64_t>(number_at(*down, "probe_ms") - wall_ms, 0);
    const json::value* text = down->if_contains("text");
    if (text != nullptr && text->is_string()) {
        health.count_failure(now_ms, error_class, std::string_view(text->get_string()));
    }
    health.cool({now_ms + left_ms,
                 now_ms + std::min({probe_ms, left_ms, kProbeMsMax}),
                 error_class,
                 static_cast<unsigned>(std::min<std::int64_t>(number_at(*down, "level"), 0xFF))},
                now_ms);
}

}  // namespace

std::shared_ptr<State> Book::open(std::string_view id) {
    const std::lock_guard lock(mutex_);
    if (states_.size() >= tidy_at_) {
        std::erase_if(states_, [](const auto& entry) { return entry.second.expired(); });
        tidy_at_ = 2 * states_.size() + 64;
    }
    std::weak_ptr<State>& known = states_[std::string(id)];
    std::shared_ptr<State> state = known.lock();
    if (state == nullptr) {
        state = std::make_shared<State>(++last_number_);
        known = state;
    }
    if (const auto it = waiting_.find(id); it != waiting_.end()) waiting_.erase(it);
    return state;
}

std::shared_ptr<State> Book::find(std::string_view id) const {
    const std::lock_guard lock(mutex_);
    const auto known = states_.find(id);
    return known == states_.end() ? nullptr : known->second.lock();
}

json::object Book::snapshot(std::int64_t now_ms, std::int64_t wall_ms) const {
    const std::lock_guard lock(mutex_);
    json::object all;
    for (const auto& [id, weak] : states_) {
        const std::shared_ptr<State> state = weak.lock();
        if (state == nullptr) continue;
        json::object entry;
        if (json::value own = saved(state->health, now_ms, wall_ms); !own.is_null()) {
            entry["account"] = std::move(own);
        }
        json::object models;
        for (const State::Model* m = state->first(); m != nullptr; m = m->next) {
            json::value own = saved(m->health, now_ms, wall_ms);
            if (!own.is_null()) models[m->name] = std::move(own);
        }
        if (!models.empty()) entry["models"] = std::move(models);
        if (!entry.empty()) all[id] = std::move(entry);
    }
    return all;
}

void Book::restore(const json::object& saved, std::int64_t now_ms, std::int64_t wall_ms) {
    for (const auto& [id, value] : saved) {
        const json::object* entry = value.if_object();
        if (entry == nullptr) continue;
        const std::shared_ptr<State> state = open(id);
        if (const json::value* own = entry->if_contains("account")) {
            restore_into(state->health, *own, now_ms, wall_ms);
        }
        const json::value* models = entry->if_contains("models");
        if (models != nullptr && models->is_object()) {
            for (const auto& [name, down] : models->get_object()) {
                State::Model* model = state->open(name, kModelsMax);
                if (model != nullptr) restore_into(model->health, down, now_ms, wall_ms);
            }
        }
        const std::lock_guard lock(mutex_);
        waiting_[std::string(id)] = state;
    }
}

bool Book::clear(std::string_view id) {
    const std::shared_ptr<State> state = find(id);
    if (state == nullptr) return false;
    state->health.clear();
    for (State::Model* m = state->first(); m != nullptr; m = m->next) m->health.clear();
    return true;
}

}  // namespace parley::accounts
