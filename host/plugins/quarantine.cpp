#include "plugins/quarantine.hpp"

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <sstream>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value_from.hpp>

namespace parley::plugins {

namespace json = boost::json;
using base::Result;

Quarantine::Quarantine(std::string file, Rules rules) : file_(std::move(file)), rules_(rules) {
    std::ostringstream text;
    if (const std::ifstream stream(file_); stream) text << stream.rdbuf();
    read(text.str());
}

void Quarantine::read(std::string_view text) {
    boost::system::error_code fault;
    const json::value all = json::parse(text, fault);
    if (fault || !all.is_object()) return;
    for (const auto& [sha256, value] : all.get_object()) {
        const json::object* told = value.if_object();
        if (told == nullptr) continue;
        Record& record = records_[std::string(sha256)];
        if (const auto* name = told->if_contains("file"); name != nullptr && name->is_string()) {
            record.name = name->get_string();
        }
        if (const auto* held = told->if_contains("held"); held != nullptr && held->is_bool()) {
            record.is_held = held->get_bool();
        }
        const auto* crashes = told->if_contains("crashes_ms");
        if (crashes == nullptr || !crashes->is_array()) continue;
        for (const json::value& at : crashes->get_array()) {
            if (at.is_int64()) record.crashes_ms.push_back(at.get_int64());
        }
    }
}

Result<void> Quarantine::count(std::string_view sha256, std::string_view name, std::int64_t at_ms) {
    Record& record = records_[std::string(sha256)];
    record.name = name;
    const auto window_ms = static_cast<std::int64_t>(rules_.window_ms);
    std::erase_if(record.crashes_ms,
                  [&](std::int64_t before) { return before <= at_ms - window_ms; });
    record.crashes_ms.push_back(at_ms);
    const bool is_too_often =
        rules_.crashes_max != 0 && record.crashes_ms.size() >= rules_.crashes_max;
    record.is_held = record.is_held || is_too_often;
    return write();
}

std::string Quarantine::why(const std::string& sha256) const {
    const auto found = records_.find(sha256);
    if (found == records_.end() || !found->second.is_held || rules_.crashes_max == 0) return {};
    return "these contents brought the worker down " +
           std::to_string(found->second.crashes_ms.size()) +
           " times; replace the file, or remove " + sha256.substr(0, 12) + "... from " + file_ +
           " to try it again";
}

// Whole or not at all: under another name first.
Result<void> Quarantine::write() const {
    json::object all;
    for (const auto& [sha256, record] : records_) {
        all[sha256] = {{"file", record.name},
                       {"held", record.is_held},
                       {"crashes_ms", json::value_from(record.crashes_ms)}};
    }
    const std::string beside = file_ + ".new";
    std::ofstream stream(beside, std::ios::trunc);
    stream << json::serialize(all) << '\n';
    stream.close();
    if (stream && std::rename(beside.c_str(), file_.c_str()) == 0) return {};
    return base::gateway_error(PARLEY_E_INTERNAL,
                               "quarantine: " + file_ + ": " + std::strerror(errno));
}

}  // namespace parley::plugins
