// command/plugin.cpp: what plugins there are, and what a file says without running it.
#include <algorithm>
#include <iostream>

#include "base/log.hpp"
#include "command/commands.hpp"
#include "command/setup.hpp"

namespace parley::command {

namespace {

std::string joined(const std::vector<std::string>& words) {
    std::string all;
    for (const std::string& word : words) all += (all.empty() ? "" : ", ") + word;
    return all.empty() ? "none" : all;
}

void print(const plugins::LibraryInfo& info, std::ostream& out) {
    out << "file      " << info.name << ", " << info.facts.bytes << " bytes, "
        << plugins::machine_name(info.facts.machine) << '\n'
        << "sha256    " << info.sha256 << '\n'
        << "build id  " << (info.facts.build_id.empty() ? "none" : info.facts.build_id) << '\n';
    if (info.findings.manifest) {
        const plugins::Manifest& m = *info.findings.manifest;
        out << "plugin    " << m.id << ' ' << m.version << '\n'
            << "abi       " << m.abi_major << '.' << m.abi_minor << ", needs a host of "
            << m.abi_major << '.' << m.min_host_minor << " at least\n"
            << "kinds     " << joined(m.kinds) << '\n'
            << "resident  " << (m.resident() ? "yes" : "no") << '\n';
    }
    out << "needs     " << joined(info.facts.needed) << '\n'
        << "symbols   " << joined(info.symbols) << '\n';
    for (const plugins::Finding& finding : info.findings.list) {
        out << (finding.refused ? "refused   " : "warning   ") << finding.check << ' '
            << finding.text << '\n';
    }
}

bool is_refused(const plugins::LibraryInfo& info) {
    const auto& list = info.findings.list;
    return std::any_of(list.begin(), list.end(), [](const auto& f) { return f.refused; });
}

}  // namespace

int plugin_list(const Options& options) {
    const Setup setup = read_configuration(options, false);
    if (!report(setup.loaded, setup.file)) return 1;
    base::set_up_log({base::LogLevel::warn, false});
    const plugins::Catalogue catalogue = load_plugins(setup.loaded.config, make_services());
    for (const auto& library : catalogue.libraries()) {
        const plugins::Manifest& manifest = library->manifest();
        std::cout << library->name() << "  " << manifest.id << ' ' << manifest.version
                  << "  sha256 " << library->sha256().substr(0, 12) << '\n';
        for (const plugins::Component& component : library->components()) {
            std::cout << "    " << component.kind_id << "  " << component.id << "  "
                      << component.title << (component.kind == nullptr ? "  (unknown kind)" : "")
                      << '\n';
        }
    }
    for (const plugins::Refusal& refusal : catalogue.refusals()) {
        std::cout << "refused: " << refusal.reason << '\n';
    }
    return catalogue.refusals().empty() ? 0 : 1;
}

int plugin_info(const Options& options) {
    const auto info = plugins::Library::info(options.plugin_file);
    if (!info) {
        std::cerr << info.error().message << '\n';
        return 1;
    }
    print(*info, std::cout);
    return is_refused(*info) ? 1 : 0;
}

}  // namespace parley::command
