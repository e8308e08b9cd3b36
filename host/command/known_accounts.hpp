// command/known_accounts.hpp: the accounts that there are, of the configuration and of the store,
// and the logins that understand their secrets.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "command/setup.hpp"
#include "plugins/login.hpp"
#include "store/opened.hpp"

namespace parley::command {

// A provider instance, and what its accounts prove themselves by.
struct KnownProvider {
    config::Provider provider;
    std::string plugin;  // the component's id
    plugins::Catalogue::Found found;
    boost::json::object settings;  // checked, defaults filled in
    bool is_configured = true;
    std::unique_ptr<plugins::Login> login;  // null: its secrets are keys, sent as they are
};

struct KnownAccount {
    std::string provider;
    config::Account terms;  // the secret of one that is configured is api_key or secret
    std::optional<store::AccountDocument> stored;
    std::string fault;  // why it cannot be used; empty: it can
    std::optional<plugins::SecretFacts> facts;

    std::string name() const { return provider + '/' + terms.label; }

    const base::Secret& secret() const;

    // The way by which its requests leave.
    base::Result<config::EgressPtr> egress(const KnownProvider& of) const;
};

// Everything that commands about accounts start with.
class KnownAccounts {
public:
    // Prints what stands in the way; null then. Without a store only what is configured is known.
    static std::unique_ptr<KnownAccounts> open(const Options& options, bool needs_store);

    const Setup& setup() const { return setup_; }

    const config::Config& config() const { return setup_.loaded.config; }

    const plugins::Catalogue& catalogue() const { return catalogue_; }

    const std::shared_ptr<plugins::HostServices>& services() const { return services_; }

    // Null: there is none.
    store::Opened* store() { return store_.get(); }

    // By the name of an instance, or, where none has it, of a plugin.
    base::Result<KnownProvider*> provider(const std::string& name);

    // All of them, sorted by name; those that are broken too.
    base::Result<std::vector<KnownAccount>> all();
    // One by "provider/label", or by the provider when it has no other.
    base::Result<KnownAccount> find(const std::string& name);

private:
    KnownAccounts(Setup setup,
                  std::shared_ptr<plugins::HostServices> services,
                  plugins::Catalogue catalogue)
        : setup_(std::move(setup)),
          services_(std::move(services)),
          catalogue_(std::move(catalogue)) {}

    void judge(KnownAccount& account);
    std::vector<std::string> names_of_providers() const;

    Setup setup_;
    std::shared_ptr<plugins::HostServices> services_;
    plugins::Catalogue catalogue_;
    std::unique_ptr<store::Opened> store_;
    std::vector<std::unique_ptr<KnownProvider>> providers_;
};

// Prints why a command cannot do what was asked; the exit status that stands for it.
int say_failure(const base::Error& why);

}  // namespace parley::command
