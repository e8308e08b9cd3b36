// command/plugin_bench.cpp: plugin bench: what calls into a plugin cost.
#include <cstdio>
#include <iostream>

#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>

#include "check/measure.hpp"
#include "command/commands.hpp"
#include "command/plugin_subject.hpp"

namespace parley::command {

namespace json = boost::json;

namespace {

void print(const check::Measured& each) {
    std::printf("%-24s %-44s %12.1f ns %12.1f ns %8.2f\n",
                each.component.c_str(),
                each.what.c_str(),
                each.ns,
                each.ns_least,
                each.allocations);
}

json::array to_json(const std::vector<check::Measured>& all) {
    json::array rows;
    for (const check::Measured& each : all) {
        rows.push_back(json::object{{"component", each.component},
                                    {"what", each.what},
                                    {"ns", each.ns},
                                    {"ns_least", each.ns_least},
                                    {"allocations", each.allocations},
                                    {"calls", each.calls}});
    }
    return rows;
}

}  // namespace

int plugin_bench(const Options& options) {
    const auto subject = read_subject(options, options.plugin_file);
    if (!subject) return kNotRun;
    const auto all = check::measure(*subject, options.each_ms);
    if (!all) {
        std::cerr << all.error().message << '\n';
        return 1;
    }
    if (options.json) {
        std::cout << json::serialize(to_json(*all)) << '\n';
        return 0;
    }
    std::printf("%-24s %-44s %15s %15s %8s\n", "", "one call", "median", "least", "allocs");
    for (const check::Measured& each : *all) print(each);
    return 0;
}

}  // namespace parley::command
