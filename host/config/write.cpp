#include "config/write.hpp"

#include <array>

#include "base/base64.hpp"
#include "base/digest.hpp"
#include "base/secret.hpp"

namespace parley::config {

std::string starter_config(std::string_view client_key) {
    constexpr std::string_view kPlaceholder = "@client_key@";
    std::string out(kStarterConfig);
    for (std::size_t at = out.find(kPlaceholder); at != std::string::npos;
         at = out.find(kPlaceholder, at + client_key.size())) {
        out.replace(at, kPlaceholder.size(), client_key);
    }
    return out;
}

std::string new_client_key() {
    std::array<unsigned char, 32> bytes{};
    base::fill_random(bytes);
    std::string text =
        base::to_base64url({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
    std::string out = "sk-parley-" + text;
    base::wipe(bytes.data(), bytes.size());
    base::wipe(text.data(), text.size());
    return out;
}

}  // namespace parley::config
