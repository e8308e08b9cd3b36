#include "plugins/instance.hpp"

#include <boost/json/serialize.hpp>

#include "base/arena.hpp"
#include "plugins/border.hpp"

namespace parley::plugins {

using base::Result;

namespace {

constexpr std::size_t kErrorBytesMax = 64 * 1024;

}  // namespace

std::shared_ptr<Instance> Instance::make(std::shared_ptr<Library> library,
                                         std::shared_ptr<HostServices> services,
                                         const Component& component,
                                         std::string name,
                                         boost::json::object settings,
                                         Faults& faults) {
    if (!check(component, settings, faults)) return nullptr;
    return make_checked(
        std::move(library), std::move(services), component, std::move(name), settings, faults);
}

std::shared_ptr<Instance> Instance::make_checked(std::shared_ptr<Library> library,
                                                 std::shared_ptr<HostServices> services,
                                                 const Component& component,
                                                 std::string name,
                                                 const boost::json::object& settings,
                                                 Faults& faults) {
    auto* made = new Instance(std::move(library), services, *component.record, std::move(name));
    const auto instance = ended_on_control(made, std::move(services));
    if (auto started = instance->start(settings); !started) {
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

Result<void> Instance::start(const boost::json::object& settings) {
    const base::Visit visit = this->visit(base::Function::create);
    base::Arena arena(kErrorBytesMax);
    auto error = sized<parley_error>();
    error.arena = arena.border();
    const auto failed = [&](parley_status status, const char* step) -> Result<void> {
        if (status >= 0) return {};
        auto why = from_border(error);
        why.message = std::string(step) + ": " +
                      (why.message.empty() ? std::string("gave no reason") : why.message);
        return why;
    };
    if (auto ok = failed(component_.create(host_.border(), &instance_, &error), "create"); !ok) {
        instance_ = nullptr;
        return ok;
    }
    if (component_.configure != nullptr) {
        const std::string json = boost::json::serialize(settings);
        if (auto ok = failed(component_.configure(instance_, str(json), &error), "configure");
            !ok) {
            return ok;
        }
    }
    if (component_.activate != nullptr) {
        if (auto ok = failed(component_.activate(instance_, &error), "activate"); !ok) return ok;
    }
    active_ = true;
    return {};
}

Instance::~Instance() {
    if (instance_ == nullptr) return;
    const base::Visit visit = this->visit(base::Function::destroy);
    if (active_ && component_.quiesce != nullptr) component_.quiesce(instance_);
    if (active_ && component_.deactivate != nullptr) component_.deactivate(instance_);
    component_.destroy(instance_);
}

}  // namespace parley::plugins
