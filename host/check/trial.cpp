#include "check/trial.hpp"

#include <boost/json/serialize.hpp>

#include "plugins/border.hpp"
#include "plugins/login.hpp"
#include "plugins/text.hpp"

namespace parley::check {

using plugins::Component;
using plugins::Instance;
using plugins::Library;

Trial::Trial(const Subject& subject, Slate& slate)
    : subject_(subject), slate_(slate), services_(std::make_shared<plugins::HostServices>()) {
    services_->log = [this](const plugins::PluginLine& line) {
        const std::scoped_lock lock(mutex_);
        log_ += std::string(line.text) + '\n';
    };
}

void Trial::enter(std::string_view place) {
    const std::scoped_lock lock(mutex_);
    slate_.enter(place);
}

void Trial::say(Verdict verdict, std::string_view text) {
    const std::scoped_lock lock(mutex_);
    slate_.say(verdict, text);
}

std::string Trial::logged() const {
    const std::scoped_lock lock(mutex_);
    return log_;
}

std::shared_ptr<Library> Trial::load() {
    enter("the load, init included");
    plugins::LoadOptions options;
    options.services = services_;
    options.unloaded = [this](const plugins::Unloaded& how) { unloaded_.push_back(how); };
    auto library = Library::load(subject_.path, options);
    enter("");
    if (library.has_value()) return *library;
    fail(library.error().message);
    return nullptr;
}

boost::json::object Trial::settings_of(const Component& component) const {
    boost::json::object given;
    const auto schema = config::Schema::parse(component.config_schema);
    if (!schema) return given;
    for (const auto& [name, value] : subject_.settings) {
        if (schema->knows(name)) given[name] = value;
    }
    return given;
}

bool Trial::is_told(const plugins::Instance& made) const {
    Component component;
    component.config_schema = plugins::view(made.component().config_schema);
    return !settings_of(component).empty();
}

// A login has its provider's settings, where that is in the same library.
const Component& Trial::configured_as(const Library& library, const Component& component) {
    if (component.kind_id != PARLEY_KIND_LOGIN) return component;
    for (const Component& other : library.components()) {
        if (other.kind_id != PARLEY_KIND_PROVIDER) continue;
        if (plugins::Login::may_serve(*component.record, other.id)) return other;
    }
    return component;
}

std::string Trial::settings_text(const Library& library, const Component& of) const {
    const Component& component = configured_as(library, of);
    boost::json::object settings = settings_of(component);
    Instance::Faults faults;
    Instance::check(component, settings, faults);
    return boost::json::serialize(settings);
}

std::shared_ptr<Instance> Trial::make(const std::shared_ptr<Library>& library,
                                      const Component& component) {
    if (component.is_exclusive() && exclusives_.active(*library, component) != nullptr) {
        skip("component " + plugins::quoted(component.id) +
             " may be active only once: it is asked nothing beside itself");
        return nullptr;
    }
    enter("create, configure or activate of " + plugins::quoted(component.id));
    Instance::Faults faults;
    auto made = Instance::make(
        library, services_, component, std::string(component.id), settings_of(component), faults);
    enter(plugins::quoted(component.id));
    if (made != nullptr && component.is_exclusive()) exclusives_.add(made);
    if (made != nullptr) return made;
    std::string why;
    for (const auto& fault : faults) {
        why += (why.empty() ? "" : "; ") + (fault.path.empty() ? "" : fault.path + ": ") +
               fault.message;
    }
    skip("component " + plugins::quoted(component.id) + " wants settings (" + why +
         "); give them with --set or --config");
    return nullptr;
}

void Trial::for_each(std::string_view kind, const Use& use) {
    const auto library = load();
    if (library == nullptr) return;
    bool is_there = false;
    for (const Component& component : library->components()) {
        if (component.kind_id != kind) continue;
        is_there = true;
        if (auto made = make(library, component)) use(std::move(made));
    }
    if (!is_there) skip("it has no " + std::string(plugins::short_kind(kind)));
}

}  // namespace parley::check
