// The host as plugins see it.
#include "plugins/host_table.hpp"

#include <array>
#include <cstring>
#include <thread>

#include <gtest/gtest.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

#include "plugins/text.hpp"

namespace parley::plugins {
namespace {

parley_str text(std::string_view of) {
    return {of.data(), of.size()};
}

parley_bytes bytes(std::string_view of) {
    return {reinterpret_cast<const std::uint8_t*>(of.data()), of.size()};
}

std::string hex(const std::array<std::uint8_t, 32>& digest) {
    std::string out;
    for (const std::uint8_t byte : digest) {
        constexpr char kDigits[] = "0123456789abcdef";
        out += kDigits[byte >> 4];
        out += kDigits[byte & 15];
    }
    return out;
}

struct Line {
    std::string component;
    std::uint32_t level;
    std::string text;
    std::uint64_t dropped;
};

class HostTableTest : public testing::Test {
protected:
    std::shared_ptr<HostServices> make_services() {
        auto services = std::make_shared<HostServices>();
        services->monotonic_ms = [this] { return now_ms_; };
        services->wall_ms = [] { return std::int64_t{1'700'000'000'123}; };
        services->log = [this](const PluginLine& line) {
            lines_.push_back(
                {std::string(line.component), line.level, std::string(line.text), line.dropped});
        };
        return services;
    }

    template <class T>
    const T& extension(std::string_view id) {
        return *static_cast<const T*>(host_->get_extension(host_, text(id)));
    }

