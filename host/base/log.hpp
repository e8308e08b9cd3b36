// base/log.hpp: the log sink, the only global. Text for people or JSON, to standard error.
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <variant>

namespace parley::base {

enum class LogLevel { debug, info, warn, error };

struct LogOptions {
    LogLevel level = LogLevel::info;
    bool json = false;
};

// Once, before threads start; before that, info and text.
void set_up_log(const LogOptions& options);
// Afterwards. [any thread]
void change_log_level(LogLevel level);
LogLevel log_level_of(std::string_view name);

// Something with an inside, for programs and for people.
struct LogNested {
    std::string_view json;
    std::string_view words;
};

struct LogField {
    std::string_view key;
    std::variant<std::string_view, std::uint64_t, LogNested> value;
};

bool log_enabled(LogLevel level);

// One line: "time level what key=value ...". Control characters are escaped. [any thread]
void log(LogLevel level, std::string_view what, std::initializer_list<LogField> fields = {});
// The same with a list that was put together at run time.
void log(LogLevel level, std::string_view what, const LogField* fields, std::size_t count);

}  // namespace parley::base
