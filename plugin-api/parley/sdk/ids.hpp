// parley/sdk/ids.hpp: ids that fit a wire, the same for the same input wherever they are made.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

namespace parley::sdk {

// FNV-1a of 128 bits over texts, each ended by a byte that no UTF-8 has. Not for secrets.
class Digest {
public:
    Digest& add(std::string_view text) {
        for (const char c : text) step(static_cast<unsigned char>(c));
        step(0xff);
        return *this;
    }

    // 24 letters and digits: 120 of the 128 bits.
    std::string text() const {
        constexpr std::string_view kDigits = "abcdefghijklmnopqrstuvwxyz234567";
        const Hash hash = mixed();
        std::string out;
        for (int i = 0; i < 24; ++i)
            out += kDigits[static_cast<std::size_t>(hash >> (5 * i)) & 31];
        return out;
    }

    // 8 hexadecimal digits.
    std::string short_text() const {
        constexpr std::string_view kDigits = "0123456789abcdef";
        const Hash hash = mixed();
        std::string out;
        for (int i = 0; i < 8; ++i) out += kDigits[static_cast<std::size_t>(hash >> (4 * i)) & 15];
        return out;
    }

private:
    __extension__ using Hash = unsigned __int128;

    // The multiplications leave the high bits of close inputs close.
    Hash mixed() const {
        Hash hash = hash_;
        for (int round = 0; round < 2; ++round) {
            hash ^= hash >> 59;
            hash *= kPrime * 0x9e3779b97f4a7c15u;
        }
        return hash ^ (hash >> 61);
    }

    void step(unsigned char c) { hash_ = (hash_ ^ c) * kPrime; }

    static constexpr Hash kPrime = (Hash{1} << 88) + 0x13b;

    Hash hash_ = (Hash{0x6c62272e07bb0142} << 64) + 0x62b821756295c58d;
};

inline bool is_word(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-';
}

// The letters, digits, _ and - of an id, at most `size_max` of them, behind a prefix.
inline std::string id_with_prefix(std::string_view prefix,
                                  std::string_view id,
                                  std::size_t size_max = 40) {
    // An id with a prefix of its own, "resp_123" or "chatcmpl-123", keeps only what is behind it.
    for (const std::string_view known : {"chatcmpl-", "resp_", "msg_", "cmpl-"}) {
        if (id.starts_with(known)) id.remove_prefix(known.size());
    }
    std::string out(prefix);
    for (const char c : id) {
        if (out.size() - prefix.size() == size_max) break;
        if (is_word(c)) out += c;
    }
    return out;
}

// The id of a tool call for a wire that wants at most `size_max` letters, digits, _ and -. Calls
// and results of one request map alike, so nothing has to be remembered.
inline std::string call_id(std::string_view id, std::string_view prefix, std::size_t size_max) {
    bool fits = !id.empty() && id.size() <= size_max;
    for (const char c : id) fits = fits && is_word(c);
    if (fits) return std::string(id);
    return std::string(prefix) + Digest().add(id).text();
}

// An id for a call that its upstream gave none.
inline std::string made_call_id(std::string_view reply_id,
                                std::size_t part,
                                std::string_view name) {
    return "call_" + Digest().add(reply_id).add(std::to_string(part)).add(name).text();
}

}  // namespace parley::sdk
