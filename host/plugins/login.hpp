// plugins/login.hpp: calls through the tables of logins and of their ops.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include <boost/json/object.hpp>

#include "base/error.hpp"
#include "parley/login.h"
#include "plugins/catalogue.hpp"
#include "plugins/instance.hpp"

namespace parley::plugins {

// What a secret says of its account, as parley_secret_facts.
struct SecretFacts {
    bool is_refreshable = false;
    bool is_pending = false;  // good for nothing but a refresh
    std::string id;
    std::string label;
    std::string attributes;
    std::int64_t expires_at_ms = 0;  // wall clock; 0: does not expire
    std::int64_t refresh_at_ms = 0;  // wall clock; 0: the host's usual lead
};

// One op of a plugin; ends it when it is dropped.
class Op {
public:
    Op() = default;

    // `owner` keeps loaded what the table points into.
    Op(std::shared_ptr<const void> owner,
       std::string name,
       const parley_op_table* table,
       parley_op* op,
       base::Place place = 0)
        : owner_(std::move(owner)), name_(std::move(name)), table_(table), op_(op), place_(place) {}

    Op(Op&& other) noexcept { swap(other); }

    Op& operator=(Op&& other) noexcept {
        Op taken(std::move(other));
        swap(taken);
        return *this;
    }

    ~Op();

    explicit operator bool() const { return op_ != nullptr; }

    enum class Step { pending, done };

    // Why an op that fails does is in the error.
    base::Result<Step> step(const parley_resume& resume, const parley_effects& effects);

private:
    void swap(Op& other) noexcept {
        owner_.swap(other.owner_);
        name_.swap(other.name_);
        std::swap(table_, other.table_);
        std::swap(op_, other.op_);
        std::swap(place_, other.place_);
    }

    std::shared_ptr<const void> owner_;
    std::string name_;
    const parley_op_table* table_ = nullptr;
    parley_op* op_ = nullptr;
    base::Place place_ = 0;
};

class Login {
public:
    explicit Login(std::shared_ptr<Instance> instance);

    // `owner` keeps the instance and its table.
    Login(std::shared_ptr<const void> owner,
          std::string name,
          const parley_login* table,
          parley_instance* instance)
        : owner_(std::move(owner)), name_(std::move(name)), table_(table), instance_(instance) {}

    // False: no instance of this component serves the provider component.
    static bool may_serve(const parley_component& component, std::string_view provider);

    // Among those that it lists are the accounts of a provider component.
    bool serves(std::string_view provider) const;

    // The login that serves the accounts of a provider component, configured with the settings of
    // its instance `name`, which have been checked. Null when there is none.
    static std::unique_ptr<Login> make(const Catalogue& catalogue,
                                       const std::shared_ptr<HostServices>& services,
                                       std::string_view provider,
                                       const std::string& name,
                                       const boost::json::object& settings,
                                       Instance::Faults& faults);

    base::Result<SecretFacts> parse(std::string_view secret) const;

    bool logs_in() const;

    // JSON Schema of what a login may be told; empty: takes nothing.
    std::string_view params_schema() const;

    // `params` is a JSON object that fits the schema.
    base::Result<Op> login_begin(std::string_view provider,
                                 std::string_view params,
                                 std::string_view callback_origin) const;

    bool refreshes() const;
    base::Result<Op> refresh_begin(const parley_account& account) const;

    // The secret without what it proves; empty when the plugin does not say.
    base::Result<std::string> redact(std::string_view secret) const;

private:
    base::Result<Op> begun(parley_status status, const parley_error& error, parley_op* op) const;

    std::shared_ptr<const void> owner_;
    std::string name_;
    const parley_login* table_;
    parley_instance* instance_;
    base::Place place_ = 0;
};

}  // namespace parley::plugins
