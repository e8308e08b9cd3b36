// command/export.cpp: the accounts of the store, in the documented form that `parley import` takes
// back.
#include <iostream>
#include <unistd.h>

#include <boost/json/serialize.hpp>

#include "base/log.hpp"
#include "command/commands.hpp"
#include "command/moving/exported.hpp"
#include "command/moving/private_file.hpp"
#include "command/moving/taken_in.hpp"

namespace parley::command {

namespace json = boost::json;

namespace {

int fail(const std::string& why) {
    std::cerr << "export: " << why << '\n';
    return 1;
}

}  // namespace

int export_accounts(const Options& options) {
    base::set_up_log({base::LogLevel::warn, false});
    if (options.file.empty() && ::isatty(STDOUT_FILENO) != 0) {
        return fail("secrets would be shown; name a file, or send the output to one");
    }
    // One account a line, so that two exports can be compared.
    std::string text =
        "{\"format\": " + json::serialize(json::string(kExportFormat)) + ", \"accounts\": [";
    const char* before = "\n";
    const auto add = [&](const store::Listed& each) {
        if (!each.account) {
            std::cerr << "export: left out: " << each.account.error().message << '\n';
            return;
        }
        text += before + std::string(store::write_account(*each.account).reveal());
        before = ",\n";
    };
    if (const int status = for_each_account(options, add); status != 0) return status;
    text += "\n]}\n";
    const bool is_written = options.file.empty() || write_private_file(options.file, text);
    if (options.file.empty()) std::cout << text << std::flush;
    base::wipe(text.data(), text.size());
    if (!is_written) return fail(options.file + ": cannot be written, or is there already");
    return 0;
}

}  // namespace parley::command
