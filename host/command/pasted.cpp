#include "command/pasted.hpp"

#include <string>

#include "http/percent.hpp"

namespace parley::command {

using base::Result;
using base::Secret;

namespace {

base::Error not_it(const char* what) {
    return base::client_error(PARLEY_E_INVALID_ARGUMENT, what);
}

std::string_view trimmed(std::string_view text) {
    constexpr std::string_view kSpace = " \t\r\n";
    const std::size_t first = text.find_first_not_of(kSpace);
    if (first == text.npos) return {};
    return text.substr(first, text.find_last_not_of(kSpace) - first + 1);
}

bool is_state(std::string_view told, std::string_view state) {
    return base::equal_in_constant_time(told, state);
}

Secret query_of(std::string_view code, std::string_view state) {
    std::string query;
    query.reserve(3 * (code.size() + state.size()) + 16);
    query += "code=";
    query += http::percent_encoded(code);
    query += "&state=";
    query += http::percent_encoded(state);
    return Secret(std::move(query));
}

}  // namespace

Result<Secret> read_pasted(std::string_view text, std::string_view state) {
    constexpr const char* kOtherLogin =
        "that is of another login; paste what this one's page has led to";
    text = trimmed(text);
    const std::size_t question = text.find('?');
    const bool is_address = text.find("://") != text.npos || text.starts_with('/');
    if (is_address || question != text.npos) {
        if (question == text.npos) return not_it("that address has no code behind a question mark");
        std::string_view query = text.substr(question + 1);
        query = query.substr(0, query.find('#'));
        const bool has_any =
            !http::query_value(query, "code").empty() || !http::query_value(query, "error").empty();
        if (!has_any) return not_it("that address holds no code");
        if (!is_state(http::query_value(query, "state"), state)) return not_it(kOtherLogin);
        return Secret(std::string(query));
    }
    if (text.empty() || text.find_first_of(" \t") != text.npos) {
        return not_it("that is neither an address nor a code");
    }
    const std::size_t hash = text.find('#');
    if (hash != text.npos && !is_state(text.substr(hash + 1), state)) return not_it(kOtherLogin);
    return query_of(text.substr(0, hash), state);
}

}  // namespace parley::command
