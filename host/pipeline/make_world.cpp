#include "pipeline/make_world.hpp"

#include <algorithm>

#include "accounts/make_account.hpp"
#include "base/log.hpp"
#include "base/nearest.hpp"
#include "config/load.hpp"
#include "config/write.hpp"
#include "http/tls.hpp"
#include "http/upstream.hpp"
#include "pipeline/stored_accounts.hpp"
#include "plugins/kinds.hpp"
#include "routing/plugin_policy.hpp"

namespace parley::pipeline {

using config::Fault;
using plugins::Catalogue;
using plugins::Instance;

namespace {

class Maker {
public:
    Maker(const Catalogue& catalogue,
          std::shared_ptr<plugins::HostServices> services,
          accounts::Book& book,
          const StoredAccounts& stored,
          const World* before,
          std::vector<Fault>& faults)
        : catalogue_(catalogue),
          services_(std::move(services)),
          book_(book),
          stored_(stored),
          before_(before),
          exclusives_(before == nullptr ? std::make_shared<plugins::Exclusives>()
                                        : before->exclusives),
          faults_(faults) {}

    std::vector<std::shared_ptr<Instance>> dialects() {
        std::vector<std::shared_ptr<Instance>> made;
        for (const Catalogue::Found& found : catalogue_.all_of(PARLEY_KIND_DIALECT)) {
            if (auto instance = make_plain(found, "dialect")) made.push_back(std::move(instance));
        }
        return made;
    }

    std::vector<std::shared_ptr<const plugins::Policy>> policies() {
        std::vector<std::shared_ptr<const plugins::Policy>> made;
        for (const Catalogue::Found& found : catalogue_.all_of(PARLEY_KIND_POLICY)) {
            if (auto instance = make_plain(found, "policy")) {
                made.push_back(std::make_shared<plugins::Policy>(std::move(instance)));
            }
        }
        return made;
    }

    std::vector<routing::Place> places(const config::Config& config) {
        std::vector<routing::Place> made;
        for (std::size_t i = 0; i < config.providers.size(); ++i) {
            const config::Provider& provider = config.providers[i];
            if (provider.disabled) continue;
            const std::string where = "provider[" + std::to_string(i) + "]";
            if (auto place = make_place(provider, where)) made.push_back(std::move(*place));
        }
        return made;
    }

    std::vector<FilterPtr> filters(const config::Config& config) {
        std::vector<FilterPtr> made;
        for (std::size_t i = 0; i < config.filters.size(); ++i) {
            const config::Filter& filter = config.filters[i];
            if (filter.disabled) continue;
            if (auto one = make_filter(filter, "filter[" + std::to_string(i) + "]")) {
                made.push_back(std::move(one));
            }
        }
        return made;
    }

    std::vector<plugins::Observer> observers(const config::Config& config) {
        std::vector<plugins::Observer> made;
        for (std::size_t i = 0; i < config.observers.size(); ++i) {
            const config::Observer& observer = config.observers[i];
            if (observer.disabled) continue;
            const std::string where = "observer[" + std::to_string(i) + "]";
            const std::string& id = observer.plugin.empty() ? observer.name : observer.plugin;
            const Catalogue::Found found = catalogue_.find(PARLEY_KIND_OBSERVER, id);
            if (!found) {
                unknown_plugin(PARLEY_KIND_OBSERVER, observer.position, where, id);
            } else if (auto one = make_named(found, observer, where, "observer")) {
                made.emplace_back(std::move(one));
            }
        }
        return made;
    }

    std::vector<std::shared_ptr<Instance>> take_instances() { return std::move(instances_); }

    std::vector<plugins::Handover> take_handovers() { return std::move(handovers_); }

    const std::shared_ptr<plugins::Exclusives>& exclusives() const { return exclusives_; }

private:
    // The one that had its place.
    const Instance* predecessor(const Catalogue::Found& found, const std::string& name) const {
        if (before_ == nullptr) return nullptr;
        const auto is_same = [&](const std::shared_ptr<Instance>& old) {
            const parley_component& component = old->component();
            return old->name() == name &&
                   plugins::view(component.kind) == found.component->kind_id &&
                   plugins::view(component.id) == found.component->id;
        };
        const auto& all = before_->instances;
        const auto old = std::find_if(all.begin(), all.end(), is_same);
        return old == all.end() ? nullptr : old->get();
    }

