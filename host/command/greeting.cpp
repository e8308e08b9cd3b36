#include "command/greeting.hpp"

#include <iostream>
#include <unistd.h>

#include "config/write.hpp"

namespace parley::command {

namespace {

void fill_in(std::string& text, std::string_view place, std::string_view value) {
    for (std::size_t at = text.find(place); at != text.npos;
         at = text.find(place, at + value.size())) {
        text.replace(at, place.size(), value);
    }
}

}  // namespace

void greet(const config::Config& config, const Setup& setup, const std::string& address) {
    if (!setup.created && ::isatty(STDOUT_FILENO) == 0) return;
    // The key is printed when it was made just now: that is how its owner learns it.
    std::string_view key = "$PARLEY_KEY";
    if (config.client_keys.empty())
        key = "none-needed";
    else if (setup.created)
        key = config.client_keys.front().key.reveal();
    std::string text(config::kGreeting);
    fill_in(
        text, "@url@", (config.server.tls_certificate.empty() ? "http://" : "https://") + address);
    fill_in(text, "@new@", setup.created ? " (new)" : "");
    fill_in(text, "@file@", setup.file.empty() ? "none, built-in defaults" : setup.file);
    fill_in(text, "@key@", key);
    std::cout << text << std::flush;
}

}  // namespace parley::command
