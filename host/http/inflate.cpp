// http/inflate.cpp: one small loop for each library.
#include "http/inflate.hpp"

#include <algorithm>
#include <memory>
#include <string>

#include <brotli/decode.h>
#include <zlib.h>
#include <zstd.h>

namespace parley::http {

using base::Bytes;
using base::client_error;
using base::Result;

namespace {

constexpr std::size_t kStepBytes = 64 * 1024;
constexpr int kCodingsMax = 2;

base::Error malformed(std::string_view coding) {
    return client_error(PARLEY_E_INVALID_ARGUMENT,
                        "http: content-encoding " + std::string(coding) + ": malformed or cut");
}

Result<void> check(const InflateLimits& limits, std::size_t packed, std::size_t plain) {
    if (plain > limits.bytes_max) {
        return client_error(PARLEY_E_TOO_LARGE,
                            "http: decompressed body over the limit of " +
                                std::to_string(limits.bytes_max) + " bytes");
    }
    if (plain > kRatioFromBytes && plain / std::max<std::size_t>(packed, 1) > limits.ratio_max) {
        return client_error(
            PARLEY_E_TOO_LARGE,
            "http: compression ratio over the limit of " + std::to_string(limits.ratio_max));
    }
    return {};
}

// gzip and zlib by their headers; raw deflate as some clients send it under "deflate".
Result<void> inflate_zlib(std::string_view coding,
                          std::string_view packed,
                          const InflateLimits& limits,
                          Bytes& plain) {
    const bool raw = coding == "deflate" && !packed.empty() && (packed[0] & 0x0f) != 8;
    z_stream z{};
    if (inflateInit2(&z, raw ? -15 : 15 + 32) != Z_OK) throw std::bad_alloc();
    const std::unique_ptr<z_stream, int (*)(z_stream*)> end(&z, inflateEnd);
    z.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(packed.data()));
    z.avail_in = static_cast<uInt>(packed.size());
    for (;;) {
        const std::span<char> room = plain.prepare(kStepBytes);
        const auto size = static_cast<uInt>(std::min<std::size_t>(room.size(), 1u << 30));
        z.next_out = reinterpret_cast<Bytef*>(room.data());
        z.avail_out = size;
        const int result = ::inflate(&z, Z_NO_FLUSH);
        plain.commit(size - z.avail_out);
        if (auto ok = check(limits, packed.size(), plain.size()); !ok) return ok;
        if (result == Z_STREAM_END && z.avail_in == 0) return {};
        // Members of a gzip file may follow one another.
        if (result == Z_STREAM_END && !raw && inflateReset(&z) == Z_OK) continue;
        if (result != Z_OK || (z.avail_in == 0 && z.avail_out != 0)) return malformed(coding);
    }
}

Result<void> inflate_brotli(std::string_view coding,
                            std::string_view packed,
                            const InflateLimits& limits,
                            Bytes& plain) {
    const std::unique_ptr<BrotliDecoderState, void (*)(BrotliDecoderState*)> state(
        BrotliDecoderCreateInstance(nullptr, nullptr, nullptr), BrotliDecoderDestroyInstance);
    if (state == nullptr) throw std::bad_alloc();
    const auto* next_in = reinterpret_cast<const uint8_t*>(packed.data());
    std::size_t avail_in = packed.size();
    for (;;) {
        const std::span<char> room = plain.prepare(kStepBytes);
        auto* next_out = reinterpret_cast<uint8_t*>(room.data());
        std::size_t avail_out = room.size();
        const BrotliDecoderResult result = BrotliDecoderDecompressStream(
            state.get(), &avail_in, &next_in, &avail_out, &next_out, nullptr);
        plain.commit(room.size() - avail_out);
        if (auto ok = check(limits, packed.size(), plain.size()); !ok) return ok;
        if (result == BROTLI_DECODER_RESULT_SUCCESS && avail_in == 0) return {};
        if (result != BROTLI_DECODER_RESULT_NEEDS_MORE_OUTPUT) return malformed(coding);
    }
}

Result<void> inflate_zstd(std::string_view coding,
                          std::string_view packed,
                          const InflateLimits& limits,
                          Bytes& plain) {
    constexpr int kWindowLogMax = 23;  // 8 MiB, what RFC 8878 asks of decoders
    const std::unique_ptr<ZSTD_DCtx, std::size_t (*)(ZSTD_DCtx*)> context(ZSTD_createDCtx(),
                                                                          ZSTD_freeDCtx);
    if (context == nullptr) throw std::bad_alloc();
    ZSTD_DCtx_setParameter(context.get(), ZSTD_d_windowLogMax, kWindowLogMax);
    ZSTD_inBuffer in{packed.data(), packed.size(), 0};
    for (;;) {
        const std::span<char> room = plain.prepare(kStepBytes);
        ZSTD_outBuffer out{room.data(), room.size(), 0};
        const std::size_t hint = ZSTD_decompressStream(context.get(), &out, &in);
        if (ZSTD_isError(hint) != 0) return malformed(coding);
        plain.commit(out.pos);
        if (auto ok = check(limits, packed.size(), plain.size()); !ok) return ok;
        if (in.pos == in.size && hint == 0) return {};
        if (in.pos == in.size && out.pos < out.size) return malformed(coding);
    }
}

Result<void> inflate_one(std::string_view coding,
                         std::string_view packed,
                         const InflateLimits& limits,
                         Bytes& plain) {
    if (equals_ignoring_case(coding, "gzip") || equals_ignoring_case(coding, "x-gzip")) {
        return inflate_zlib("gzip", packed, limits, plain);
    }
    if (equals_ignoring_case(coding, "deflate")) {
        return inflate_zlib("deflate", packed, limits, plain);
    }
    if (equals_ignoring_case(coding, "br")) return inflate_brotli("br", packed, limits, plain);
    if (equals_ignoring_case(coding, "zstd")) return inflate_zstd("zstd", packed, limits, plain);
    auto e = client_error(PARLEY_E_UNSUPPORTED,
                          "http: content-encoding " + std::string(coding) +
                              " is not known; use gzip, deflate, br, zstd or identity");
    e.http_status = 415;
    return e;
}

std::string_view trim(std::string_view s) {
    while (!s.empty() && (s.front() == ' ' || s.front() == '\t')) s.remove_prefix(1);
    while (!s.empty() && (s.back() == ' ' || s.back() == '\t')) s.remove_suffix(1);
    return s;
}

}  // namespace

