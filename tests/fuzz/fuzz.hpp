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

    std::string_view header(std::string_view name) const {
        const std::size_t at = head.find(name);
        const std::string_view value = at == head.npos ? "" : head.substr(at + name.size());
        return value.substr(0, value.find('\n'));
    }

    // The body in one piece, in two at a place that depends on it, and byte by byte.
    std::vector<std::vector<std::string_view>> cuts() const {
        std::vector<std::string_view> bytes;
        for (std::size_t i = 0; i < body.size(); ++i) bytes.push_back(body.substr(i, 1));
        const std::size_t at = std::hash<std::string_view>()(body) % (body.size() + 1);
        return {{body}, {body.substr(0, at), body.substr(at)}, bytes};
    }
};

// Whether a folder of cases/ is one of those that PARLEY_FUZZ_SEEDS lists by their first words.
inline bool is_seed(std::string_view folder) {
    std::string_view wanted = PARLEY_FUZZ_SEEDS;
    for (;;) {
        const std::size_t comma = wanted.find(',');
        if (folder.starts_with(wanted.substr(0, comma))) return true;
        if (comma == wanted.npos) return false;
        wanted.remove_prefix(comma + 1);
    }
}

// The argument that gives libFuzzer its seeds.
inline std::string seeds() {
    std::string list;
    for (const auto& entry : std::filesystem::directory_iterator(PARLEY_FUZZ_CASES)) {
        if (!is_seed(entry.path().filename().string())) continue;
        auto file = entry.path() / "request.http";
        if (!std::filesystem::exists(file)) file.replace_filename("reply.http");
        list += (list.empty() ? "-seed_inputs=" : ",") + file.string();
    }
    return list;
}

}  // namespace parley::fuzz

// The engine looks for it by name, which is no use of an inline function in a compiler's eyes.
extern "C" __attribute__((used)) inline int LLVMFuzzerInitialize(int* count, char*** arguments) {
    static std::string seeds = parley::fuzz::seeds();
    static std::vector<char*> all(*arguments, *arguments + *count);
    all.push_back(seeds.data());
    all.push_back(nullptr);
    *count += 1;
    *arguments = all.data();
    return 0;
}
