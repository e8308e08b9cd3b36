#include "command/greeting.hpp"

#include <iostream>
#include <unistd.h>

namespace parley::command {

void greet(const config::Config& config, const Setup& setup, const std::string& address) {
    if (!setup.created && ::isatty(STDOUT_FILENO) == 0) return;
    const std::string scheme = config.server.tls_certificate.empty() ? "http" : "https";
    const std::string url = scheme + "://" + address;
    // The key is printed when it was made just now: that is how its owner learns it.
    std::string key = "$PARLEY_KEY";
    if (config.client_keys.empty())
        key = "none-needed";
    else if (setup.created)
        key = config.client_keys.front().key.reveal();
    std::cout << "\nParley listens on " << url << "\n";
    if (!setup.file.empty()) {
        std::cout << "Configuration" << (setup.created ? " (new): " : ": ") << setup.file << "\n";
    }
    std::cout << "\nTry it, no provider account needed:\n\n"
              << "  curl " << url << "/v1/chat/completions -H 'authorization: Bearer " << key
              << "' -H 'content-type: application/json' "
              << "-d '{\"model\":\"example\",\"stream\":true,"
              << "\"messages\":[{\"role\":\"user\",\"content\":\"hello\"}]}'\n\n"
              << "  // npm install the client SDK of your choice, for example:\n"
              << "  const client = new Client({ baseURL: '" << url << "/v1', apiKey: '" << key
              << "' });\n\n"
              << std::flush;
}

}  // namespace parley::command
