// plugins/instance.hpp: one configured component, from create to destroy.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include <boost/json/object.hpp>

#include "base/error.hpp"
#include "config/schema.hpp"
#include "parley/state.h"
#include "plugins/host_table.hpp"
#include "plugins/library.hpp"

namespace parley::plugins {

// Keeps its library loaded. Made and destroyed on the control thread; used on any loop.
class Instance {
public:
    // What was wrong with the settings; an empty path stands for all of them.
    using Faults = std::vector<config::SchemaFault>;

    // Creates, configures and activates, or says why not. `settings` is checked against the
    // component's schema, which also fills in defaults.
    // What `before`, its predecessor, has gathered is handed over; null: there is none.
    static std::shared_ptr<Instance> make(std::shared_ptr<Library> library,
                                          std::shared_ptr<HostServices> services,
                                          const Component& component,
                                          std::string name,
                                          boost::json::object settings,
                                          Faults& faults,
                                          const Instance* before = nullptr);
    // The same with settings that a schema has checked already, as that of the provider whose
    // login this is.
    static std::shared_ptr<Instance> make_checked(std::shared_ptr<Library> library,
                                                  std::shared_ptr<HostServices> services,
                                                  const Component& component,
                                                  std::string name,
                                                  const boost::json::object& settings,
                                                  Faults& faults,
                                                  const Instance* before = nullptr);
    // Fills in what a schema has defaults for; false with faults when they do not fit it. `table`
    // of the configuration is the one in which they stand.
    static bool check(const Component& component,
                      boost::json::object& settings,
                      Faults& faults,
                      std::string_view table = "provider");
    ~Instance();  // on the control thread, whoever held it last
    Instance(const Instance&) = delete;
    Instance& operator=(const Instance&) = delete;

    const std::string& name() const { return name_; }

    const parley_component& component() const { return component_; }

    parley_instance* get() const { return instance_; }

    const Library& library() const { return *library_; }

    // Where a thread is while it is in its table.
    base::Place place(base::Function function) const {
        return library_ == nullptr ? 0 : library_->place(function);
    }

    // To be held during a call into its table.
    base::Visit visit(base::Function function) const { return base::Visit(place(function)); }

private:
    Instance(std::shared_ptr<Library> library,
             std::shared_ptr<HostServices> services,
             const parley_component& component,
             std::string name);
    base::Result<void> start(const boost::json::object& settings, const Instance* before);
    base::Result<void> configure(const boost::json::object& settings, parley_error& error);
    base::Result<void> take_over(const Instance& before, parley_error& error);
    const parley_state* state() const;

    std::shared_ptr<Library> library_;
    const parley_component& component_;
    std::string name_;
    HostTable host_;
    parley_instance* instance_ = nullptr;
    bool active_ = false;
};

}  // namespace parley::plugins
