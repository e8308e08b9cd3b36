// config/plugins_table.cpp: the keys of plugins, and of those that stand in the way of exchanges.
#include "config/keys_row.hpp"

namespace parley::config {

Table plugins_table() {
    return {.path = "plugins",
            .meaning = "Where plugins come from.",
            .keys =
                {
                    key(Form::kPaths,
                        "folders",
                        slot<&Config::plugins, &Plugins::folders>,
                        "Folders to watch for plugins, after the bundled ones"),
                    bytes("library_bytes_max",
                          slot<&Config::plugins, &Plugins::library_bytes_max>,
                          {64 * kKiB, 4 * kGiB},
                          "The largest library that is loaded"),
                    key(Form::kFlag,
                        "watch",
                        slot<&Config::plugins, &Plugins::watch>,
                        "Whether libraries that appear, change or go are followed at once"),
                    or_else("all that nobody else can write",
                            key(Form::kTexts,
                                "trusted_hashes",
                                slot<&Config::plugins, &Plugins::trusted_hashes>,
                                "The SHA-256 of libraries that may be loaded beside the bundled "
                                "ones; with this or the next key, no others are")),
                    or_else("all that nobody else can write",
                            key(Form::kTexts,
                                "trusted_keys",
                                slot<&Config::plugins, &Plugins::trusted_keys>,
                                "The public keys of those whose signed libraries may be loaded: "
                                "`ed25519:` and what `parley plugin trust` prints")),
                    duration("quiet_ms",
                             slot<&Config::plugins, &Plugins::limits, &LibraryLimits::quiet_ms>,
                             {1, kHour},
                             "How long no file of the folders has changed before that"),
                    duration("wait_max_ms",
                             slot<&Config::plugins, &Plugins::limits, &LibraryLimits::wait_max_ms>,
                             {1, kHour},
                             "How long a change waits at most, however busy they are"),
                    duration("cool_ms",
                             slot<&Config::plugins, &Plugins::limits, &LibraryLimits::cool_ms>,
                             {0, kDay},
                             "How long a library stays loaded that nobody uses any more"),
                    duration("drain_ms",
                             slot<&Config::plugins, &Plugins::limits, &LibraryLimits::drain_ms>,
                             {0, kDay},
                             "How long exchanges may go on with a library that another one has "
                             "replaced, before they end with an error; 0: as long as they take"),
                    duration("gap_ms",
                             slot<&Config::plugins, &Plugins::limits, &LibraryLimits::gap_ms>,
                             {1, kHour},
                             "How long the change of a component that may be active only once "
                             "waits for the exchanges that use it, and requests wait for that"),
                    number("pinned_max",
                           slot<&Config::plugins, &Plugins::limits, &LibraryLimits::pinned_max>,
                           {1, 10'000},
                           "How many generations of one plugin may be in memory that could not be "
                           "unloaded, before it is not loaded anew any more"),
                },
            .fresh = fresh<Config>};
}

Table filter_table() {
    return {
        .path = "filter",
        .meaning =
            "A plugin that reads or changes requests and replies; several work in the order in "
            "which they stand here, see [filters.md](filters.md). Every key that is not listed "
            "here is a setting of the plugin and is checked against the plugin's own schema.",
        .is_repeated = true,
        .named_by = "name",
        .is_open = true,
        .keys =
            {
                required(
                    key(Form::kName, "name", slot<&Filter::name>, "What routes and logs call it")),
                or_else("the same as name",
                        key(Form::kText,
                            "plugin",
                            slot<&Filter::plugin>,
                            "The plugin's component that does the work")),
                key(Form::kFlag, "disabled", slot<&Filter::disabled>, "Whether it is left out"),
                key(Form::kFlag,
                    "everywhere",
                    slot<&Filter::everywhere>,
                    "Whether every request passes it, or those of the routes that name it"),
                choice("on_error",
                       slot<&Filter::on_error>,
                       {"refuse", "pass"},
                       "What becomes of a request or reply that it fails on, or that it cannot be "
                       "shown: the client gets an error, or it goes on without the filter"),
            },
        .fresh = fresh<Filter>};
}

Table observer_table() {
    return {
        .path = "observer",
        .meaning =
            "A plugin that is told of each exchange when it is over, see [filters.md](filters.md). "
            "Every key that is not listed here is a setting of the plugin and is checked against "
            "the plugin's own schema.",
        .is_repeated = true,
        .named_by = "name",
        .is_open = true,
        .keys =
            {
                required(key(Form::kName, "name", slot<&Observer::name>, "What logs call it")),
                or_else("the same as name",
                        key(Form::kText,
                            "plugin",
                            slot<&Observer::plugin>,
                            "The plugin's component that is told")),
                key(Form::kFlag, "disabled", slot<&Observer::disabled>, "Whether it is left out"),
            },
        .fresh = fresh<Observer>};
}

}  // namespace parley::config
