// command/running.cpp: status, reload, upgrade, account state, account clear: asked of a Parley
// that runs.
#include <iomanip>
#include <iostream>

#include <boost/json/serialize.hpp>

#include "base/counted.hpp"
#include "command/ask.hpp"
#include "command/commands.hpp"
#include "command/health_words.hpp"

namespace parley::command {

namespace json = boost::json;

namespace {

std::string text_of(const json::value& value) {
    return value.is_string() ? std::string(value.get_string()) : json::serialize(value);
}

void print_account(const json::object& account) {
    std::cout << text_at(account, "account") << "  " << words_of_state(account) << "  in flight "
              << text_at(account, "in_flight") << ", attempts " << text_at(account, "attempts")
              << '\n';
    const json::value* models = account.if_contains("models");
    if (models == nullptr) return;
    for (const auto& [name, model] : models->as_object()) {
        std::cout << "    " << std::string_view(name) << "  " << words_of_state(model.as_object())
                  << '\n';
    }
}

void print_after_restart(const json::object& of) {
    for (const json::value& line : of.at("after_restart").as_array()) {
        std::cout << "after a restart: " << text_of(line) << '\n';
    }
}

// True when what was read last is in force.
bool print_status(const json::object& answer) {
    std::cout << "parley " << text_at(answer, "version") << ", process " << text_at(answer, "pid")
              << ", up " << duration_at(answer, "up_ms") << '\n';
    for (const json::value& address : answer.at("addresses").as_array()) {
        std::cout << "listening      " << text_of(address) << '\n';
    }
    const json::object& configuration = answer.at("configuration").as_object();
    std::cout << "connections    " << text_at(answer, "connections") << '\n'
              << "configuration  " << text_at(configuration, "file") << '\n';
    const json::object& plugins = answer.at("plugins").as_object();
    std::cout << "plugins        " << text_at(plugins, "serving") << " serving, "
              << text_at(plugins, "refused") << " refused\n";
    print_after_restart(configuration);
    const json::array& faults = configuration.at("faults").as_array();
    if (faults.empty()) return true;
    std::cout << "what was read last is not in force:\n";
    for (const json::value& fault : faults) std::cout << "  " << text_of(fault) << '\n';
    return false;
}

}  // namespace

int status(const Options& options) {
    const auto answers = ask_all(options, "GET", "/status");
    if (!answers) return 1;
    if (print_json(options, *answers)) return 0;
    bool is_in_force = true;
    for (std::size_t i = 0; i < answers->size(); ++i) {
        print_worker(*answers, i);
        is_in_force = print_status((*answers)[i]) && is_in_force;
    }
    return is_in_force ? 0 : 1;
}

int reload(const Options& options) {
    const auto answer = ask(options, "POST", "/reload");
    if (!answer) return 1;
    if (print_json(options, {*answer})) return 0;
    const json::array& changes = answer->at("changes").as_array();
    for (const json::value& change : changes) std::cout << text_of(change) << '\n';
    print_after_restart(*answer);
    const bool is_nothing = changes.empty() && answer->at("after_restart").as_array().empty();
    if (is_nothing) std::cout << "nothing differs\n";
    return 0;
}

int store_pull(const Options& options) {
    const auto answers = ask_all(options, "POST", "/store/pull");
    if (!answers) return 1;
    if (print_json(options, *answers)) return 0;
    for (std::size_t i = 0; i < answers->size(); ++i) {
        print_worker(*answers, i);
        const auto changed = (*answers)[i].at("changed").to_number<std::uint64_t>();
        std::cout << base::counted(changed, "document") << " changed\n";
    }
    return 0;
}

int upgrade(const Options& options) {
    const auto answer = ask(options, "POST", "/upgrade");
    if (!answer) return 1;
    if (print_json(options, {*answer})) return 0;
    std::cout << "new workers start; the log tells when they serve\n";
    return 0;
}

int account_state(const Options& options) {
    const auto answers = ask_all(options, "GET", "/accounts");
    if (!answers) return 1;
    if (print_json(options, *answers)) return 0;
    for (std::size_t i = 0; i < answers->size(); ++i) {
        print_worker(*answers, i);
        for (const json::value& account : (*answers)[i].at("accounts").as_array()) {
            print_account(account.as_object());
        }
    }
    return 0;
}

int account_clear(const Options& options) {
    return ask_all(options, "POST", "/accounts/clear", {{"account", options.account}}) ? 0 : 1;
}

}  // namespace parley::command
