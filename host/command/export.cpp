// command/export.cpp: the accounts of the store, in the documented form that `parley import` takes
// back.
#include <filesystem>
#include <iostream>
#include <unistd.h>

#include <boost/json/serialize.hpp>

#include "base/log.hpp"
#include "command/commands.hpp"
#include "command/moving/exported.hpp"
#include "command/moving/taken_in.hpp"
#include "command/private_file.hpp"

namespace parley::command {

namespace json = boost::json;

namespace {

int fail(const std::string& why) {
    std::cerr << "export: " << why << '\n';
    return 1;
}

// One account a line, so that two exports can be compared.
base::Result<void> write_all(const std::vector<store::Listed>& all, PrivateFile& file) {
    auto done = file.write("{\"format\": " + json::serialize(json::string(kExportFormat)) +
                           ", \"accounts\": [");
    const char* before = "\n";
    for (const store::Listed& each : all) {
        if (!each.account) {
            std::cerr << "export: left out: " << each.account.error().message << '\n';
            continue;
        }
        const base::Secret document = store::write_account(*each.account);
        if (done) done = file.write(before);
        if (done) done = file.write(document.reveal());
        before = ",\n";
    }
    if (done) done = file.write("\n]}\n");
    if (!done) return done;
    return file.close();
}

}  // namespace

int export_accounts(const Options& options) {
    base::set_up_log({base::LogLevel::warn, false});
    const bool is_shown = options.file.empty() || options.file == "-";
    if (is_shown && ::isatty(STDOUT_FILENO) != 0) {
        return fail("secrets would be shown; name a file, or send the output to one");
    }
    std::error_code ignored;
    if (!is_shown && std::filesystem::exists(options.file, ignored)) {
        return fail(options.file + ": is there already");
    }
    const auto all = stored_accounts(options);
    if (!all) return 1;
    PrivateFile file(options.file);
    if (!file) return fail(file.why());
    const auto done = write_all(*all, file);
    return done ? 0 : fail(done.error().message);
}

}  // namespace parley::command
