// command/options.hpp: what the command line said.
#pragma once

#include <string>
#include <vector>

namespace parley::command {

struct Options {
    std::string config;  // empty: the usual places
    std::string state;   // empty: from the configuration
    std::string plugin_file;
    std::string signing_key;  // a file
    std::string model;
    std::string key;     // the name of a client key
    std::string plugin;  // the id of its manifest, or the name of a new one
    std::string plugin_kind;
    std::string plugin_id;    // of a new one; empty: one of example.com
    std::string dev_plugins;  // a folder in which plugins are built; empty: none
    std::string language = "cpp";
    std::string folder;  // of a new plugin; empty: its name
    bool json = false;
    std::string from;         // whose files are imported, or whose store is copied
    std::string to;           // whose store it is copied into
    std::string file;         // that is read, or written
    std::string auth_folder;  // of credential files; empty: where the file says
    bool is_dry_run = false;
    std::string provider;             // the name of an instance
    std::string account;              // "provider/label", or "provider" where it has one
    std::string label;                // of a new account
    std::string name;                 // of a client key
    std::vector<std::string> models;  // that it may ask for
    std::vector<std::string> params;  // of a login: "name=value"
    bool no_browser = false;
    bool device = false;
    bool is_alone = false;               // no supervisor
    std::string worker;                  // what a supervisor tells its worker
    std::vector<std::string> arguments;  // all of them, the program's name first
    bool replaces = false;               // documents that are there already
    bool decrypts = false;               // what is exported
    std::vector<std::string> only;       // ids of checks
    std::string junit;                   // a file for build servers
    bool is_quiet = false;               // what passed is not told
    bool records = false;                // a transcript is begun
    bool is_against = false;             // said to what serves where a parley runs
    bool updates = false;                // what comes now is what is written down
    int each_ms = 200;                   // for which one figure is measured
};

}  // namespace parley::command
