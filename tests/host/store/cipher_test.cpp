#include "store/cipher.hpp"

#include <filesystem>
#include <fstream>
#include <unistd.h>

#include <gtest/gtest.h>

#include "store/read_cipher.hpp"

namespace parley::store {
namespace {

using base::Secret;

// 32 bytes of one value, in hex.
CipherKey key_of(char digit) {
    return read_cipher_key(Secret(std::string(64, digit))).value();
}

TEST(Cipher, WhatIsEncryptedIsDecrypted) {
    const Cipher cipher({key_of('1')});
    for (const std::string& text : {std::string(),
                                    std::string("secret"),
                                    std::string("\0\xFF", 2),
                                    std::string(100'000, 'x')}) {
        const Secret sealed = cipher.encrypt("account/a/b", Secret(text));
        EXPECT_EQ(cipher_key_of(sealed.reveal()), key_of('1').id);
        EXPECT_TRUE(text.empty() || sealed.reveal().find(text) == std::string_view::npos);
        EXPECT_EQ(cipher.decrypt("account/a/b", sealed).value().reveal(), text);
    }
    EXPECT_FALSE(cipher.encrypt("n", Secret("t")) == cipher.encrypt("n", Secret("t")));
}

TEST(Cipher, AnotherNameKeyOrTextIsNotAccepted) {
    const Cipher cipher({key_of('1')});
    const Secret sealed = cipher.encrypt("account/a/b", Secret("text"));
    EXPECT_FALSE(cipher.decrypt("account/a/c", sealed));
    EXPECT_EQ(Cipher({key_of('2')}).decrypt("account/a/b", sealed).error().message,
              "account/a/b: encrypted with the key \"" + key_of('1').id +
                  "\"; expected it as store.encryption_key");
    EXPECT_FALSE(Cipher().decrypt("account/a/b", sealed));
    const std::string text(sealed.reveal());
    const std::size_t data = text.find("\"data\":\"") + 8;
    for (std::size_t at = data; at < text.size() - 2; ++at) {
        std::string changed = text;
        changed[at] = changed[at] == 'A' ? 'B' : 'A';
        const auto read = cipher.decrypt("account/a/b", Secret(changed));
        EXPECT_TRUE(!read || read->reveal() == "text") << "bits that base64 does not use";
        EXPECT_FALSE(read && at + 3 < text.size()) << at;
    }
    EXPECT_FALSE(cipher.decrypt("n", Secret(R"({"sealed":"aes-256-gcm",)")));
}

TEST(Cipher, TheOldKeyStillReads) {
    const Secret sealed = Cipher({key_of('1')}).encrypt("n", Secret("text"));
    const Cipher both({key_of('2'), key_of('1')});
    EXPECT_EQ(both.decrypt("n", sealed).value().reveal(), "text");
    EXPECT_EQ(cipher_key_of(both.encrypt("n", Secret("text")).reveal()), key_of('2').id);
}

TEST(Cipher, WhatIsNotEncryptedIsReadAsItIs) {
    EXPECT_EQ(Cipher({key_of('1')}).decrypt("n", Secret("plain")).value().reveal(), "plain");
    EXPECT_EQ(Cipher().encrypt("n", Secret("plain")).reveal(), "plain");
    EXPECT_FALSE(cipher_key_of("plain"));
}

TEST(Cipher, KeysAreHexOrBase64) {
    const std::string hex = "000102030405060708090a0b0c0d0e0f101112131415161718191A1B1C1D1E1F";
    const std::string base64 = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\n";
    EXPECT_EQ(read_cipher_key(Secret(hex)).value().id, read_cipher_key(Secret(base64)).value().id);
    for (const char* wrong : {"",
                              "short",
                              "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHg==",
                              "zz0102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"}) {
        EXPECT_FALSE(read_cipher_key(Secret(wrong))) << wrong;
    }
}

std::string fault_of(const config::Store& wished) {
    const auto cipher = read_cipher(wished);
    return cipher ? "" : cipher.error().param + ": " + cipher.error().message;
}

TEST(ReadCipher, FromTextFileOrProgram) {
    const std::string hex(64, '7');
    config::Store wished;
    EXPECT_FALSE(read_cipher(wished).value().encrypts());
    wished.encryption_key = Secret(hex);
    EXPECT_EQ(read_cipher(wished).value().key_id(), key_of('7').id);
    const std::string file =
        (std::filesystem::temp_directory_path() / ("key-" + std::to_string(::getpid()))).string();
    std::ofstream(file) << hex << "\n";
    wished.encryption_key_file = file;
    EXPECT_NE(fault_of(wished).find("given beside another"), std::string::npos);
    wished.encryption_key = Secret();
    EXPECT_EQ(read_cipher(wished).value().key_id(), key_of('7').id);
    wished.encryption_key_file.clear();
    wished.encryption_key_command = {"cat", file};
    EXPECT_EQ(read_cipher(wished).value().key_id(), key_of('7').id);
    std::filesystem::remove(file);
    EXPECT_NE(fault_of(wished).find("cat failed"), std::string::npos);
    wished.encryption_key_command = {"/no/such/program"};
    EXPECT_NE(fault_of(wished).find("cannot run /no/such/program"), std::string::npos);
    wished.encryption_key_command = {"cat", "/dev/zero"};
    EXPECT_NE(fault_of(wished).find("short text"), std::string::npos);
    wished.encryption_key_command = {};
    wished.encryption_key_file = "/no/such/file";
    EXPECT_NE(fault_of(wished).find("store.encryption_key_file: cannot be read"),
              std::string::npos);
    wished.encryption_key_file.clear();
    wished.old_encryption_key = Secret(hex);
    EXPECT_NE(fault_of(wished).find("expected both"), std::string::npos);
}

}  // namespace
}  // namespace parley::store
