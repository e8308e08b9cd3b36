#include "corpus.hpp"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>

#include <boost/json/parse.hpp>

namespace parley::codec {

namespace {

namespace fs = std::filesystem;

std::string contents(const fs::path& file) {
    std::ifstream in(file, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
}

fs::path folder() {
    if (const char* given = std::getenv("PARLEY_CORPUS")) return fs::path(given);
    return fs::path(PARLEY_SOURCE_DIR) / ".." / "shared" / "corpus";
}

Recorded read(const fs::path& folder) {
    const auto meta = boost::json::parse(contents(folder / "meta.json")).as_object();
    const auto text = [&](std::string_view name) {
        const auto* value = meta.if_contains(name);
        return value != nullptr && value->is_string() ? std::string(value->as_string())
                                                      : std::string();
    };
    Recorded recorded;
    recorded.id = text("id");
    recorded.wire = text("wire");
    recorded.path = text("url_path");
    const std::size_t question = recorded.path.find('?');
    if (question != std::string::npos) {
        recorded.query = recorded.path.substr(question + 1);
        recorded.path.resize(question);
    }
    recorded.status = meta.at("status").to_number<int>();
    recorded.streamed = text("stream_format") == "sse";
    recorded.request = contents(folder / "request.json");
    recorded.reply = contents(folder / "response.body");
    return recorded;
}

std::vector<Recorded> load() {
    std::vector<Recorded> all;
    std::error_code absent;
    for (const auto& entry : fs::recursive_directory_iterator(folder() / "cases", absent)) {
        if (entry.path().filename() == "meta.json") all.push_back(read(entry.path().parent_path()));
    }
    if (all.empty()) std::cerr << "!!!! no corpus in " << folder() << ": skipped !!!!\n";
    std::sort(all.begin(), all.end(), [](const auto& a, const auto& b) { return a.id < b.id; });
    return all;
}

}  // namespace

const std::vector<Recorded>& corpus() {
    static const std::vector<Recorded> all = load();
    return all;
}

}  // namespace parley::codec