    std::int64_t now_ms_ = 5'000;
    std::vector<Line> lines_;
    std::shared_ptr<HostServices> services_ = make_services();
    HostTable table_{services_, "my-provider"};
    const parley_host* host_ = table_.border();
};

TEST_F(HostTableTest, SaysWhoItIs) {
    EXPECT_EQ(host_->struct_size, sizeof(parley_host));
    EXPECT_EQ(host_->abi_major, PARLEY_ABI_MAJOR);
    EXPECT_EQ(host_->abi_minor, PARLEY_ABI_MINOR);
    EXPECT_EQ(std::string_view(host_->name.ptr, host_->name.len), "parley");
    EXPECT_EQ(std::string_view(host_->version.ptr, host_->version.len), PARLEY_VERSION);
    EXPECT_EQ(host_->wall_ms(host_), 1'700'000'000'123);
    EXPECT_EQ(host_->monotonic_ms(host_), 5'000);
    for (const char* id : {"", "parley.host.crypto/2", "parley.host.crypto/1x", "x"}) {
        EXPECT_EQ(host_->get_extension(host_, text(id)), nullptr) << id;
    }
    EXPECT_EQ(host_->get_extension(host_, {nullptr, 0}), nullptr);
}

TEST_F(HostTableTest, LogsOnePrintableLine) {
    host_->log(host_, PARLEY_LOG_WARN, text("a\nb\x1b[31m\x7f\t\r é \xc2\x85 \xff\xe2\x80\xae."));
    host_->log(host_, 99, {nullptr, 0});
    ASSERT_EQ(lines_.size(), 2u);
    EXPECT_EQ(lines_[0].component, "my-provider");
    EXPECT_EQ(lines_[0].level, unsigned{PARLEY_LOG_WARN});
    EXPECT_EQ(lines_[0].text, "a\\nb\\x1b[31m\\x7f\\t\\r é \\xc2\\x85 \\xff\\xe2\\x80\\xae.");
    EXPECT_EQ(lines_[1].level, unsigned{PARLEY_LOG_INFO});
    EXPECT_EQ(lines_[1].text, "");
    host_->log(host_, PARLEY_LOG_INFO, text(std::string(10'000, 'x')));
    EXPECT_EQ(lines_[2].text, std::string(4096, 'x') + "...");
}

TEST_F(HostTableTest, DropsLinesOverTheRateAndCountsThem) {
    for (int i = 0; i < 60; ++i) host_->log(host_, PARLEY_LOG_INFO, text("x"));
    EXPECT_EQ(lines_.size(), 50u);
    HostTable other(services_, "another");
    other.border()->log(other.border(), PARLEY_LOG_INFO, text("x"));
    EXPECT_EQ(lines_.size(), 51u) << "each component has its own rate";
    now_ms_ += 999;
    host_->log(host_, PARLEY_LOG_INFO, text("x"));
    EXPECT_EQ(lines_.size(), 51u);
    now_ms_ += 1;
    for (int i = 0; i < 60; ++i) host_->log(host_, PARLEY_LOG_INFO, text("y"));
    ASSERT_EQ(lines_.size(), 101u);
    EXPECT_EQ(lines_[51].dropped, 11u);
    EXPECT_EQ(lines_[52].dropped, 0u);
}

TEST_F(HostTableTest, LosesALineWhoseSinkThrows) {
    services_->log = [](const PluginLine&) { throw std::runtime_error("disk full"); };
    host_->log(host_, PARLEY_LOG_INFO, text("x"));
    services_->log = nullptr;
    host_->log(host_, PARLEY_LOG_INFO, text("x"));
}

TEST_F(HostTableTest, HashesAndDrawsLots) {
    const auto& crypto = extension<parley_host_crypto>(PARLEY_HOST_CRYPTO);
    EXPECT_EQ(crypto.struct_size, sizeof(crypto));
    std::array<std::uint8_t, 32> out{};
    EXPECT_EQ(crypto.sha256(host_, {nullptr, 0}, out.data()), PARLEY_OK);
    EXPECT_EQ(hex(out), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    EXPECT_EQ(crypto.sha256(host_, bytes("abc"), out.data()), PARLEY_OK);
    EXPECT_EQ(hex(out), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    // RFC 4231, case 2.
    EXPECT_EQ(
        crypto.hmac_sha256(host_, bytes("Jefe"), bytes("what do ya want for nothing?"), out.data()),
        PARLEY_OK);
    EXPECT_EQ(hex(out), "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
    EXPECT_EQ(crypto.hmac_sha256(host_, {nullptr, 0}, {nullptr, 0}, out.data()), PARLEY_OK);
    EXPECT_EQ(hex(out), "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad");
    const auto before = out;
    EXPECT_EQ(crypto.random(host_, out.data(), out.size()), PARLEY_OK);
    EXPECT_NE(out, before);
    EXPECT_EQ(crypto.random(host_, nullptr, 0), PARLEY_OK);
}

// A key of the kind, in the form that OpenSSL writes unless told otherwise.
std::string pem_of(const char* kind, unsigned bits) {
    EVP_PKEY* key = std::string_view(kind) == "RSA"
                        ? EVP_PKEY_Q_keygen(nullptr, nullptr, kind, bits)
                        : EVP_PKEY_Q_keygen(nullptr, nullptr, kind);
    BIO* memory = BIO_new(BIO_s_mem());
    PEM_write_bio_PrivateKey(memory, key, nullptr, nullptr, 0, nullptr, nullptr);
    char* text = nullptr;
    const long size = BIO_get_mem_data(memory, &text);
    std::string pem(text, static_cast<std::size_t>(size));
    BIO_free(memory);
    EVP_PKEY_free(key);
    return pem;
}

bool verifies(const std::string& pem, std::string_view data, std::string_view signature) {
    BIO* memory = BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size()));
    EVP_PKEY* key = PEM_read_bio_PrivateKey(memory, nullptr, nullptr, nullptr);
    EVP_MD_CTX* context = EVP_MD_CTX_new();
    EVP_DigestVerifyInit(context, nullptr, EVP_sha256(), nullptr, key);
    const int right = EVP_DigestVerify(context,
                                       reinterpret_cast<const unsigned char*>(signature.data()),
                                       signature.size(),
                                       reinterpret_cast<const unsigned char*>(data.data()),
                                       data.size());
    EVP_MD_CTX_free(context);
    EVP_PKEY_free(key);
    BIO_free(memory);
    return right == 1;
}

TEST_F(HostTableTest, SignsWithRsaKeysOnly) {
    const auto& crypto = extension<parley_host_crypto>(PARLEY_HOST_CRYPTO);
    const std::string pem = pem_of("RSA", 2048);
    std::array<std::uint8_t, 512> out{};
    std::uint64_t size = out.size();
    ASSERT_EQ(crypto.sign_rs256(host_, text(pem), bytes("a.b"), out.data(), &size), PARLEY_OK);
    EXPECT_EQ(size, 256u);
    const std::string_view signature(reinterpret_cast<const char*>(out.data()), size);
    EXPECT_TRUE(verifies(pem, "a.b", signature));
    EXPECT_FALSE(verifies(pem, "a.c", signature));

    size = 255;
    EXPECT_EQ(crypto.sign_rs256(host_, text(pem), bytes("a.b"), out.data(), &size),
              -PARLEY_E_BUDGET);
    const std::string half = pem.substr(0, pem.size() / 2);
    for (const std::string& bad :
         {std::string(), std::string("x"), half, pem_of("RSA", 1024), pem_of("ED25519", 0)}) {
        size = out.size();
        EXPECT_EQ(crypto.sign_rs256(host_, text(bad), bytes("a.b"), out.data(), &size),
                  -PARLEY_E_INVALID_ARGUMENT)
            << bad.size();
    }
    EXPECT_EQ(ERR_peek_error(), 0u);
}

TEST_F(HostTableTest, KnowsItsThreads) {
    const auto& check = extension<parley_host_thread_check>(PARLEY_HOST_THREAD_CHECK);
    EXPECT_EQ(check.is_ctl(host_), 1);
    EXPECT_EQ(check.loop_index(host_), -1);
    std::thread([&] {
        set_loop_index(3);
        EXPECT_EQ(check.is_ctl(host_), 0);
        EXPECT_EQ(check.loop_index(host_), 3);
    }).join();
    EXPECT_EQ(check.loop_index(host_), -1);
}

TEST_F(HostTableTest, CountsForAllGenerations) {
    const auto& metrics = extension<parley_host_metrics>(PARLEY_HOST_METRICS);
    std::uint32_t counter = 0;
    std::uint32_t gauge = 0;
    ASSERT_EQ(metrics.define(
                  host_, PARLEY_METRIC_COUNTER, text("calls_total"), text("how\nmany"), &counter),
              PARLEY_OK);
    ASSERT_EQ(metrics.define(host_, PARLEY_METRIC_GAUGE, text("level"), text(""), &gauge),
              PARLEY_OK);
    metrics.record(host_, counter, 2);
    metrics.record(host_, counter, 3);
    metrics.record(host_, counter, -4);
    metrics.record(host_, gauge, 7);
    metrics.record(host_, gauge, -1);
    metrics.record(host_, 0, 1);
    metrics.record(host_, 3, 1);
    metrics.record(host_, 0xffffffff, 1);

    HostTable successor(services_, "my-provider");
    std::uint32_t again = 0;
    EXPECT_EQ(metrics.define(successor.border(),
                             PARLEY_METRIC_COUNTER,
                             text("calls_total"),
                             text("how many"),
                             &again),
              PARLEY_OK);
    EXPECT_EQ(again, counter);
    metrics.record(successor.border(), again, 1);

    const auto readings = services_->metrics.read();
    ASSERT_EQ(readings.size(), 2u);
    EXPECT_EQ(readings[0].name, "parley_plugin_my_provider_calls_total");
    EXPECT_EQ(readings[0].help, "how\\nmany");
    EXPECT_EQ(readings[0].kind, unsigned{PARLEY_METRIC_COUNTER});
    EXPECT_EQ(readings[0].value, 6);
    EXPECT_EQ(readings[1].value, -1);
}

TEST_F(HostTableTest, RefusesMetricsThatCannotBe) {
    const auto& metrics = extension<parley_host_metrics>(PARLEY_HOST_METRICS);
    std::uint32_t handle = 0;
    const auto define = [&](std::uint32_t kind, std::string_view name) {
        return metrics.define(host_, kind, text(name), text(""), &handle);
    };
    for (const char* name : {"", "Calls", "calls-total", "9calls", "calls{x=\"y\"}"}) {
        EXPECT_EQ(define(PARLEY_METRIC_COUNTER, name), -PARLEY_E_INVALID_ARGUMENT) << name;
    }
    EXPECT_EQ(define(3, "calls"), -PARLEY_E_INVALID_ARGUMENT);
    EXPECT_EQ(define(PARLEY_METRIC_COUNTER, "calls"), PARLEY_OK);
    EXPECT_EQ(define(PARLEY_METRIC_GAUGE, "calls"), -PARLEY_E_CONFLICT);
    EXPECT_EQ(handle, 0u);
    for (int i = 1; i < 1024; ++i) {
        EXPECT_EQ(define(PARLEY_METRIC_COUNTER, std::string("m").append(std::to_string(i))),
                  PARLEY_OK);
    }
    EXPECT_EQ(define(PARLEY_METRIC_COUNTER, "one_more"), -PARLEY_E_BUDGET);
}

TEST(Text, TellsNames) {
    for (const char* right : {"a", "my-provider", "x9", "a-1"})
        EXPECT_TRUE(is_kebab(right)) << right;
    for (const char* wrong : {"", "-a", "a-", "a--b", "A", "a_b", "9a", "a.b", "a b", "é"}) {
        EXPECT_FALSE(is_kebab(wrong)) << wrong;
    }
    for (const char* right : {"dev.parley", "com.acme-2.x"}) {
        EXPECT_TRUE(is_reverse_dns(right)) << right;
    }
    for (const char* wrong : {"", "dev", ".dev", "dev.", "dev..x", "Dev.x", "dev.x/1"}) {
        EXPECT_FALSE(is_reverse_dns(wrong)) << wrong;
    }
}

}  // namespace
}  // namespace parley::plugins