    // Settings have been checked.
    std::shared_ptr<Instance> make_instance(const Catalogue::Found& found,
                                            const std::string& name,
                                            const boost::json::object& settings,
                                            Instance::Faults& broken) {
        if (found.component->is_exclusive()) return make_exclusive(found, name, settings, broken);
        auto instance = Instance::make_checked(found.library,
                                               services_,
                                               *found.component,
                                               name,
                                               settings,
                                               broken,
                                               predecessor(found, name));
        if (instance != nullptr) instances_.push_back(instance);
        return instance;
    }

    // It goes on as it is, or waits for the one that is active to be let go.
    std::shared_ptr<Instance> make_exclusive(const Catalogue::Found& found,
                                             const std::string& name,
                                             const boost::json::object& settings,
                                             Instance::Faults& broken) {
        for (const auto& other : instances_) {
            if (&other->component() != found.component->record) continue;
            broken.push_back({"",
                              "may be active only once (PARLEY_COMPONENT_EXCLUSIVE), as \"" +
                                  other->name() + "\" it is"});
            return nullptr;
        }
        const auto active = exclusives_->active(*found.library, *found.component);
        const bool goes_on =
            active != nullptr && active->is_made_of(*found.library, name, settings);
        auto instance = goes_on ? active
                                : Instance::make_checked(found.library,
                                                         services_,
                                                         *found.component,
                                                         name,
                                                         settings,
                                                         broken,
                                                         active.get());
        if (instance == nullptr) return nullptr;
        instances_.push_back(instance);
        if (goes_on) return instance;
        exclusives_->add(instance);
        if (active != nullptr) handovers_.push_back({active, instance});
        return instance;
    }

    // Of a table with a name, a position and settings.
    template <class Named>
    std::shared_ptr<Instance> make_named(const Catalogue::Found& found,
                                         const Named& named,
                                         const std::string& where,
                                         std::string_view table) {
        Instance::Faults broken;
        boost::json::object settings = named.settings;
        std::shared_ptr<Instance> instance;
        if (Instance::check(*found.component, settings, broken, table)) {
            instance = make_instance(found, named.name, settings, broken);
        }
        for (const auto& fault : broken) add_fault(named, named.position, where, fault);
        return instance;
    }

    // Null: it is left out.
    FilterPtr make_filter(const config::Filter& filter, const std::string& where) {
        const std::string& id = filter.plugin.empty() ? filter.name : filter.plugin;
        const Catalogue::Found found = catalogue_.find(PARLEY_KIND_FILTER, id);
        const bool passes = filter.on_error == "pass";
        if (!found) {
            unknown_plugin(PARLEY_KIND_FILTER, filter.position, where, id);
            // What it was to guard is not served without it.
            return passes ? nullptr : plugins::Filter::missing(filter.name);
        }
        auto instance = make_named(found, filter, where, "filter");
        if (instance == nullptr) return nullptr;
        auto made = plugins::Filter::make(std::move(instance), passes);
        if (made) return std::move(*made);
        add_fault(filter, filter.position, where, {"", made.error().message});
        return nullptr;
    }

    // An instance that takes no settings, under the component's own name.
    std::shared_ptr<Instance> make_plain(const Catalogue::Found& found, const char* kind) {
        Instance::Faults broken;
        const std::string name(found.component->id);
        boost::json::object settings;
        std::shared_ptr<Instance> instance;
        if (Instance::check(*found.component, settings, broken)) {
            instance = make_instance(found, name, settings, broken);
        }
        for (const auto& fault : broken) {
            faults_.push_back({{}, std::string(kind) + " " + name, fault.message});
        }
        return instance;
    }

    std::optional<routing::Place> make_place(const config::Provider& provider,
                                             const std::string& where) {
        const std::string& id = provider.plugin.empty() ? provider.name : provider.plugin;
        const Catalogue::Found found = catalogue_.find(PARLEY_KIND_PROVIDER, id);
        if (!found) {
            unknown_plugin(PARLEY_KIND_PROVIDER, provider.position, where, id);
            return std::nullopt;
        }
        Instance::Faults broken;
        boost::json::object settings = provider.settings;
        std::shared_ptr<Instance> instance;
        if (Instance::check(*found.component, settings, broken)) {
            instance = make_instance(found, provider.name, settings, broken);
        }
        for (const auto& fault : broken) add_fault(provider, provider.position, where, fault);
        if (instance == nullptr) return std::nullopt;
        routing::Place place = place_of(provider, std::move(instance));
        place.login = make_login(provider, where, id, settings);
        add_accounts(provider, where, place);
        return place;
    }

