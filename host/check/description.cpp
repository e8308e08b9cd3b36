#include "check/description.hpp"

#include <boost/json/array.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include "check/child.hpp"
#include "check/trial.hpp"
#include "parley/filter.h"
#include "parley/login.h"
#include "parley/observer.h"
#include "parley/policy.h"
#include "parley/state.h"
#include "parley/store.h"
#include "plugins/border.hpp"
#include "plugins/text.hpp"

namespace parley::check {

namespace json = boost::json;
using plugins::Component;
using plugins::Instance;
using plugins::sized;
using plugins::view;

namespace {

// A function that a table of a kind may have.
struct Function {
    std::string_view name;
    std::size_t offset;
};

#define PARLEY_FUNCTION(table, name) \
    Function {                       \
#name, offsetof(table, name) \
    }

constexpr Function kDialect[] = {PARLEY_FUNCTION(parley_dialect, match),
                                 PARLEY_FUNCTION(parley_dialect, retarget),
                                 PARLEY_FUNCTION(parley_dialect, decode_request),
                                 PARLEY_FUNCTION(parley_dialect, encode_request),
                                 PARLEY_FUNCTION(parley_dialect, decoder_open),
                                 PARLEY_FUNCTION(parley_dialect, encoder_open),
                                 PARLEY_FUNCTION(parley_dialect, encode_models),
                                 PARLEY_FUNCTION(parley_dialect, encode_count),
                                 PARLEY_FUNCTION(parley_dialect, correct_traits)};
constexpr Function kProvider[] = {PARLEY_FUNCTION(parley_provider, models),
                                  PARLEY_FUNCTION(parley_provider, classify),
                                  PARLEY_FUNCTION(parley_provider, answer_open),
                                  PARLEY_FUNCTION(parley_provider, wants),
                                  PARLEY_FUNCTION(parley_provider, amend),
                                  PARLEY_FUNCTION(parley_provider, windows)};
constexpr Function kLogin[] = {PARLEY_FUNCTION(parley_login, providers),
                               PARLEY_FUNCTION(parley_login, login_begin),
                               PARLEY_FUNCTION(parley_login, refresh_begin),
                               PARLEY_FUNCTION(parley_login, redact)};
constexpr Function kFilter[] = {PARLEY_FUNCTION(parley_filter, request),
                                PARLEY_FUNCTION(parley_filter, event),
                                PARLEY_FUNCTION(parley_filter, finish)};
constexpr Function kPolicy[] = {PARLEY_FUNCTION(parley_policy, report)};

#undef PARLEY_FUNCTION

std::span<const Function> functions_of(std::string_view kind) {
    if (kind == PARLEY_KIND_DIALECT) return kDialect;
    if (kind == PARLEY_KIND_PROVIDER) return kProvider;
    if (kind == PARLEY_KIND_LOGIN) return kLogin;
    if (kind == PARLEY_KIND_FILTER) return kFilter;
    if (kind == PARLEY_KIND_POLICY) return kPolicy;
    return {};
}

json::array functions_in(std::string_view kind, const void* table) {
    json::array out;
    const auto size = *static_cast<const std::uint32_t*>(table);
    for (const Function& each : functions_of(kind)) {
        if (size < each.offset + sizeof(void*)) continue;
        const auto* const at = static_cast<const char*>(table) + each.offset;
        if (*reinterpret_cast<const void* const*>(at) != nullptr) out.emplace_back(each.name);
    }
    return out;
}

// What a component says of itself once it is configured.
void add_said(const std::shared_ptr<Instance>& made, json::object& out) {
    const std::string_view kind = view(made->component().kind);
    if (kind == PARLEY_KIND_DIALECT) {
        json::object routes;
        for (const parley_route& route : plugins::Dialect(made).routes()) {
            const std::string name =
                std::string(view(route.method)) + ' ' + std::string(view(route.path));
            routes[name] = "operation " + std::to_string(route.operation);
        }
        out["routes"] = std::move(routes);
    }
    if (kind == PARLEY_KIND_PROVIDER) {
        const plugins::Provider provider(made);
        json::array dialects;
        for (const parley_str each : provider.dialects()) dialects.emplace_back(view(each));
        json::array models;
        for (const auto& each : provider.models()) models.emplace_back(view(each.pattern));
        out["dialects"] = std::move(dialects);
        out["models"] = std::move(models);
    }
    if (kind == PARLEY_KIND_FILTER) {
        const auto& table = *static_cast<const parley_filter*>(made->component().table);
        auto interest = sized<parley_filter_interest>();
        base::Arena arena(64 * 1024);
        parley_error error = plugins::cleared_error(arena);
        if (table.interest(made->get(), &interest, &error) < 0) return;
        out["wants_requests"] = (interest.flags & PARLEY_INTEREST_REQUESTS) != 0;
        out["wants_events"] = interest.events;
        out["hold_max"] = interest.hold_max;
    }
    if (kind == PARLEY_KIND_LOGIN) {
        const auto& table = *static_cast<const parley_login*>(made->component().table);
        boost::system::error_code none;
        out["params"] = json::parse(json::string_view(view(table.params_schema)), none);
    }
    const parley_component& record = made->component();
    if (!PARLEY_HAS(&record, parley_component, get_extension)) return;
    out["hands_over_state"] =
        record.get_extension != nullptr &&
        record.get_extension(made->get(), plugins::str(PARLEY_STATE)) != nullptr;
}

json::object described(Trial& trial,
                       const std::shared_ptr<plugins::Library>& library,
                       const Component& component) {
    json::object out{{"title", component.title}};
    boost::system::error_code fault;
    const json::value schema = json::parse(json::string_view(component.config_schema), fault);
    if (!fault && schema.is_object()) {
        const json::object& object = schema.as_object();
        if (const json::value* all = object.if_contains("properties")) out["settings"] = *all;
        if (const json::value* all = object.if_contains("required")) out["required"] = *all;
    }
    if (component.kind == nullptr) return out;
    out["functions"] = functions_in(component.kind_id, component.record->table);
    if (const auto made = trial.make(library, component)) {
        trial.enter("what " + plugins::quoted(component.id) + " says of itself");
        add_said(made, out);
    } else {
        out["configured"] = false;
    }
    return out;
}

json::object described(Trial& trial, const std::shared_ptr<plugins::Library>& library) {
    const plugins::Manifest& manifest = library->manifest();
    json::object out{{"id", manifest.id},
                     {"version", manifest.version},
                     {"abi_major", manifest.abi_major},
                     {"abi_minor", manifest.abi_minor},
                     {"min_host_minor", manifest.min_host_minor},
                     {"flags", manifest.flags},
                     {"glibc", library->facts().glibc.text()},
                     {"glibcxx", library->facts().glibcxx.text()}};
    json::object needed;
    for (const std::string& name : library->facts().needed) needed[name] = true;
    out["needed"] = std::move(needed);
    json::object components;
    for (const Component& component : library->components()) {
        const std::string name =
            std::string(plugins::short_kind(component.kind_id)) + ' ' + std::string(component.id);
        components[name] = described(trial, library, component);
    }
    out["components"] = std::move(components);
    return out;
}

}  // namespace

base::Result<json::object> describe(const Subject& subject) {
    const Scroll scroll;
    const Outcome came = in_a_child(
        [&](Slate& slate) {
            Trial trial(subject, slate);
            if (const auto library = trial.load()) {
                scroll.add(json::serialize(described(trial, library)));
            }
        },
        subject.check_max);
    const auto lines = scroll.lines();
    if (lines.empty() || came.verdict == Verdict::failed) {
        return base::client_error(PARLEY_E_INVALID_ARGUMENT, subject.path + ": " + came.text);
    }
    return json::parse(lines.front()).as_object();
}

}  // namespace parley::check
