// config/config.hpp: what the operator wants, checked. A value: made once, then only read.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include <boost/json/object.hpp>

#include "base/secret.hpp"
#include "config/egress.hpp"
#include "config/limits.hpp"

namespace parley::config {

// Where something stands in the file; line 0: from the environment or a default.
struct Position {
    std::uint32_t line = 0;
    std::uint32_t column = 0;
};

// [server]
struct Server {
    std::vector<std::string> listen{"127.0.0.1:8317"};
    std::uint64_t threads = 0;    // 0: one for each core
    std::uint64_t workers = 0;    // 0: one for two cores
    std::string tls_certificate;  // PEM files; both or neither
    std::string tls_key;
    bool show_route = false;                // in x-parley-route
    bool core_dumps = false;                // which hold secrets
    std::vector<std::string> cors_origins;  // "*" or origins; empty: no CORS headers
};

// [log]
struct Log {
    std::string level = "info";   // debug, info, warn, error
    std::string format = "text";  // text, json
    bool exchanges = true;        // one line for each exchange
};

// [plugins]
struct Plugins {
    std::vector<std::string> folders;  // after the bundled ones
    std::uint64_t library_bytes_max = 64ull * 1024 * 1024;
    bool watch = true;
    // What vouches for a library that is not bundled: its SHA-256, or a signature by one of these
    // keys. Both empty: that it lies in a folder which nobody else can write.
    std::vector<std::string> trusted_hashes;
    std::vector<std::string> trusted_keys;
    LibraryLimits limits;
};

// [routing]
struct Routing {
    std::string policy = "headroom";  // a built-in one, or a plugin's
    bool cool_down = true;            // who failed is left alone for a while
    RoutingLimits limits;
};

// [reload]
struct Reload {
    bool watch = true;
    ReloadLimits limits;
};

// [[client_key]]
struct ClientKey {
    std::string name;
    base::Secret key;      // one of the two
    std::string key_hash;  // base::KeyHash
    bool disabled = false;
    std::vector<std::string> models;  // patterns; empty: all
    std::vector<std::string> excluded_models;
    CallerLimits limits;
    Position position;
};

// [[provider.account]]
struct Account {
    std::string label = "main";  // different within a provider
    // What proves it: a key, a document of another form, or a file with one, which is read into
    // secret. One of the three is given.
    base::Secret api_key;
    base::Secret secret;
    std::string secret_file;
    bool disabled = false;
    std::uint64_t priority = 0;
    std::uint64_t weight = 1;
    std::uint64_t in_flight_max = 0;  // 0: any number
    std::vector<std::string> models;  // patterns; empty: all of the provider's
    std::vector<std::string> excluded_models;
    std::string prefix;  // "" or a name
    bool prefix_required = false;
    std::vector<std::string> headers;  // "name: value"
    std::string base_url;              // empty: the provider's
    base::Secret egress;               // as it is written; empty: the provider's
    EgressPtr via;                     // what that comes to
    std::string note;
    Position position;
};

// The keys of a table that Parley itself does not know: a plugin's, or a dialect's.
struct OpenKeys {
    boost::json::object settings;
    std::map<std::string, Position> setting_positions;  // "headers.x-team" -> where
};

// [[model]]: what is known of the models that one of the names fits, for translation to them.
struct Model : OpenKeys {
    std::vector<std::string> names;  // patterns
    Position position;
};

// [[provider]]: one named instance of a provider plugin's component.
//
// Its open keys are the plugin's own, checked against its schema when it is configured.
struct Provider : OpenKeys {
    std::string name;
    std::string plugin;               // the component's id; empty: the same as name
    std::vector<std::string> models;  // patterns; empty: what the plugin offers
    std::vector<std::string> excluded_models;
    bool disabled = false;
    bool usage_in_streams = false;  // ask upstreams for usage where the client did not
    base::Secret egress;            // of its accounts; empty: [upstream]'s
    EgressPtr via;                  // what that comes to
    std::vector<Account> accounts;
    Position position;
};

// [store]: where accounts and state are kept. Its open keys are the plugin's.
struct Store : OpenKeys {
    std::string plugin = "store-file";  // the component's id; empty: nothing is kept
    std::string replica;                // this Parley among those on one store; empty: the host's
    // What documents are encrypted with: one of three, or none. The old one only reads.
    base::Secret encryption_key;
    std::string encryption_key_file;
    std::vector<std::string> encryption_key_command;
    base::Secret old_encryption_key;
    base::Secret webhook_secret;  // who proves to know it has the store looked at; empty: nobody
    StoreLimits limits;
    Position position;
};

// [[filter]]: one named instance of a filter plugin's component, in the order in which they stand.
// Its open keys are the plugin's.
struct Filter : OpenKeys {
    std::string name;
    std::string plugin;  // the component's id; empty: the same as name
    bool disabled = false;
    bool everywhere = true;           // else where routes name it
    std::string on_error = "refuse";  // refuse, pass
    Position position;
};

// [[observer]]: one named instance of an observer plugin's component. Its open keys are the
// plugin's.
struct Observer : OpenKeys {
    std::string name;
    std::string plugin;  // the component's id; empty: the same as name
    bool disabled = false;
    Position position;
};

struct Target {
    std::string provider;               // Provider::name
    std::string model;                  // the upstream's name; empty: as the client asked
    std::vector<std::string> accounts;  // patterns of labels; empty: all
    std::uint64_t step = 1;             // the lower goes first
};

// [[route]]: a name or pattern that clients ask for, and what serves it.
struct Route {
    std::string model;
    std::vector<std::string> aliases;
    std::vector<Target> targets;
    std::string policy;                // empty: as [routing] says
    std::vector<std::string> filters;  // Filter::name, behind those that stand everywhere
    bool strict = false;   // what a crossing cannot carry is refused rather than warned of
    bool lenient = false;  // what it would refuse is left out and warned of, where that is safe
    std::vector<std::string> next_step_on;  // names of error classes
    RouteLimits limits;
    Position position;
};

struct Config {
    std::string file;  // "" when there is none
    std::string state_folder;
    base::Secret seal_key;    // empty: one that is kept in the state folder
    std::string models_file;  // in place of the one that is built in; empty: that
    Server server;
    Log log;
    Plugins plugins;
    Limits limits;
    StashLimits stash;
    FailoverLimits failover;
    LessonLimits lessons;
    UpstreamLimits upstream;
    Routing routing;
    AccountLimits accounts;
    SupervisorLimits supervisor;
    Reload reload;
    Store store;
    ObserverLimits observer_limits;
    base::Secret upstream_egress;  // [upstream] egress; empty: straight
    std::string upstream_ca_file;  // [upstream] ca_file; empty: the system's certificates
    std::vector<ClientKey> client_keys;
    std::vector<Provider> providers;
    std::vector<Filter> filters;
    std::vector<Observer> observers;
    std::vector<Route> routes;
    std::vector<Model> models;
};

}  // namespace parley::config