    // A login is configured with the settings of the provider whose accounts it serves.
    std::unique_ptr<plugins::Login> make_login(const config::Provider& provider,
                                               const std::string& where,
                                               const std::string& id,
                                               const boost::json::object& settings) {
        Instance::Faults broken;
        auto login =
            plugins::Login::make(catalogue_, services_, id, provider.name, settings, broken);
        for (const auto& fault : broken) add_fault(provider, provider.position, where, fault);
        return login;
    }

    routing::Place place_of(const config::Provider& provider, std::shared_ptr<Instance> instance) {
        routing::Place place;
        place.name = provider.name;
        place.provider = std::make_unique<plugins::Provider>(std::move(instance));
        place.models = provider.models;
        place.excluded = provider.excluded_models;
        place.usage_in_streams = provider.usage_in_streams;
        if (place.models.empty()) {
            for (const auto& offer : place.provider->models()) {
                place.models.emplace_back(plugins::view(offer.pattern));
            }
        }
        place.state = book_.open(accounts::Book::id_of_provider(provider.name));
        return place;
    }

    void add_accounts(const config::Provider& provider,
                      const std::string& where,
                      routing::Place& place) {
        for (std::size_t i = 0; i < provider.accounts.size(); ++i) {
            const config::Account& configured = provider.accounts[i];
            auto account = accounts::make_account(configured, provider.name, book_);
            auto secret = accounts::make_secret(configured, place.login.get());
            if (!secret) {
                faults_.push_back({configured.position,
                                   where + ".account[" + std::to_string(i) + "]",
                                   secret.error().message});
                continue;
            }
            account.secret = std::move(*secret);
            const bool is_renewed = account.secret->is_refreshable && !account.disabled;
            if (is_renewed) account.login = place.login.get();
            if (is_renewed) stored_.bring_kept_secret(provider.name, account);
            place.accounts.push_back(std::move(account));
        }
        stored_.add_to(place, provider, book_);
        if (place.accounts.empty() && provider.accounts.empty()) {
            place.accounts.push_back(accounts::make_nameless_account(provider.name, book_));
            place.accounts.back().egress = provider.via;
        }
    }

    void unknown_plugin(std::string_view kind,
                        config::Position position,
                        const std::string& where,
                        const std::string& id) {
        const std::string what(plugins::short_kind(kind));
        std::string message = what + " \"" + id + "\" is not loaded";
        const auto near = base::nearest(id, catalogue_.ids_of(kind), 1);
        if (!near.empty()) message += "; did you mean \"" + near.front() + '"';
        // It may be in a file that was refused, for which the others shall not be out of service.
        if (!catalogue_.refusals().empty()) {
            base::log(base::LogLevel::error, what + " left out", {{"why", message}});
            return;
        }
        faults_.push_back({position, where + ".plugin", std::move(message)});
    }

    // Of a table with settings of a plugin.
    void add_fault(const config::OpenKeys& keys,
                   config::Position position,
                   const std::string& where,
                   const config::SchemaFault& fault) {
        const auto at = keys.setting_positions.find(fault.path);
        const bool known = at != keys.setting_positions.end();
        faults_.push_back({known ? at->second : position,
                           fault.path.empty() ? where : where + '.' + fault.path,
                           fault.message});
    }

