#include "plugins/login.hpp"

#include <algorithm>
#include <span>

#include "base/arena.hpp"
#include "plugins/border.hpp"

namespace parley::plugins {

using base::Arena;
using base::Result;

namespace {

constexpr std::size_t kFactsBytesMax = 256 * 1024;

base::Error broken_op(const std::string& name, std::string_view what) {
    base::Error why = base::gateway_error(PARLEY_E_INTERNAL, name + ": op: " + std::string(what));
    why.fault = PARLEY_FAULT_PLUGIN;
    why.scope = PARLEY_SCOPE_PLUGIN;
    return why;
}

}  // namespace

Op::~Op() {
    if (op_ == nullptr) return;
    const base::Visit visit(place_);
    table_->destroy(op_);
}

Result<Op::Step> Op::step(const parley_resume& resume, const parley_effects& effects) {
    Arena arena(kFactsBytesMax);
    parley_error error = cleared_error(arena);
    const base::Visit visit(place_);
    const parley_status status = table_->step(op_, &resume, &effects, &error);
    if (status == PARLEY_PENDING) return Step::pending;
    if (status == PARLEY_DONE) return Step::done;
    if (status >= 0) {
        return broken_op(name_, "returned status " + std::to_string(status));
    }
    return outcome(status, error, name_).error();
}

Login::Login(std::shared_ptr<Instance> instance)
    : owner_(instance),
      name_(instance->name()),
      table_(static_cast<const parley_login*>(instance->component().table)),
      instance_(instance->get()),
      place_(instance->place(base::Function::login)) {}

bool Login::may_serve(const parley_component& component, std::string_view provider) {
    const auto* table = static_cast<const parley_login*>(component.table);
    return PARLEY_HAS(table, parley_login, providers) || view(component.id) == provider;
}

bool Login::serves(std::string_view provider) const {
    if (!PARLEY_HAS(table_, parley_login, providers)) return true;
    std::uint32_t count = 0;
    const base::Visit visit(place_);
    const parley_str* ids = table_->providers(instance_, &count);
    const std::span<const parley_str> all(ids, count);
    return std::any_of(all.begin(), all.end(), [&](parley_str id) { return view(id) == provider; });
}

std::unique_ptr<Login> Login::make(const Catalogue& catalogue,
                                   const std::shared_ptr<HostServices>& services,
                                   std::string_view provider,
                                   const std::string& name,
                                   const boost::json::object& settings,
                                   Instance::Faults& faults) {
    for (const Catalogue::Found& found : catalogue.all_of(PARLEY_KIND_LOGIN)) {
        if (!may_serve(*found.component->record, provider)) continue;
        auto instance = Instance::make_checked(
            found.library, services, *found.component, name, settings, faults);
        if (instance == nullptr) continue;
        auto login = std::make_unique<Login>(std::move(instance));
        if (login->serves(provider)) return login;
    }
    return nullptr;
}

Result<SecretFacts> Login::parse(std::string_view secret) const {
    Arena arena(kFactsBytesMax);
    parley_error error = cleared_error(arena);
    auto told = sized<parley_secret_facts>();
    const base::Visit visit(place_);
    const auto status = table_->parse(instance_, str(secret), arena.border(), &told, &error);
    if (auto ok = outcome(status, error, name_); !ok) return std::move(ok).error();
    SecretFacts facts;
    facts.is_refreshable = (told.flags & PARLEY_SECRET_REFRESHABLE) != 0 && refreshes();
    facts.is_pending = (told.flags & PARLEY_SECRET_PENDING) != 0;
    facts.id = view(told.id);
    facts.label = view(told.label);
    facts.attributes = view(told.attributes);
    facts.expires_at_ms = told.expires_at_ms;
    facts.refresh_at_ms = told.refresh_at_ms;
    return facts;
}

bool Login::refreshes() const {
    return PARLEY_HAS(table_, parley_login, refresh_begin);
}

Result<Op> Login::refresh_begin(const parley_account& account) const {
    Arena arena(kFactsBytesMax);
    parley_error error = cleared_error(arena);
    parley_op* op = nullptr;
    const base::Visit visit(place_);
    const auto status = table_->refresh_begin(instance_, &account, &op, &error);
    return begun(status, error, op);
}

bool Login::logs_in() const {
    return PARLEY_HAS(table_, parley_login, login_begin);
}

std::string_view Login::params_schema() const {
    return view(table_->params_schema);
}

Result<Op> Login::login_begin(std::string_view provider,
                              std::string_view params,
                              std::string_view callback_origin) const {
    Arena arena(kFactsBytesMax);
    parley_error error = cleared_error(arena);
    auto ask = sized<parley_login_ask>();
    ask.provider = str(provider);
    ask.params = str(params);
    ask.callback_origin = str(callback_origin);
    parley_op* op = nullptr;
    const base::Visit visit(place_);
    const auto status = table_->login_begin(instance_, &ask, &op, &error);
    return begun(status, error, op);
}

Result<Op> Login::begun(parley_status status, const parley_error& error, parley_op* op) const {
    if (auto ok = outcome(status, error, name_); !ok) return std::move(ok).error();
    if (op == nullptr) return broken_op(name_, "none was begun");
    return Op(owner_, name_, table_->ops, op, place_);
}

Result<std::string> Login::redact(std::string_view secret) const {
    if (!PARLEY_HAS(table_, parley_login, redact)) return std::string();
    Arena arena(kFactsBytesMax);
    parley_error error = cleared_error(arena);
    parley_str shown{};
    const base::Visit visit(place_);
    const auto status = table_->redact(instance_, str(secret), arena.border(), &shown, &error);
    if (auto ok = outcome(status, error, name_); !ok) return std::move(ok).error();
    return std::string(view(shown));
}

}  // namespace parley::plugins
