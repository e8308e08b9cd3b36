// check/component_rules.cpp: what holds for a component of any kind.
#include <cstring>
#include <random>
#include <sys/stat.h>
#include <unistd.h>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include "base/arena.hpp"
#include "check/other_host.hpp"
#include "check/rules.hpp"
#include "parley/login.h"
#include "plugins/bare_library.hpp"
#include "plugins/border.hpp"
#include "plugins/text.hpp"

namespace parley::check {

namespace json = boost::json;
using plugins::Component;
using plugins::Instance;
using plugins::str;
using plugins::view;

namespace {

constexpr int kRandomSettings = 200;
constexpr std::size_t kArenaBytes = 1024 * 1024;

bool is_utf8(std::string_view text) {
    const json::string quoted_text(text);
    boost::system::error_code fault;
    json::parse(json::serialize(json::value(quoted_text)), fault);
    return !fault;
}

// One component, taken through a life of which each step may be left out.
struct Life {
    Trial& trial;
    const plugins::Library& library;
    const Component& component;
    const parley_host* host;

    std::string name(const char* step) const {
        return std::string(step) + " of " + plugins::quoted(component.id);
    }

    parley_instance* create(parley_error* error) const {
        parley_instance* made = nullptr;
        trial.enter(name("create"));
        const parley_status status = component.record->create(host, &made, error);
        if (status < 0) return nullptr;
        trial.expect(made != nullptr, name("create") + ": success, but no instance");
        return made;
    }

    parley_status configure(parley_instance* made,
                            std::string_view settings,
                            parley_error* error) const {
        if (component.record->configure == nullptr) return PARLEY_OK;
        trial.enter(name("configure"));
        return component.record->configure(made, str(settings), error);
    }

    parley_status activate(parley_instance* made, parley_error* error) const {
        if (component.record->activate == nullptr) return PARLEY_OK;
        trial.enter(name("activate"));
        return component.record->activate(made, error);
    }

    void quiesce(parley_instance* made) const {
        trial.enter(name("quiesce"));
        if (component.record->quiesce != nullptr) component.record->quiesce(made);
    }

    void deactivate(parley_instance* made) const {
        trial.enter(name("deactivate"));
        if (component.record->deactivate != nullptr) component.record->deactivate(made);
    }

    void destroy(parley_instance* made) const {
        trial.enter(name("destroy"));
        component.record->destroy(made);
    }

    // A whole life, with or without somewhere to say why it fails.
    void live(std::string_view settings, parley_error* error) const {
        parley_instance* const made = create(error);
        if (made == nullptr) return;
        if (configure(made, settings, error) >= 0 && activate(made, error) >= 0) {
            quiesce(made);
            deactivate(made);
        }
        destroy(made);
    }

    // Settings that no host would give: it has not checked them.
    void bear_odd_settings() const {
        for (const std::string_view odd : {"", "{", "null", "[]", "{\"\":{}}", "\"\\u0000\""}) {
            parley_instance* const made = create(nullptr);
            if (made == nullptr) return;
            configure(made, odd, nullptr);
            destroy(made);
        }
    }