std::string codings_of(const Head& head) {
    std::string codings;
    for (const Field& field : head.fields) {
        if (field.id != FieldId::content_encoding) continue;
        for (std::string_view left = field.value; !left.empty();) {
            const std::size_t comma = std::min<std::size_t>(left.find(','), left.size());
            const std::string_view coding = trim(left.substr(0, comma));
            left.remove_prefix(std::min(comma + 1, left.size()));
            if (coding.empty() || equals_ignoring_case(coding, "identity")) continue;
            codings.append(codings.empty() ? "" : ", ").append(coding);
        }
    }
    return codings;
}

Result<void> inflate(std::string_view codings,
                     std::string_view packed,
                     const InflateLimits& limits,
                     Bytes& plain) {
    Bytes input;
    for (int layer = 0; !codings.empty(); ++layer) {
        if (layer == kCodingsMax) {
            return client_error(PARLEY_E_UNSUPPORTED, "http: too many content-encodings");
        }
        const std::size_t comma = codings.rfind(',');
        const bool last = comma == codings.npos;
        const std::string_view coding = trim(last ? codings : codings.substr(comma + 1));
        codings = last ? std::string_view() : codings.substr(0, comma);
        plain.clear();
        if (auto done = inflate_one(coding, packed, limits, plain); !done) return done;
        if (codings.empty()) return {};
        input.swap(plain);
        packed = input.view();
    }
    return {};
}

}  // namespace parley::http
