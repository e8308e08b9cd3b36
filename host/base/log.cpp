#include "base/log.hpp"

#include <memory>

#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include "parley/sdk/json.hpp"

namespace parley::base {

namespace {

struct Sink {
    std::shared_ptr<spdlog::logger> logger;
    bool json = false;

    Sink() {
        auto stderr_sink = std::make_shared<spdlog::sinks::stderr_sink_mt>();
        logger = std::make_shared<spdlog::logger>("parley", std::move(stderr_sink));
        set_pattern();
    }

    void set_pattern() {
        logger->set_pattern(json ? R"({"time":"%Y-%m-%dT%H:%M:%S.%eZ","level":"%l",%v})"
                                 : "%Y-%m-%dT%H:%M:%S.%eZ %^%-5l%$ %v",
                            spdlog::pattern_time_type::utc);
    }
};

Sink& sink() {
    static Sink the_sink;
    return the_sink;
}

spdlog::level::level_enum native(LogLevel level) {
    switch (level) {
        case LogLevel::debug:
            return spdlog::level::debug;
        case LogLevel::info:
            return spdlog::level::info;
        case LogLevel::warn:
            return spdlog::level::warn;
        default:
            return spdlog::level::err;
    }
}

void append_value(std::string& line, const LogField& field, bool json) {
    if (const auto* number = std::get_if<std::uint64_t>(&field.value)) {
        line += std::to_string(*number);
        return;
    }
    const auto* nested = std::get_if<LogNested>(&field.value);
    if (nested != nullptr && json) {
        line += nested->json;
        return;
    }
    const std::string_view text =
        nested != nullptr ? nested->words : std::get<std::string_view>(field.value);
    const bool plain = text.find_first_of(" \"\\=\n\r\t") == text.npos && !text.empty();
    const char* special = sdk::find_string_special(text.data(), text.data() + text.size());
    if (!json && plain && special == text.data() + text.size()) {
        line += text;
    } else {
        sdk::json_quote(text, line);
    }
}

}  // namespace

void set_up_log(const LogOptions& options) {
    sink().json = options.json;
    sink().set_pattern();
    change_log_level(options.level);
}

void change_log_level(LogLevel level) {
    sink().logger->set_level(native(level));
}

LogLevel log_level_of(std::string_view name) {
    if (name == "debug") return LogLevel::debug;
    if (name == "warn") return LogLevel::warn;
    if (name == "error") return LogLevel::error;
    return LogLevel::info;
}

bool log_enabled(LogLevel level) {
    return sink().logger->should_log(native(level));
}

void log(LogLevel level, std::string_view what, const LogField* fields, std::size_t count) {
    if (!log_enabled(level)) return;
    const bool json = sink().json;
    std::string line;
    if (json) {
        line += "\"message\":";
        sdk::json_quote(what, line);
    } else {
        std::string quoted;
        sdk::json_quote(what, quoted);
        line.append(quoted, 1, quoted.size() - 2);
    }
    for (std::size_t i = 0; i < count; ++i) {
        line += json ? "," : " ";
        if (json)
            sdk::json_quote(fields[i].key, line);
        else
            line += fields[i].key;
        line += json ? ':' : '=';
        append_value(line, fields[i], json);
    }
    sink().logger->log(native(level), spdlog::string_view_t(line.data(), line.size()));
}

void log(LogLevel level, std::string_view what, std::initializer_list<LogField> fields) {
    log(level, what, fields.begin(), fields.size());
}

}  // namespace parley::base
