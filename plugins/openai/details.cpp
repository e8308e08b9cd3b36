#include "details.hpp"

#include <algorithm>

namespace parley::openai {

using sdk::JsonReader;
using sdk::JsonString;

namespace {

constexpr std::string_view kEncrypted = "reasoning.encrypted";
constexpr std::string_view kSummary = "reasoning.summary";

bool is_words(std::string_view key) {
    return key == "text" || key == "summary";
}

std::string_view inside(std::string_view string) {
    return string.substr(1, string.size() - 2);
}

const std::string* find(const std::vector<std::pair<std::string, std::string>>& members,
                        std::string_view key) {
    const auto at = std::find_if(
        members.begin(), members.end(), [&](const auto& member) { return member.first == key; });
    return at == members.end() || at->second == "null" ? nullptr : &at->second;
}

// Both say it, and not the same.
bool differ(const std::string* a, const std::string* b) {
    return a != nullptr && b != nullptr && *a != *b;
}

}  // namespace

// Indices cannot be trusted alone: some places number every piece of a stream alike.
bool Details::goes_on(const Block& block, const Block& piece) {
    if (piece.type != block.type || piece.type == kEncrypted) return false;
    if (differ(find(block.members, "index"), find(piece.members, "index"))) return false;
    if (differ(find(block.members, "id"), find(piece.members, "id"))) return false;
    return piece.words.empty() || find(block.members, "signature") == nullptr;
}

DetailWords Details::take(JsonReader& r, bool whole) {
    Block piece;
    DetailWords told;
    JsonString key;
    r.enter_object();
    while (r.next_key(key)) {
        const std::string_view value = r.raw();
        if (key.raw == "type" && value.starts_with('"')) piece.type = inside(value);
        if (is_words(key.raw) && value.starts_with('"')) {
            told.text = value;
            piece.words = inside(value);
        }
        piece.members.emplace_back(key.raw, value);
    }
    told.summary = piece.type == kSummary;
    if (!whole && !blocks_.empty() && goes_on(blocks_.back(), piece)) {
        Block& block = blocks_.back();
        block.words += piece.words;
        for (auto& more : piece.members) {
            const auto is_same = [&](const auto& member) { return member.first == more.first; };
            if (find(block.members, more.first) != nullptr) continue;
            std::erase_if(block.members, is_same);
            block.members.push_back(std::move(more));
        }
        return told;
    }
    told.begins = true;
    blocks_.push_back(std::move(piece));
    return told;
}

std::string Details::settle() {
    std::string json = "[";
    for (const Block& block : blocks_) {
        json += json.size() == 1 ? "{" : ",{";
        for (const auto& [name, value] : block.members) {
            if (json.back() != '{') json += ',';
            ((json += '"') += name) += "\":";
            const bool words = is_words(name) && value.starts_with('"');
            words ? ((json += '"') += block.words) += '"' : json += value;
        }
        json += '}';
    }
    blocks_.clear();
    return json += ']';
}

}  // namespace parley::openai