    const Catalogue& catalogue_;
    std::shared_ptr<plugins::HostServices> services_;
    accounts::Book& book_;
    const StoredAccounts& stored_;
    const World* before_;
    const std::shared_ptr<plugins::Exclusives> exclusives_;
    std::vector<Fault>& faults_;
    std::vector<std::shared_ptr<Instance>> instances_;
    std::vector<plugins::Handover> handovers_;
};

// What the models file says, and on top of it the configuration.
std::vector<config::Model> known_models(const config::Config& config,
                                        const config::Environment& environment,
                                        std::vector<Fault>& faults) {
    config::Loaded shipped = config.models_file.empty()
                                 ? config::load_text(config::kModelsFile, "models.toml", {})
                                 : config::load(config.models_file, environment);
    for (Fault& fault : shipped.faults) {
        fault.source = shipped.config.file;
        faults.push_back(std::move(fault));
    }
    std::vector<config::Model> models = std::move(shipped.config.models);
    models.insert(models.end(), config.models.begin(), config.models.end());
    return models;
}

// One that is kept in the state folder, or nowhere, is the same for all worlds of a process.
Seals make_seals(const config::Config& config, const World* before) {
    const bool is_kept = before != nullptr && config.seal_key.empty() &&
                         before->config.seal_key.empty() &&
                         config.state_folder == before->config.state_folder;
    if (is_kept) return before->seals;
    if (!config.seal_key.empty()) return Seals(config.seal_key);
    std::string warning;
    Seals seals(kept_seal_key(config.state_folder, warning));
    if (!warning.empty()) base::log(base::LogLevel::warn, warning);
    return seals;
}

// What `before` has gathered goes on within other limits.
template <class Kept, class Limits>
std::shared_ptr<Kept> go_on(const std::shared_ptr<Kept>* before, const Limits& limits) {
    if (before == nullptr) return std::make_shared<Kept>(limits);
    (*before)->change(limits);
    return *before;
}

// A table without locks keeps its size; with another one it begins anew.
std::shared_ptr<routing::Owners> owners_of(const config::RoutingLimits& limits,
                                           const World* before) {
    if (before != nullptr && before->owners->fits(limits)) return before->owners;
    return std::make_shared<routing::Owners>(limits);
}

// The threads are the process's; each World has observers of its own, but for those that may be
// active only once: with such a one goes its queue.
Observers begin_to_tell(std::vector<plugins::Observer> observers,
                        const config::ObserverLimits& limits,
                        const std::vector<plugins::Handover>& handovers,
                        const World* before) {
    auto threads =
        before == nullptr ? std::make_shared<ObserverThreads>() : before->observers.threads();
    Observers::Queues queues;
    for (plugins::Observer& observer : observers) {
        const plugins::Instance* told = &observer.instance();
        for (const plugins::Handover& each : handovers) {
            if (each.to.get() == told) told = each.from.get();
        }
        auto queue = threads->queue_of(*told, limits);
        queues.push_back(queue != nullptr ? std::move(queue)
                                          : threads->start(std::move(observer), limits));
    }
    return {std::move(threads), std::move(queues)};
}

// Those of the configuration, and those of the store whose names are not taken there.
std::vector<config::ClientKey> all_keys(const config::Config& config, const Stored& stored) {
    std::vector<config::ClientKey> all = config.client_keys;
    for (const config::ClientKey& key : stored.keys) {
        const bool is_taken = std::any_of(
            config.client_keys.begin(), config.client_keys.end(), [&](const auto& configured) {
                return configured.name == key.name;
            });
        if (!is_taken) all.push_back(key);
    }
    return all;
}

}  // namespace

MadeWorld make_world(config::Config config,
                     const Catalogue& catalogue,
                     const std::shared_ptr<plugins::HostServices>& services,
                     const World* before,
                     Stored stored) {
    MadeWorld made;
    const config::Environment environment = config::process_environment();
    auto book = before != nullptr ? before->book : std::make_shared<accounts::Book>();
    const StoredAccounts accounts(stored, before == nullptr ? nullptr : &before->stored);
    accounts.add_providers(catalogue, config);
    Maker maker(catalogue, services, *book, accounts, before, made.faults);
    auto dialects = maker.dialects();
    auto places = maker.places(config);
    const auto filters = maker.filters(config);
    auto observers = maker.observers(config);
    const routing::FindPolicy find_policy = routing::with_plugins(maker.policies());
    for (Fault& fault : routing::faults_of_policies(config, find_policy)) {
        made.faults.push_back(std::move(fault));
    }
    // What other programs on this machine are told by the environment holds here too.
    if (const auto* bundle = environment.find("SSL_CERT_FILE");
        bundle != nullptr && config.upstream_ca_file.empty()) {
        config.upstream_ca_file = *bundle;
    }
    auto models = known_models(config, environment, made.faults);
    auto tls = http::ClientTls::make(config.upstream_ca_file,
                                     before == nullptr ? nullptr : before->upstream_tls);
    if (!tls) made.faults.push_back({{}, "upstream.ca_file", tls.error().message});
    if (!made.faults.empty()) return made;
    const bool is_first = before == nullptr;
    made.handovers = maker.take_handovers();
    auto* world = new const World{
        config,
        plugins::Registry(std::move(dialects)),
        std::move(book),
        routing::Router(std::move(places),
                        config,
                        find_policy,
                        is_first ? nullptr : before->router.affinity_for(config.routing)),
        Filters(filters, config),
        begin_to_tell(std::move(observers), config.observer_limits, made.handovers, before),
        routing::TraitsBook(std::move(models)),
        accounts::Callers(all_keys(config, stored), is_first ? nullptr : &before->callers),
        make_seals(config, before),
        go_on(is_first ? nullptr : &before->stash, config.stash),
        go_on(is_first ? nullptr : &before->lessons, config.lessons),
        owners_of(config.routing.limits, before),
        std::move(*tls),
        std::move(stored),
        maker.take_instances(),
        maker.exclusives()};
    made.world = plugins::ended_on_control(world, services);
    return made;
}

}  // namespace parley::pipeline
