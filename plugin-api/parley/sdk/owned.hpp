// parley/sdk/owned.hpp: what only the account knows that made it, found without building a
// document.
#pragma once

#include <algorithm>
#include <cstring>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "parley/dialect.h"
#include "parley/sdk/plugin.hpp"

namespace parley::sdk {

// What tells an opaque text from others, which begin alike.
inline std::string_view end_of(std::string_view text) {
    constexpr std::size_t kEndBytes = 64;
    return text.substr(text.size() - std::min(text.size(), kEndBytes));
}

// Finds the strings of one member in JSON that comes in pieces, at any depth. Of a long string its
// end tells it from others, as opaque texts begin alike.
class TextFinder {
public:
    using Found = std::function<void(std::string_view end)>;

    static constexpr std::size_t kEndBytes = 64;

    // `quoted_key` is "\"file_id\"", static.
    explicit TextFinder(std::string_view quoted_key) : key_(quoted_key) {}

    void feed(std::string_view bytes, const Found& found) {
        while (!bytes.empty()) {
            switch (state_) {
                case State::outside:
                    bytes = find_key(bytes);
                    break;
                case State::behind_key:
                    bytes = enter(bytes);
                    break;
                case State::inside:
                    bytes = read(bytes, found);
                    break;
            }
        }
    }

private:
    enum class State { outside, behind_key, inside };

    static std::size_t find(std::string_view text, std::string_view key) {
        const void* at = memmem(text.data(), text.size(), key.data(), key.size());
        if (at == nullptr) return text.npos;
        return static_cast<std::size_t>(static_cast<const char*>(at) - text.data());
    }

    std::string_view find_key(std::string_view bytes) {
        const std::size_t edge = edge_.size();
        if (edge != 0) {
            edge_.append(bytes.substr(0, key_.size() - 1));
            if (const std::size_t at = find(edge_, key_); at != edge_.npos) {
                state_ = State::behind_key;
                edge_.clear();
                return bytes.substr(at + key_.size() - edge);
            }
            edge_.resize(edge);
        }
        if (const std::size_t at = find(bytes, key_); at != bytes.npos) {
            state_ = State::behind_key;
            edge_.clear();
            return bytes.substr(at + key_.size());
        }
        edge_.append(bytes.substr(bytes.size() - std::min(bytes.size(), key_.size() - 1)));
        if (edge_.size() >= key_.size()) edge_.erase(0, edge_.size() - (key_.size() - 1));
        return {};
    }

    std::string_view enter(std::string_view bytes) {
        const std::size_t at = bytes.find_first_not_of(" \t\r\n:");
        if (at == bytes.npos) return {};
        const bool is_text = bytes[at] == '"';
        state_ = is_text ? State::inside : State::outside;
        text_.clear();
        return bytes.substr(is_text ? at + 1 : at);
    }

    std::string_view read(std::string_view bytes, const Found& found) {
        const std::size_t end = std::min(bytes.find('"'), bytes.size());
        const std::size_t from = end - std::min(end, kEndBytes);
        text_.append(bytes.substr(from, end - from));
        if (text_.size() > kEndBytes) text_.erase(0, text_.size() - kEndBytes);
        if (end == bytes.size()) return {};
        if (!text_.empty()) found(text_);
        state_ = State::outside;
        return bytes.substr(end + 1);
    }

    std::string_view key_;
    State state_ = State::outside;
    std::string edge_;  // the end of the piece before, in which a key may begin
    std::string text_;
};

// What a request names, for parley_peek.
class Owned {
public:
    // More of them than this tell no more: they belong together.
    static constexpr std::size_t kMost = 32;

    // `param` is static. The latest ones count.
    void add(std::string_view id, std::string_view param) {
        if (id.empty()) return;
        if (names_.size() == kMost) names_.erase(names_.begin());
        names_.push_back({std::string(id), param});
    }

    // The strings of a member that stand in a part of the body.
    void add_all(std::string_view quoted_key, std::string_view json, std::string_view param) {
        TextFinder(quoted_key).feed(json, [&](std::string_view id) { add(id, param); });
    }

    // When `json` begins with the key: its string, which JsonReader::pass() came by.
    void add_if(std::string_view quoted_key, std::string_view json, std::string_view param) {
        if (!json.starts_with(quoted_key)) return;
        const std::size_t quote = json.find_first_not_of(" \t\r\n:", quoted_key.size());
        if (quote == json.npos || json[quote] != '"') return;
        const std::size_t from = quote + 1;
        add(end_of(json.substr(from, json.find('"', from) - from)), param);
    }

    void move_to(parley_peek& out, Arena& arena) const {
        if (names_.empty()) return;
        auto* kept = arena.array<parley_owned>(names_.size());
        for (std::size_t i = 0; i < names_.size(); ++i) {
            kept[i] = {arena.copy(names_[i].id), str(names_[i].param)};
        }
        out.owned = kept;
        out.owned_count = names_.size();
    }

private:
    struct Name {
        std::string id;
        std::string_view param;
    };

    std::vector<Name> names_;
};

}  // namespace parley::sdk
