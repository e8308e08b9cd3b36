#include "store/cipher.hpp"

#include <algorithm>
#include <array>
#include <memory>
#include <stdexcept>

#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <openssl/evp.h>

#include "base/base64.hpp"
#include "base/digest.hpp"

namespace parley::store {

namespace json = boost::json;

using base::Result;
using base::Secret;

namespace {

constexpr std::string_view kScheme = "aes-256-gcm";
constexpr std::string_view kFront = R"({"sealed":"aes-256-gcm",)";
constexpr std::size_t kKeyBytes = 32;
constexpr std::size_t kNonceBytes = 12;
constexpr std::size_t kTagBytes = 16;
constexpr std::size_t kIdBytes = 6;

struct FreeContext {
    void operator()(EVP_CIPHER_CTX* context) const { EVP_CIPHER_CTX_free(context); }
};

const unsigned char* bytes_of(std::string_view text) {
    return reinterpret_cast<const unsigned char*>(text.data());
}

unsigned char* bytes_of(std::string& text) {
    return reinterpret_cast<unsigned char*>(text.data());
}

// One pass of AES-256-GCM either way.
class Pass {
public:
    Pass(bool encrypts, const CipherKey& key, std::string_view nonce, std::string_view name)
        : context_(EVP_CIPHER_CTX_new()), encrypts_(encrypts) {
        int size = 0;
        is_good_ =
            context_ != nullptr &&
            EVP_CipherInit_ex(context_.get(),
                              EVP_aes_256_gcm(),
                              nullptr,
                              bytes_of(key.bytes.reveal()),
                              bytes_of(nonce),
                              encrypts ? 1 : 0) == 1 &&
            EVP_CipherUpdate(
                context_.get(), nullptr, &size, bytes_of(name), static_cast<int>(name.size())) == 1;
    }

    // The tag is made by encrypting and looked at by decrypting.
    bool run(std::string_view from, std::string& into, std::array<unsigned char, kTagBytes>& tag) {
        int size = 0;
        int rest = 0;
        into.resize(from.size());
        is_good_ = is_good_ && EVP_CipherUpdate(context_.get(),
                                                bytes_of(into),
                                                &size,
                                                bytes_of(from),
                                                static_cast<int>(from.size())) == 1;
        if (!encrypts_) is_good_ = is_good_ && control(EVP_CTRL_GCM_SET_TAG, tag);
        is_good_ =
            is_good_ && EVP_CipherFinal_ex(context_.get(), bytes_of(into) + size, &rest) == 1;
        if (encrypts_) is_good_ = is_good_ && control(EVP_CTRL_GCM_GET_TAG, tag);
        return is_good_;
    }

private:
    bool control(int what, std::array<unsigned char, kTagBytes>& tag) {
        return EVP_CIPHER_CTX_ctrl(context_.get(), what, kTagBytes, tag.data()) == 1;
    }

    std::unique_ptr<EVP_CIPHER_CTX, FreeContext> context_;
    bool encrypts_;
    bool is_good_ = false;
};

std::optional<std::string> from_hex(std::string_view text) {
    std::string out;
    for (std::size_t i = 0; i + 1 < text.size(); i += 2) {
        constexpr std::string_view kDigits = "0123456789abcdef";
        const auto digit = [&](char c) { return kDigits.find(c >= 'A' && c <= 'F' ? c + 32 : c); };
        const std::size_t high = digit(text[i]);
        const std::size_t low = digit(text[i + 1]);
        if (high == kDigits.npos || low == kDigits.npos) return {};
        out += static_cast<char>(high << 4 | low);
    }
    return out;
}

std::string_view text_at(const json::object& from, std::string_view name) {
    const json::value* value = from.if_contains(name);
    if (value == nullptr || !value->is_string()) return {};
    return value->get_string();
}

base::Error broken(std::string_view name, std::string_view what) {
    return base::gateway_error(PARLEY_E_CORRUPT_STATE,
                               std::string(name) + ": " + std::string(what));
}

}  // namespace

Result<CipherKey> read_cipher_key(const Secret& text) {
    std::string given(text.reveal());
    std::erase_if(given, [](char c) { return c == ' ' || c == '\n' || c == '\r' || c == '='; });
    std::replace(given.begin(), given.end(), '+', '-');
    std::replace(given.begin(), given.end(), '/', '_');
    auto read = given.size() == 2 * kKeyBytes ? from_hex(given) : base::from_base64url(given);
    base::wipe(given.data(), given.size());
    if (!read || read->size() != kKeyBytes) {
        return base::gateway_error(PARLEY_E_CONFIG,
                                   "expected 32 bytes in hex or base64, such as "
                                   "`openssl rand -base64 32` makes");
    }
    CipherKey key;
    key.bytes = Secret(std::move(*read));
    const base::Digest digest = base::sha256("parley store key " + std::string(key.bytes.reveal()));
    key.id = base::to_base64url({reinterpret_cast<const char*>(digest.data()), kIdBytes});
    return key;
}

std::optional<std::string> cipher_key_of(std::string_view document) {
    if (!document.starts_with(kFront)) return {};
    json::error_code code;
    const json::value parsed = json::parse(document, code);
    if (code || !parsed.is_object()) return std::string();
    return std::string(text_at(parsed.get_object(), "key"));
}

Secret Cipher::encrypt(std::string_view name, const Secret& plain) const {
    if (keys_.empty()) return plain;
    std::string nonce(kNonceBytes, '\0');
    base::fill_random({bytes_of(nonce), nonce.size()});
    std::string data;
    std::array<unsigned char, kTagBytes> tag{};
    if (!Pass(true, keys_[0], nonce, name).run(plain.reveal(), data, tag)) {
        throw std::runtime_error("store: cannot encrypt");
    }
    data.append(reinterpret_cast<const char*>(tag.data()), tag.size());
    const json::object sealed{{"sealed", kScheme},
                              {"key", keys_[0].id},
                              {"nonce", base::to_base64url(nonce)},
                              {"data", base::to_base64url(data)}};
    return Secret(json::serialize(sealed));
}

Result<Secret> Cipher::decrypt(std::string_view name, Secret stored) const {
    if (!stored.reveal().starts_with(kFront)) return stored;
    json::error_code code;
    const json::value parsed = json::parse(stored.reveal(), code);
    if (code || !parsed.is_object()) return broken(name, "encrypted, but damaged");
    const json::object& sealed = parsed.get_object();
    const std::string_view id = text_at(sealed, "key");
    const auto key = std::find_if(
        keys_.begin(), keys_.end(), [&](const CipherKey& known) { return known.id == id; });
    if (key == keys_.end()) {
        return broken(name,
                      "encrypted with the key \"" + std::string(id) +
                          "\"; expected it as store.encryption_key");
    }
    const auto nonce = base::from_base64url(text_at(sealed, "nonce"));
    const auto data = base::from_base64url(text_at(sealed, "data"));
    if (!nonce || nonce->size() != kNonceBytes || !data || data->size() < kTagBytes) {
        return broken(name, "encrypted, but damaged");
    }
    std::array<unsigned char, kTagBytes> tag{};
    const std::string_view text = std::string_view(*data).substr(0, data->size() - kTagBytes);
    std::copy(data->end() - kTagBytes, data->end(), tag.begin());
    std::string plain;
    if (!Pass(false, *key, *nonce, name).run(text, plain, tag)) {
        return broken(name, "encrypted, but changed since, or for another document");
    }
    return Secret(std::move(plain));
}

}  // namespace parley::store
