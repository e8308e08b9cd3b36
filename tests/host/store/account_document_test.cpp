#include "store/account_document.hpp"

#include <boost/json/parse.hpp>
#include <gtest/gtest.h>

namespace parley::store {
namespace {

namespace json = boost::json;

constexpr std::string_view kKey = "account/up/main";

std::string fault_of(std::string_view text, std::string_view key = kKey) {
    const auto read = read_account(key, text);
    return read ? "" : read.error().message;
}

TEST(AccountDocument, ReadsWhatTheContractNames) {
    const auto read = read_account(kKey, R"({"provider": "up", "label": "main", "id": "u-1",
        "secret": "{\"access\":\"a\"}", "attributes": {"plan": "pro"}, "expires_at_ms": 12,
        "revision": 3, "disabled": true, "note": "mine", "priority": 5, "weight": 7,
        "in_flight_max": 2, "models": ["m-*"], "excluded_models": ["m-0"], "prefix": "team",
        "prefix_required": true, "headers": ["X-Team: blue"]})");
    ASSERT_TRUE(read) << read.error().message;
    EXPECT_EQ(read->provider, "up");
    EXPECT_EQ(read->label, "main");
    EXPECT_EQ(read->id, "u-1");
    EXPECT_EQ(read->secret.reveal(), R"({"access":"a"})");
    EXPECT_EQ(read->attributes, R"({"plan":"pro"})");
    EXPECT_EQ(read->expires_at_ms, 12);
    EXPECT_EQ(read->revision, 3u);
    EXPECT_TRUE(read->terms.disabled);
    EXPECT_EQ(read->terms.note, "mine");
    EXPECT_EQ(read->terms.label, "main");
    EXPECT_EQ(read->terms.priority, 5u);
    EXPECT_EQ(read->terms.weight, 7u);
    EXPECT_EQ(read->terms.in_flight_max, 2u);
    EXPECT_EQ(read->terms.models, std::vector<std::string>{"m-*"});
    EXPECT_EQ(read->terms.headers, std::vector<std::string>{"X-Team: blue"});
    EXPECT_TRUE(read->terms.prefix_required);
    EXPECT_TRUE(read->rest.empty());
}

TEST(AccountDocument, TheKeySaysWhatTheDocumentDoesNot) {
    const auto read = read_account(kKey, R"({"secret": "sk"})");
    ASSERT_TRUE(read) << read.error().message;
    EXPECT_EQ(read->provider, "up");
    EXPECT_EQ(read->label, "main");
    EXPECT_EQ(read->terms.weight, 1u);
}

TEST(AccountDocument, ASecretMayStandAsAnObject) {
    const auto read = read_account(kKey, R"({"secret": {"token": "t"}})");
    ASSERT_TRUE(read) << read.error().message;
    EXPECT_EQ(read->secret.reveal(), R"({"token":"t"})");
}

TEST(AccountDocument, UnknownMembersAreKept) {
    const std::string_view text =
        R"({"secret": "sk", "future": {"deep": [1, "two", null]}, "weight": 9})";
    auto read = read_account(kKey, text);
    ASSERT_TRUE(read) << read.error().message;
    EXPECT_EQ(read->rest.size(), 1u);
    read->terms.note = "changed";
    const json::object again = json::parse(write_account(*read).reveal()).as_object();
    EXPECT_EQ(again.at("future"), json::parse(R"({"deep": [1, "two", null]})"));
    EXPECT_EQ(again.at("weight"), json::value(9));
    EXPECT_EQ(again.at("note"), json::value("changed"));
    EXPECT_FALSE(again.contains("priority")) << "what is as usual is not said";
}

TEST(AccountDocument, WhatIsWrittenReadsBack) {
    AccountDocument account;
    account.provider = "up";
    account.label = "main";
    account.id = "u-2";
    account.secret = base::Secret("a \"secret\"\n$HOME");
    account.attributes = R"({"a":1})";
    account.expires_at_ms = 99;
    account.revision = 4;
    account.terms.models = {"x", "y"};
    account.terms.note = "$HOME is a text here";
    const auto read = read_account(kKey, write_account(account).reveal());
    ASSERT_TRUE(read) << read.error().message;
    EXPECT_EQ(read->secret, account.secret);
    EXPECT_EQ(read->attributes, account.attributes);
    EXPECT_EQ(read->expires_at_ms, 99);
    EXPECT_EQ(read->revision, 4u);
    EXPECT_EQ(read->terms.models, account.terms.models);
    EXPECT_EQ(read->terms.note, account.terms.note);
    EXPECT_EQ(write_account(*read), write_account(account));
}

TEST(AccountDocument, AllFaultsAreTold) {
    EXPECT_EQ(fault_of("{"), "account/up/main: not JSON: incomplete JSON");
    EXPECT_EQ(fault_of("[]"), "account/up/main: expected a JSON object");
    const std::string all = fault_of(R"({"provider": "other", "label": 5, "revision": -1,
        "attributes": 3, "weight": 0, "models": "m", "headers": ["none"], "disabled": null})");
    for (const char* part : {R"(provider: "other", where the key says "up")",
                             "label: expected a string",
                             "secret: required, but missing",
                             "revision: expected an integer of 0 or more",
                             "attributes: expected a JSON object",
                             "weight: expected an integer from 1 to 1000000, got 0",
                             "models: expected an array of strings, got ",
                             "headers: ",
                             "disabled: expected true or false"}) {
        EXPECT_NE(all.find(part), all.npos) << part << "\nin: " << all;
    }
}

TEST(AccountDocument, FaultsDoNotRepeatSecrets) {
    const std::string fault = fault_of(R"({"secret": ["sk-planted"], "attributes": "sk-planted"})");
    EXPECT_NE(fault.find("secret: expected the secret as a string"), fault.npos) << fault;
    EXPECT_EQ(fault.find("sk-planted"), fault.npos);
}

TEST(AccountDocument, TheKeyMustName) {
    for (const char* key : {"account/up",
                            "account//main",
                            "account/up/",
                            "account/up/a/b",
                            "state/up/main",
                            "account/up/../x",
                            "account/u p/main"}) {
        EXPECT_NE(fault_of(R"({"secret": "s"})", key), "") << key;
    }
    EXPECT_EQ(fault_of(R"({"secret": "s"})", account_key("up", "a@b.c+d")), "");
}

}  // namespace
}  // namespace parley::store
