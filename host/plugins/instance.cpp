#include "plugins/instance.hpp"

#include <utility>

#include <boost/json/serialize.hpp>

#include "base/arena.hpp"
#include "base/log.hpp"
#include "plugins/border.hpp"

namespace parley::plugins {

using base::Result;

namespace {

constexpr std::size_t kErrorBytesMax = 64 * 1024;
constexpr std::size_t kStateBytesMax = 16 * 1024 * 1024;

// The outcome of a step in an instance's life.
Result<void> said(parley_status status, const parley_error& error, const char* step) {
    if (status >= 0) return {};
    auto why = from_border(error);
    why.message = std::string(step) + ": " +
                  (why.message.empty() ? std::string("gave no reason") : why.message);
    return why;
}

}  // namespace

std::shared_ptr<Instance> Instance::make(std::shared_ptr<Library> library,
                                         std::shared_ptr<HostServices> services,
                                         const Component& component,
                                         std::string name,
                                         boost::json::object settings,
                                         Faults& faults,
                                         const Instance* before) {
    if (!check(component, settings, faults)) return nullptr;
    return make_checked(std::move(library),
                        std::move(services),
                        component,
                        std::move(name),
                        settings,
                        faults,
                        before);
}

std::shared_ptr<Instance> Instance::make_checked(std::shared_ptr<Library> library,
                                                 std::shared_ptr<HostServices> services,
                                                 const Component& component,
                                                 std::string name,
                                                 const boost::json::object& settings,
                                                 Faults& faults,
                                                 const Instance* before) {
    auto* made = new Instance(std::move(library), services, *component.record, std::move(name));
    const auto instance = ended_on_control(made, std::move(services));
    if (auto started = instance->start(settings, before); !started) {
        faults.push_back({"", started.error().message});
        return nullptr;
    }
    return instance;
}

bool Instance::check(const Component& component,
                     boost::json::object& settings,
                     Faults& faults,
                     std::string_view table) {
    auto schema = config::Schema::parse(component.config_schema);
    if (!schema) {  // the loader has checked it
        faults.push_back({"", schema.error().message});
        return false;
    }
    const Faults found = schema->check(settings, config::keys_beside_settings(table));
    faults.insert(faults.end(), found.begin(), found.end());
    return found.empty();
}

Instance::Instance(std::shared_ptr<Library> library,
                   std::shared_ptr<HostServices> services,
                   const parley_component& component,
                   std::string name)
    : library_(std::move(library)),
      component_(component),
      name_(std::move(name)),
      host_(std::move(services), name_) {}

Result<void> Instance::start(const boost::json::object& settings, const Instance* before) {
    const base::Visit visit = this->visit(base::Function::create);
    base::Arena arena(kErrorBytesMax);
    parley_error error = cleared_error(arena);
    const auto created =
        said(component_.create(host_.border(), &instance_, &error), error, "create");
    if (!created) {
        instance_ = nullptr;
        return created;
    }
    if (auto configured = configure(settings, error); !configured) return configured;
    if (before != nullptr && is_exclusive() && before->is_active()) return {};
    if (before != nullptr) {
        if (auto taken = take_over(*before, error); !taken) return taken;
    }
    return activate(error);
}

Result<void> Instance::activate(parley_error& error) {
    if (component_.activate != nullptr) {
        const auto activated = said(component_.activate(instance_, &error), error, "activate");
        if (!activated) return activated;
    }
    active_ = true;
    return {};
}

void Instance::end_activity() {
    if (!std::exchange(active_, false)) return;
    if (component_.quiesce != nullptr) component_.quiesce(instance_);
    if (component_.deactivate != nullptr) component_.deactivate(instance_);
}

Result<void> Instance::relieve(Instance& before) {
    const base::Visit visit = this->visit(base::Function::create);
    base::Arena arena(kErrorBytesMax);
    parley_error error = cleared_error(arena);
    if (auto taken = take_over(before, error); !taken) return taken;
    {
        const base::Visit there = before.visit(base::Function::destroy);
        before.end_activity();
    }
    const auto done = activate(error);
    if (done) return done;
    base::Error why = done.error();
    const base::Visit there = before.visit(base::Function::create);
    parley_error again = cleared_error(arena);
    if (const auto back = before.activate(again); !back) {
        why.message += "; and the one before it does not begin again: " + back.error().message;
    }
    return why;
}

Result<void> Instance::give_back(Instance& before) {
    {
        const base::Visit visit = this->visit(base::Function::destroy);
        end_activity();
    }
    base::Arena arena(kErrorBytesMax);
    parley_error error = cleared_error(arena);
    const base::Visit there = before.visit(base::Function::create);
    return before.activate(error);
}

bool Instance::is_made_of(const Library& library,
                          const std::string& name,
                          const boost::json::object& settings) const {
    return library_.get() == &library && name_ == name &&
           settings_ == base::sha256(boost::json::serialize(settings));
}

Result<void> Instance::configure(const boost::json::object& settings, parley_error& error) {
    const std::string json = boost::json::serialize(settings);
    settings_ = base::sha256(json);
    if (component_.configure == nullptr) return {};
    return said(component_.configure(instance_, str(json), &error), error, "configure");
}

const parley_state* Instance::state() const {
    if (!PARLEY_HAS(&component_, parley_component, get_extension)) return nullptr;
    const auto* state =
        static_cast<const parley_state*>(component_.get_extension(instance_, str(PARLEY_STATE)));
    const bool fits = state != nullptr && PARLEY_HAS(state, parley_state, save) &&
                      PARLEY_HAS(state, parley_state, restore);
    return fits ? state : nullptr;
}

// What the predecessor cannot save is no reason to keep it.
Result<void> Instance::take_over(const Instance& before, parley_error& error) {
    const parley_state* to = state();
    const parley_state* from = to == nullptr ? nullptr : before.state();
    if (from == nullptr) return {};
    base::Bytes saved;
    const Outlet outlet(saved, kStateBytesMax);
    const auto status = from->save(before.get(), outlet.border(), &error);
    if (status == PARLEY_DECLINED) return {};
    if (const auto done = said(status, error, "save"); !done) {
        base::log(base::LogLevel::warn,
                  "what a plugin has gathered is lost",
                  {{"plugin", name_}, {"why", done.error().message}});
        return {};
    }
    const std::string& version = before.library().manifest().version;
    const auto taken = to->restore(instance_, bytes(saved.view()), str(version), &error);
    return said(taken, error, "restore");
}

Instance::~Instance() {
    if (instance_ == nullptr) return;
    const base::Visit visit = this->visit(base::Function::destroy);
    end_activity();
    component_.destroy(instance_);
}

}  // namespace parley::plugins
