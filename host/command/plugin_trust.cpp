// command/plugin_trust.cpp: who vouches for a library.
#include <fstream>
#include <iostream>
#include <sstream>

#include "command/commands.hpp"
#include "command/private_file.hpp"
#include "plugins/library.hpp"

namespace parley::command {

namespace {

bool save(const std::string& name, const std::string& text) {
    PrivateFile file(name);
    if (file && file.write(text) && file.close()) return true;
    std::cerr << file.why() << '\n';
    return false;
}

// What is in the file; where there is none, a new key is put into it. Empty: neither can be.
std::string signing_key(const std::string& name) {
    if (std::ifstream file(name, std::ios::binary); file) {
        std::ostringstream text;
        text << file.rdbuf();
        return text.str();
    }
    const std::string pem = plugins::make_signing_key();
    if (pem.empty() || !save(name, pem)) return {};
    std::cerr << "a new key is in " << name << "; keep it where plugins are built\n";
    return pem;
}

// What could be loaded at all; null: it is told why not.
std::optional<plugins::LibraryInfo> info_of(const std::string& file) {
    auto info = plugins::Library::info(file);
    if (info) return std::move(*info);
    std::cerr << info.error().message << '\n';
    return std::nullopt;
}

}  // namespace

int plugin_sign(const Options& options) {
    const auto info = info_of(options.plugin_file);
    if (!info) return 1;
    const std::string pem = signing_key(options.signing_key);
    if (pem.empty()) return 1;
    const auto line = plugins::signature_of(info->sha256, pem);
    if (!line) {
        std::cerr << options.signing_key << ": " << line.error().message << '\n';
        return 1;
    }
    const std::string file = options.plugin_file + ".sig";
    if (!save(file, *line)) return 1;
    std::cout << file << " vouches for " << info->sha256 << "; whoever has this loads it:\n\n"
              << "[plugins]\ntrusted_keys = [\"" << line->substr(0, line->find(' ')) << "\"]\n";
    return 0;
}

// Prints, and changes nothing: a list of what is trusted is for a person to write.
int plugin_trust(const Options& options) {
    const auto info = info_of(options.plugin_file);
    if (!info) return 1;
    const plugins::Signature signature = plugins::read_signature(options.plugin_file, info->sha256);
    std::cout << "# " << info->name;
    if (info->findings.manifest) {
        std::cout << ", " << info->findings.manifest->id << ' ' << info->findings.manifest->version;
    }
    std::cout << "\n[plugins]\ntrusted_hashes = [\"" << info->sha256 << "\"]\n";
    if (signature.fits) {
        std::cout << "\n# or, for all that this key has signed\n[plugins]\ntrusted_keys = [\""
                  << signature.key << "\"]\n";
    } else if (!signature.key.empty()) {
        std::cerr << options.plugin_file << ".sig is of other contents\n";
    }
    return 0;
}

}  // namespace parley::command