    void live_in_every_way() const {
        const std::string settings = trial.settings_text(library, component);
        for (int end = 0; end < 3 && !trial.has_failed(); ++end) {
            parley_instance* const made = create(nullptr);
            if (made == nullptr) break;
            if (end > 0) configure(made, settings, nullptr);
            destroy(made);
        }
        base::Arena arena(kArenaBytes);
        parley_error error = plugins::cleared_error(arena);
        live(settings, &error);
        live(settings, nullptr);
        bear_odd_settings();
    }
};

void for_each_component(Trial& trial, const std::function<void(const Life&)>& use) {
    const auto library = trial.load();
    if (library == nullptr) return;
    for (const Component& component : library->components()) {
        if (component.kind == nullptr) continue;
        const plugins::HostTable host(trial.services(), std::string(component.id));
        use({trial, *library, component, host.border()});
    }
}

json::value random_value(std::mt19937& random) {
    switch (random() % 7) {
        case 0:
            return json::value(std::string(random() % 40, 'x'));
        case 1:
            return json::value("https://" + std::to_string(random() % 1000) + ".invalid");
        case 2:
            return static_cast<std::int64_t>(random()) - 1'000'000;
        case 3:
            return random() % 2 == 0;
        case 4:
            return json::array{"a", "b"};
        case 5:
            return json::object{{"x-team", "\xc3\xa9\n\""}};
        default:
            return "";
    }
}

// Settings made of the names that the schema knows; those that it takes are what a host may give.
json::object random_settings(std::string_view schema, std::mt19937& random) {
    json::object out;
    boost::system::error_code fault;
    const json::value parsed = json::parse(schema, fault);
    if (fault || !parsed.is_object() || !parsed.get_object().contains("properties")) return out;
    for (const auto& [name, what] : parsed.at("properties").as_object()) {
        if (random() % 2 == 0) out[name] = random_value(random);
    }
    return out;
}

void configure_at_random(const Life& life) {
    std::mt19937 random(1);
    const Component& configured = Trial::configured_as(life.library, life.component);
    for (int i = 0; i < kRandomSettings; ++i) {
        json::object settings = random_settings(configured.config_schema, random);
        Instance::Faults faults;
        if (!Instance::check(configured, settings, faults)) continue;
        base::Arena arena(kArenaBytes);
        parley_error error = plugins::cleared_error(arena);
        parley_instance* const made = life.create(&error);
        if (made == nullptr) return;
        const parley_status status = life.configure(made, json::serialize(settings), &error);
        life.destroy(made);
        if (status >= 0) continue;
        life.trial.expect(error.message.len != 0,
                          life.name("configure") + ": refuses settings without saying why");
        life.trial.expect(status == -error.error_class,
                          life.name("configure") + ": returns " + std::to_string(status) +
                              ", but its error is of class " + std::to_string(error.error_class));
    }
}

}  // namespace

void describes_itself_the_same(Trial& trial) {
    plugins::LoadOptions options;
    options.services = trial.services();
    trial.enter("component_count or component");
    const auto library = plugins::BareLibrary::load(trial.subject().path, options);
    if (!library) return trial.fail(library.error().message);
    const parley_entry& entry = (*library)->entry();
    const std::uint32_t count = entry.component_count();
    for (std::uint32_t i = 0; i < count; ++i) {
        const parley_component* const record = entry.component(i);
        const std::string where = "component " + std::to_string(i);
        if (!trial.expect(record != nullptr, where + ": NULL before init")) return;
        trial.expect(entry.component_count() == count && entry.component(i) == record,
                     where + ": another one the second time");
        trial.expect(is_utf8(view(record->title)) && is_utf8(view(record->config_schema)),
                     where + ": its texts are not UTF-8");
        trial.expect(record->title.len != 0,
                     where + ": has no title, which is one line for people");
    }
}

void creates_quietly(Trial& trial) {
    const auto library = trial.load();
    if (library == nullptr) return;
    for (const Component& component : library->components()) {
        if (component.kind == nullptr) continue;
        const CountingHost host(trial.services(), std::string(component.id));
        const Life life{trial, *library, component, host.border()};
        parley_instance* const made = life.create(nullptr);
        if (made == nullptr) continue;
        trial.expect(host.count() == 0,
                     life.name("create") +
                         ": asks the host for more than its log; do it in "
                         "activate");
        life.destroy(made);
    }
}

void bears_any_settings(Trial& trial) {
    for_each_component(trial, configure_at_random);
}

void bears_every_life(Trial& trial) {
    for_each_component(trial, [](const Life& life) { life.live_in_every_way(); });
}

void prints_nothing(Trial& trial) {
    for_each_component(trial, [&](const Life& life) { life.live_in_every_way(); });
    for (const int file : {STDOUT_FILENO, STDERR_FILENO}) {
        struct stat facts {};

        const bool is_written = ::fstat(file, &facts) == 0 && facts.st_size != 0;
        if (is_written) trial.warn("output: writes to standard output or error; log by the host");
    }
}

}  // namespace parley::check
