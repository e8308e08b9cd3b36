#include "address.hpp"

#include <algorithm>
#include <memory>
#include <string_view>

#include <libpq-fe.h>

#include "parley/sdk/plugin.hpp"

namespace parley::store_postgres {

namespace {

bool parses(const std::string& url) {
    char* why = nullptr;
    const std::unique_ptr<PQconninfoOption, void (*)(PQconninfoOption*)> parts(
        PQconninfoParse(url.c_str(), &why), PQconninfoFree);
    PQfreemem(why);
    if (parts == nullptr) return false;
    for (const PQconninfoOption* part = parts.get(); part->keyword != nullptr; ++part) {
        const std::string_view value = part->val == nullptr ? "" : part->val;
        const bool is_port = std::string_view(part->keyword) == "port";
        if (is_port && value.find_first_not_of("0123456789,") != value.npos) return false;
    }
    return true;
}

// One name and password at most, before the first slash.
bool has_one_user(std::string_view url) {
    const std::string_view rest = url.substr(url.find("://") + 3);
    const std::string_view before = rest.substr(0, rest.find('?'));
    const std::size_t at = before.rfind('@');
    return at == before.npos || (before.find('@') == at && at < before.find('/'));
}

}  // namespace

void check_url(const std::string& url) {
    const bool is_url = url.starts_with("postgresql://") || url.starts_with("postgres://");
    const bool is_other = !is_url && url.find("://") != url.npos;
    const bool is_read = is_url || url.find('=') != url.npos;
    if (!is_other && (!is_read || (parses(url) && (!is_url || has_one_user(url))))) return;
    throw sdk::Failure(PARLEY_E_CONFIG,
                       "url: postgresql://user:password@host/database was expected; in user and "
                       "password @ is written as %40, / as %2F, % as %25");
}

}  // namespace parley::store_postgres
