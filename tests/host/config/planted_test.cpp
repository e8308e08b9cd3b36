// planted_test.cpp: no fault and no warning repeats a secret, however wrong the file is.
#include <boost/json/object.hpp>

#include "config/schema.hpp"
#include "faults.hpp"

namespace parley::config {
namespace {

constexpr std::string_view kPlanted = "31415926535897932384";

Environment planted_environment() {
    const std::string secret(kPlanted);
    return {{
        {"HOME", "/h"},
        {"SECRET", secret},
        {"BAD_SECRET", secret + "\n"},
        {"PARLEY_CLIENT_KEY__A__KEY", secret + "\n"},
        {"PARLEY_CLIENT_KEY__A__KEYS", secret},
        {"PARLEY_PROVIDER__P__ACCOUNT__MAIN__API_KEY", " " + secret},
        {"PARLEY_PROVIDER__P__TOKEN__DEEP", secret},
        {"PARLEY_HUGE__WORD", secret},
    }};
}

void expect_clean(const Loaded& loaded, std::string_view what) {
    for (const auto* list : {&loaded.faults, &loaded.warnings}) {
        for (const std::string& text : texts_of(*list)) {
            EXPECT_EQ(text.find(kPlanted), text.npos) << what << "\n" << text;
        }
    }
}

std::string replaced(std::string text, char placeholder, std::string_view by) {
    for (std::size_t at = text.find(placeholder); at != text.npos;
         at = text.find(placeholder, at + by.size())) {
        text.replace(at, 1, by);
    }
    return text;
}

TEST(Planted, InNoFault) {
    for (const char* value :
         {"'@'",           "'@ '",      "@",           "@@",          "-@",       "0x@",
          "@.5e@",         "sk-@",      "'@",          "\"@",         "\"@\\q\"", "'$@'",
          "'$$@'",         "'${@'",     "['@']",       "{ a = '@' }", "'@' '@'",  "\"\"\"@",
          "'$BAD_SECRET'", "'$SECRET'", "2024-01-01@", "true@",       "@_",       "@ @",
          "inf@"}) {
        for (const char* file :
             {"[[client_key]]\nname = 'a'\nkey = %\n",
              "[[client_key]]\nname = 'x'\nkey = %\n[[client_key]]\nname = 'y'\nkey = %\n",
              "[[provider]]\nname = 'p'\ntoken = %\n"
              "[[provider.account]]\napi_key = %\n[[provider.account]]\napi_key = %\n"}) {
            const std::string text = replaced(replaced(file, '%', value), '@', kPlanted);
            expect_clean(load_text(text, "p.toml", planted_environment()), text);
            expect_clean(load_text(text, "p.toml", {}), text);
        }
    }
}

TEST(Planted, InNoFaultOfASchema) {
    const auto schema = Schema::parse(R"({
        "type": "object",
        "properties": {
            "token": {"type": "string", "x-secret": true, "minLength": 99, "maxLength": 1,
                      "pattern": "^x", "format": "uri", "enum": ["z"],
                      "const": "y"},
            "count": {"type": "integer", "maximum": 1},
            "list": {"type": "array", "uniqueItems": true, "items": {"type": "string"}}
        }
    })");
    ASSERT_TRUE(schema);
    boost::json::object settings{
        {"token", kPlanted},
        {"count", kPlanted},
        {"list", {kPlanted, kPlanted}},
    };
    const auto faults = schema->check(settings);
    EXPECT_EQ(faults.size(), 8u);
    for (const SchemaFault& fault : faults) {
        EXPECT_EQ(fault.message.find(kPlanted), fault.message.npos) << fault.message;
    }
}

}  // namespace
}  // namespace parley::config
