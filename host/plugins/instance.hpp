// plugins/instance.hpp: one configured component, from create to destroy.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include <boost/json/object.hpp>

#include "base/digest.hpp"
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
    // What `before`, its predecessor, has gathered is handed over; null: there is none. While an
    // exclusive one is active its successor is only configured: see relieve().
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

    // Takes the place of `before`, which is exclusive and which nobody calls meanwhile: what that
    // has gathered is handed over, it ends its activity, and this begins its own. After a failure
    // `before` is active again; if that fails too, is_active() is false of it. [control]
    base::Result<void> relieve(Instance& before);
    // The way back. [control]
    base::Result<void> give_back(Instance& before);

    ~Instance();  // on the control thread, whoever held it last
    Instance(const Instance&) = delete;
    Instance& operator=(const Instance&) = delete;

    const std::string& name() const { return name_; }

    const parley_component& component() const { return component_; }

    parley_instance* get() const { return instance_; }

    // At most one of this component may be active at a time.
    bool is_exclusive() const { return (component_.flags & PARLEY_COMPONENT_EXCLUSIVE) != 0; }

    bool is_active() const { return active_; }  // [control]

    // It would not differ if it were made of these.
    bool is_made_of(const Library& library,
                    const std::string& name,
                    const boost::json::object& settings) const;

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
    base::Result<void> activate(parley_error& error);
    void end_activity();
    base::Result<void> take_over(const Instance& before, parley_error& error);
    const parley_state* state() const;

    std::shared_ptr<Library> library_;
    const parley_component& component_;
    std::string name_;
    base::Digest settings_{};
    HostTable host_;
    parley_instance* instance_ = nullptr;
    bool active_ = false;
};

}  // namespace parley::plugins
