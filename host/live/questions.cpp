#include "live/questions.hpp"

#include <unistd.h>

#include "base/clock.hpp"
#include "live/account_state.hpp"
#include "live/explanation.hpp"
#include "live/shown.hpp"

namespace parley::live {

namespace json = boost::json;

using manage::Control;

namespace {

json::array in_json(const std::vector<std::string>& texts) {
    return json::array(texts.begin(), texts.end());
}

// A text that the question must have.
base::Result<std::string> text_of(const Control::Question& question, std::string_view key) {
    const json::value* value = question.if_contains(key);
    if (value != nullptr && value->is_string()) return std::string(value->get_string());
    return base::client_error(PARLEY_E_INVALID_ARGUMENT,
                              std::string(key) + ": a string was expected");
}

Control::Answer done(const base::Result<void>& outcome) {
    if (!outcome) return outcome.error();
    return json::object{{"done", true}};
}

Control::Answer status(const House& house, const Reload& reload, std::int64_t started_ms) {
    const pipeline::World& world = *house.world();
    std::size_t refused = 0;
    for (const auto& file : house.inputs().catalogue->files()) refused += !file.refusal.empty();
    return json::object{
        {"version", PARLEY_VERSION},
        {"pid", ::getpid()},
        {"up_ms", base::wall_ms() - started_ms},
        {"addresses", in_json(house.addresses())},
        {"connections", house.connections()},
        {"configuration",
         {{"file", world.config.file},
          {"in_force", reload.faults().empty()},
          {"faults", in_json(reload.faults())},
          {"after_restart", in_json(reload.after_restart())}}},
        {"providers", world.router.places().size()},
        {"dialects", world.registry.dialects().size()},
        {"plugins",
         {{"serving", house.inputs().catalogue->libraries().size()}, {"refused", refused}}}};
}

// A policy is asked whom it would pick, so on a loop.
base::Task<Control::Answer> explain(House& house, Control::Question question) {
    const auto model = text_of(question, "model");
    const auto key = text_of(question, "key");
    if (!model) co_return model.error();
    if (!key) co_return key.error();
    const std::shared_ptr<const pipeline::World> world = house.world();
    Control::Answer told = boost::json::object();
    http::OnLoop work = house.on_loop([&] { told = explanation(*world, *model, *key); });
    co_await work;
    co_return told;
}

Control::Answer clear(const House& house, const Control::Question& question) {
    const auto id = text_of(question, "account");
    if (!id) return id.error();
    if (house.world()->book->clear(*id)) return json::object{{"done", true}};
    return base::client_error(PARLEY_E_NOT_FOUND, "account " + *id + " is not known");
}

// A route that does something to one plugin.
template <class Do>
Control::Route for_plugin(std::string_view key, Do what) {
    return [key, what](const Control::Question& question) -> Control::Answer {
        const auto text = text_of(question, key);
        return text ? done(what(*text)) : Control::Answer(text.error());
    };
}

base::Task<Control::Answer> pull(Stock* stock) {
    if (stock == nullptr) {
        co_return base::client_error(PARLEY_E_UNSUPPORTED, "there is no store: nothing is kept");
    }
    const base::Result<std::uint64_t> changed = co_await stock->look();
    if (!changed) co_return changed.error();
    co_return json::object{{"changed", *changed}};
}

}  // namespace

void add_questions(Control& control, House& house, Reload& reload, Plugins& plugins, Stock* stock) {
    using Question = Control::Question;
    control.add("GET", "/status", [&, since_ms = base::wall_ms()](const Question&) {
        return status(house, reload, since_ms);
    });
    control.add("POST", "/reload", [&](const Question&) -> Control::Answer {
        if (reload.now()) {
            return json::object{{"changes", in_json(reload.changes())},
                                {"after_restart", in_json(reload.after_restart())}};
        }
        std::string why;
        for (const std::string& fault : reload.faults()) why += (why.empty() ? "" : "\n") + fault;
        return base::client_error(PARLEY_E_CONFIG, why);
    });
    control.add("POST", "/upgrade", [&](const Question&) { return done(house.ask_for_upgrade()); });
    control.add_slow("POST", "/store/pull", [stock](const Question&) { return pull(stock); });
    control.add("GET", "/accounts", [&](const Question&) -> Control::Answer {
        return json::object{{"accounts", account_states(*house.world())}};
    });
    control.add_slow("POST", "/explain", [&](const Question& q) { return explain(house, q); });
    control.add("POST", "/accounts/clear", [&](const Question& q) { return clear(house, q); });
    control.add(
        "GET", "/plugins", [&](const Question&) -> Control::Answer { return plugins.status(); });
    control.add("POST", "/plugins/load", for_plugin("file", [&](const std::string& file) {
                    return plugins.load(file);
                }));
    control.add("POST", "/plugins/show", [&](const Question& question) -> Control::Answer {
        const auto id = text_of(question, "plugin");
        return id ? show_plugin(house, *id) : Control::Answer(id.error());
    });
    control.add("POST", "/plugins/rollback", for_plugin("plugin", [&](const std::string& id) {
                    return plugins.roll_back(id);
                }));
    control.add("POST", "/plugins/disable", for_plugin("plugin", [&](const std::string& id) {
                    return plugins.disable(id);
                }));
}

}  // namespace parley::live
