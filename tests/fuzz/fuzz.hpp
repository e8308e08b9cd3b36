// fuzz.hpp: what the fuzzers share: their seeds, and the form of an input, which is that of a case
// in a plugin's cases/: a head of lines, a blank line, and the body. An input may be a body alone.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace parley::fuzz {

inline void check(bool holds, int line = __builtin_LINE()) {
    if (holds) return;
    std::fprintf(stderr, "does not hold: line %d\n", line);
    __builtin_trap();
}

struct Input {
    std::string_view path;
    std::string_view head;
    std::string_view body;

    Input(const std::uint8_t* data, std::size_t size)
        : body(reinterpret_cast<const char*>(data), size) {
        const std::size_t end = body.find("\n\n");
        if (end == body.npos || !body.starts_with('/')) return;
        head = body.substr(0, end);
        path = head.substr(0, head.find('\n'));
        body = body.substr(end + 2);
    }

    bool says(std::string_view words) const { return head.find(words) != head.npos; }

    // The body in one piece, in two at a place that depends on it, and byte by byte.
    std::vector<std::vector<std::string_view>> cuts() const {
        std::vector<std::string_view> bytes;
        for (std::size_t i = 0; i < body.size(); ++i) bytes.push_back(body.substr(i, 1));
        const std::size_t at = std::hash<std::string_view>()(body) % (body.size() + 1);
        return {{body}, {body.substr(0, at), body.substr(at)}, bytes};
    }
};

// Appends -seed_inputs for every case whose name starts as PARLEY_FUZZ_SEEDS says.
inline std::string seeds() {
    std::string list = "-seed_inputs=";
    std::string_view wanted = PARLEY_FUZZ_SEEDS;
    while (!wanted.empty()) {
        const std::string_view prefix = wanted.substr(0, wanted.find(','));
        wanted.remove_prefix(std::min(prefix.size() + 1, wanted.size()));
        for (const auto& folder : std::filesystem::directory_iterator(PARLEY_FUZZ_CASES)) {
            if (!folder.path().filename().string().starts_with(prefix)) continue;
            for (const char* name : {"request.http", "reply.http"}) {
                const auto file = folder.path() / name;
                if (std::filesystem::exists(file)) list += file.string() + ",";
            }
        }
    }
    list.pop_back();
    return list;
}

}  // namespace parley::fuzz

extern "C" inline int LLVMFuzzerInitialize(int* count, char*** arguments) {
    static std::string seeds = parley::fuzz::seeds();
    static std::vector<char*> all(*arguments, *arguments + *count);
    all.push_back(seeds.data());
    all.push_back(nullptr);
    *count += 1;
    *arguments = all.data();
    return 0;
}
