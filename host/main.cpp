// main.cpp: arguments -> command.
#include <iostream>

#include <CLI/CLI.hpp>

#include "base/core_dump.hpp"
#include "base/standard_streams.hpp"
#include "command/commands.hpp"
#include "command/options.hpp"
#include "config/load.hpp"

namespace {

// Logins, and what they win. `command(parent, name, help, run)` adds one.
template <class Command>
void add_account_commands(CLI::App& app,
                          parley::command::Options& options,
                          const Command& command) {
    using namespace parley::command;
    CLI::App* in = command(app, "login", "log in to a provider, in a browser", login);
    in->add_option("provider", options.provider, "the name of a [[provider]]")->required();
    in->add_option("--label", options.label, "what to call the account; by default what it is");
    in->add_flag("--no-browser", options.no_browser, "open none; the address is printed anyway");
    in->add_flag(
        "--device", options.device, "type a code on any device, where the provider has it");
    in->add_option(
        "--set", options.params, "name=value of what else it may be told, name=@file for secrets");
    CLI::App* out = command(app, "logout", "forget an account that was logged in", logout);
    out->add_option("account", options.account, "provider/label")->required();
    CLI::App* account = app.add_subcommand("account", "accounts: list, show, enable, test ...");
    account->require_subcommand(1);
    account->fallthrough();
    command(*account, "list", "all accounts, of the configuration and of the store", account_list)
        ->add_flag("--json", options.json, "for programs");
    const auto of_one = [&](const char* name, const char* help, int (*run)(const Options&)) {
        CLI::App* added = command(*account, name, help, run);
        added->add_option("account", options.account, "provider/label")->required();
        return added;
    };
    of_one("show", "one account, its secret blanked", account_show)
        ->add_flag("--json", options.json, "for programs");
    of_one("disable", "send it no requests", account_disable);
    of_one("enable", "send it requests again", account_enable);
    of_one("remove", "forget it", account_remove);
    of_one("test", "whether its provider takes its secret", account_test);
    command(*account, "state", "how it goes with each where a parley runs", account_state)
        ->add_flag("--json", options.json, "for programs");
    of_one("clear", "end its cool-downs, where a parley runs", account_clear);
}

// For who writes one.
template <class Command>
void add_author_commands(CLI::App& plugin,
                         parley::command::Options& options,
                         const Command& command) {
    using namespace parley::command;
    CLI::App* check =
        command(plugin, "check", "put to the test what a plugin promises", plugin_check);
    check->add_option("file", options.plugin_file, "the .so")->required();
    check->add_option("--set", options.params, "name=value of its settings");
    check->add_option("--only", options.only, "ids of checks; what they stand on runs too");
    check->add_option("--junit", options.junit, "a file for build servers");
    check->add_flag("--json", options.json, "for programs");
    check->add_flag("-q,--quiet", options.is_quiet, "tell only what fails or warns");
    const auto of_file = [&](const char* name, const char* help, int (*run)(const Options&)) {
        CLI::App* added = command(plugin, name, help, run);
        added->add_option("file", options.plugin_file, "the .so")->required();
        added->add_option("--set", options.params, "name=value of its settings");
        added->add_flag("--json", options.json, "for programs");
        return added;
    };
    CLI::App* replay = of_file(
        "replay", "say a transcript to a plugin again; does it answer as before?", plugin_replay);
    replay->add_option("transcript", options.file, "JSON lines, see docs/transcripts.md")
        ->required();
    replay->add_flag("--record", options.records, "begin one: something for every component");
    replay->add_flag("--update", options.updates, "write down what it answers now");
    replay->add_flag("--against",
                     options.is_against,
                     "say it to the one of this id that serves where a parley runs");
    of_file("bench", "what calls into a plugin cost", plugin_bench)
        ->add_option("--ms", options.each_ms, "how long to measure each figure")
        ->check(CLI::Range(1, 60'000));
    of_file("diff", "how a newer plugin differs, and whom that breaks", plugin_diff)
        ->add_option("newer", options.file, "the newer .so")
        ->required();
}

// Asked of a Parley that runs.
template <class Command>
void add_running_plugin_commands(CLI::App& plugin,
                                 parley::command::Options& options,
                                 const Command& command) {
    using namespace parley::command;
    command(plugin, "status", "what serves in the parley that runs, and what left", plugin_status)
        ->add_flag("--json", options.json, "for programs");
    command(plugin, "load", "have it load a file, or take one back that was set aside", plugin_load)
        ->add_option("file", options.plugin_file, "the .so")
        ->required();
    command(plugin, "rollback", "back to the generation before this one", plugin_rollback)
        ->add_option("plugin", options.plugin, "the id of its manifest")
        ->required();
    command(plugin, "disable", "nothing serves for it until it is loaded", plugin_disable)
        ->add_option("plugin", options.plugin, "likewise")
        ->required();
}

template <class Command>
void add_plugin_commands(CLI::App& app, parley::command::Options& options, const Command& command) {
    using namespace parley::command;
    CLI::App* plugin = app.add_subcommand(
        "plugin", "plugins: new, check, replay, bench, diff, list, info, sign, status, load ...");
    plugin->require_subcommand(1);
    plugin->fallthrough();
    command(*plugin, "list", "the plugins that would be loaded, and those refused", plugin_list);
    CLI::App* info = command(*plugin, "info", "what a file says, without running it", plugin_info);
    info->add_option("file", options.plugin_file, "the .so")->required();
    CLI::App* begun =
        command(*plugin, "new", "begin one: a project that builds as it is", plugin_new);
    begun
        ->add_option("kind",
                     options.plugin_kind,
                     "dialect, provider, login, policy, filter, store or observer")
        ->required();
    begun->add_option("name", options.plugin, "what configuration and logs call it")->required();
    begun->add_option("--lang", options.language, "c, cpp or rust");
    begun->add_option("--out", options.folder, "the folder; otherwise the name");
    begun->add_option("--id", options.plugin_id, "of its manifest, as com.example.NAME");
    add_author_commands(*plugin, options, command);
    CLI::App* sign = command(*plugin, "sign", "vouch for a library by a key", plugin_sign);
    sign->add_option("file", options.plugin_file, "the .so")->required();
    sign->add_option("--key", options.signing_key, "a private key; a new one is made where none is")
        ->required();
    command(*plugin, "trust", "what a configuration says to load a library", plugin_trust)
        ->add_option("file", options.plugin_file, "the .so")
        ->required();
    add_running_plugin_commands(*plugin, options, command);
}

template <class Command>
void add_key_commands(CLI::App& app, parley::command::Options& options, const Command& command) {
    using namespace parley::command;
    CLI::App* key = app.add_subcommand("key", "client keys: new, hash, list, revoke");
    key->require_subcommand(1);
    key->fallthrough();
    CLI::App* made = command(*key, "new", "make one, kept in the store by its hash", key_new);
    made->add_option("name", options.name, "what logs call who has it")->required();
    made->add_option("--models", options.models, "what it may ask for; by default all");
    command(*key, "hash", "what a [[client_key]] takes in place of the key", key_hash)
        ->add_option("file", options.file, "where the key stands; standard input without one");
    command(*key, "list", "those of the configuration and of the store", key_list);
    command(*key, "revoke", "serve one of the store no more", key_revoke)
        ->add_option("name", options.name, "what it is called")
        ->required();
}

template <class Command>
void add_store_commands(CLI::App& app, parley::command::Options& options, const Command& command) {
    using namespace parley::command;
    CLI::App* store = app.add_subcommand("store", "the store: status, verify, copy, rekey, ...");
    store->require_subcommand(1);
    store->fallthrough();
    command(*store, "status", "what is in the store, and whether it can be written", store_status);
    command(*store, "pull", "have the parley that runs look at it now", store_pull)
        ->add_flag("--json", options.json, "for programs");
    command(*store, "verify", "read and decrypt everything, change nothing", store_verify);
    command(*store, "rekey", "encrypt with the present key what is not", store_rekey);
    CLI::App* copy = command(*store, "copy", "bring documents into another store", store_copy);
    copy->add_option("--from", options.from, "configuration of that store; else the usual one");
    copy->add_option("--to", options.to, "configuration of the other store")->required();
    CLI::App* out = command(*store, "export", "write documents to a file", store_export);
    out->add_option("file", options.file, "lines of JSON; - for standard output")->required();
    out->add_flag("--decrypt", options.decrypts, "in the open, not as the store has them");
    CLI::App* in = command(*store, "import", "read documents from such a file", store_import);
    in->add_option("file", options.file, "- for standard input")->required();
    for (CLI::App* one : {copy, in}) {
        one->add_flag("--replace", options.replaces, "also documents that are there already");
    }
}

// A command whose output did not arrive has failed.
int unless_unheard(int status) {
    if (std::cout.flush()) return status;
    std::cerr << "standard output cannot be written\n";
    return 1;
}

}  // namespace

int main(int argc, char** argv) {
    using namespace parley::command;
    parley::base::open_standard_streams();
    parley::base::forbid_core_dumps();
    Options options;
    options.arguments.assign(argv, argv + argc);
    int (*chosen)(const Options&) = serve;

    CLI::App app("Parley: one address for all your AI tools, accounts and providers.");
    app.set_version_flag("--version", PARLEY_VERSION);
    app.add_option("-c,--config", options.config, "configuration file (TOML)");
    app.add_option("--state", options.state, "state folder instead of ~/.parley");
    app.add_flag("--no-supervisor",
                 options.is_alone,
                 "serve in this process: a crash ends it, and it cannot be upgraded under way");
    app.add_option("--worker", options.worker, "for the supervisor's use")->group("");
    app.require_subcommand(0, 1);
    app.fallthrough();

    const auto command =
        [&](CLI::App& parent, const char* name, const char* help, int (*run)(const Options&)) {
            CLI::App* added = parent.add_subcommand(name, help);
            added->callback([&chosen, run] { chosen = run; });
            return added;
        };
    command(app, "serve", "serve clients (the default)", serve)
        ->add_option("--dev-plugins",
                     options.dev_plugins,
                     "a folder in which you build plugins: each is live as soon as it is built");
    command(app, "check", "check the configuration and the plugins, change nothing", check);
    command(app, "version", "print the version", [](const Options&) {
        std::cout << "parley " PARLEY_VERSION "\n";
        return 0;
    });
    command(app, "reference", "print all configuration keys in Markdown", [](const Options&) {
        std::cout << parley::config::reference();
        return 0;
    });
    CLI::App* why = command(app, "explain", "who would serve a model, and why", explain);
    why->add_option("--model", options.model, "as a client asks for it")->required();
    why->add_option("--key", options.key, "the name of the client key that asks");
    why->add_flag("--json", options.json, "for programs");
    CLI::App* moving_in = command(app, "import", "move in from another program", import);
    moving_in->add_option("--from", options.from, "cliproxyapi, or parley for what export gave")
        ->required()
        ->check(CLI::IsMember({"cliproxyapi", "parley"}));
    moving_in->add_option("file", options.file, "its configuration, or the exported file");
    moving_in->add_option("--auth-dir", options.auth_folder, "its credential files");
    moving_in->add_flag("--dry-run", options.is_dry_run, "show what it would be, change nothing");
    CLI::App* leaving =
        command(app, "export", "the accounts of the store, as JSON", export_accounts);
    leaving->add_option("file", options.file, "where they go; standard output without one");
    add_account_commands(app, options, command);
    for (CLI::App* asked :
         {command(app, "status", "how it goes with the parley that runs", status),
          command(app, "reload", "have it read its configuration again", reload),
          command(app, "upgrade", "have new workers relieve those that serve", upgrade)}) {
        asked->add_flag("--json", options.json, "for programs");
    }
    add_plugin_commands(app, options, command);

    add_store_commands(app, options, command);
    add_key_commands(app, options, command);

    CLI11_PARSE(app, argc, argv);
    return chosen == serve ? serve(options) : unless_unheard(chosen(options));
}
