#include "live/account_state.hpp"

#include <cmath>

#include "base/error.hpp"
#include "http/loop.hpp"

namespace parley::live {

namespace json = boost::json;

using accounts::Health;

namespace {

void add_cool_down(json::object& into, const Health& health, std::int64_t now_ms) {
    const accounts::CoolDown down = health.cool_down();
    const bool is_cooling = down.until_ms > now_ms;
    const bool is_over = down.until_ms == accounts::CoolDown::kEndless;
    into["state"] = is_over ? "needs a new login" : is_cooling ? "cooling down" : "ready";
    if (!is_cooling) return;
    into["why"] = base::name_of(down.error_class);
    if (is_over) return;
    into["left_ms"] = down.until_ms - now_ms;
    into["probe_ms"] = std::max<std::int64_t>(down.probe_ms - now_ms, 0);
}

json::object in_json(const Health& health, std::int64_t now_ms) {
    json::object out;
    add_cool_down(out, health, now_ms);
    out["in_flight"] = health.in_flight();
    out["attempts"] = health.attempts();
    out["success_per_mille"] = health.success_per_mille(now_ms);
    if (const float content_ms = health.content_ms(now_ms); content_ms > 0) {
        out["content_ms"] = std::lround(content_ms);
    }
    if (const accounts::LastError last = health.last_error(); last.error_class != 0) {
        out["last_error"] = {{"class", base::name_of(last.error_class)},
                             {"ago_ms", now_ms - last.at_ms},
                             {"text", last.text}};
    }
    json::array windows;
    for (const accounts::Window& window : health.windows()) {
        windows.push_back({{"name", window.text()},
                           {"limit", window.limit},
                           {"remaining", window.remaining},
                           {"reset_ms", std::max<std::int64_t>(window.reset_ms - now_ms, 0)}});
    }
    if (!windows.empty()) out["windows"] = std::move(windows);
    return out;
}

// While its provider cools down, an account is not asked either.
json::object in_json(const routing::Place& place,
                     const accounts::Account& account,
                     std::int64_t now_ms) {
    json::object out{{"account", account.id},
                     {"provider", place.name},
                     {"label", account.label},
                     {"priority", account.priority},
                     {"weight", account.weight}};
    if (!account.note.empty()) out["note"] = account.note;
    for (auto& [key, value] : state_of(*account.state, now_ms)) out[key] = std::move(value);
    if (account.disabled) out["state"] = "disabled";
    const Health& of_place = place.state->health;
    if (of_place.cool_down().until_ms > now_ms) out["of_provider"] = in_json(of_place, now_ms);
    return out;
}

}  // namespace

json::object state_of(const accounts::State& account, std::int64_t now_ms) {
    json::object out = in_json(account.health, now_ms);
    json::object models;
    for (const auto* model = account.first(); model != nullptr; model = model->next) {
        models[model->name] = in_json(model->health, now_ms);
    }
    if (!models.empty()) out["models"] = std::move(models);
    return out;
}

json::array account_states(const pipeline::World& world) {
    const auto now_ms = static_cast<std::int64_t>(http::Loop::clock_ms());
    json::array all;
    for (const routing::Place& place : world.router.places()) {
        for (const accounts::Account& account : place.accounts) {
            all.push_back(in_json(place, account, now_ms));
        }
    }
    return all;
}

}  // namespace parley::live
