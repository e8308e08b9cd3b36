#include "config/schema.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <gtest/gtest.h>

namespace parley::config {
namespace {

namespace json = boost::json;
using Texts = std::vector<std::string>;

Texts texts_of(const std::vector<SchemaFault>& faults) {
    Texts texts;
    for (const SchemaFault& fault : faults) texts.push_back(fault.path + ": " + fault.message);
    return texts;
}

// A schema whose one property x is `property`.
std::string with_x(std::string_view property) {
    return R"({"type": "object", "properties": {"x": )" + std::string(property) + "}}";
}

Schema schema_of(std::string_view text) {
    auto schema = Schema::parse(text);
    if (!schema) {
        ADD_FAILURE() << schema.error().message;
        return Schema::parse("").value();
    }
    return *schema;
}

// What is wrong with {"x": value} by the schema of x.
Texts faults_of(std::string_view property, std::string_view value) {
    json::object settings{{"x", json::parse(value)}};
    return texts_of(schema_of(with_x(property)).check(settings));
}

std::string refusal_of(std::string_view schema) {
    const auto read = Schema::parse(schema);
    if (read) return "taken";
    EXPECT_EQ(read.error().error_class, PARLEY_E_CONFIG);
    EXPECT_EQ(read.error().fault, static_cast<unsigned>(PARLEY_FAULT_PLUGIN));
    return read.error().message;
}

TEST(Schema, EmptyTakesNoSettings) {
    json::object settings;
    EXPECT_EQ(texts_of(schema_of("").check(settings)), Texts{});
    settings["x"] = 1;
    EXPECT_EQ(texts_of(schema_of("").check(settings)), Texts{"x: unknown key; none is known here"});
}

TEST(Schema, Type) {
    const std::vector<std::pair<std::string, std::string>> samples{
        {"null", "null"},
        {"boolean", "true"},
        {"integer", "5"},
        {"number", "0.5"},
        {"string", "\"text\""},
        {"array", "[]"},
        {"object", "{}"},
    };
    for (const auto& [type, own] : samples) {
        for (const auto& [other, value] : samples) {
            const bool fits = type == other || (type == "number" && other == "integer");
            EXPECT_EQ(faults_of(R"({"type": ")" + type + "\"}", value).empty(), fits)
                << type << " " << value;
        }
    }
    EXPECT_EQ(faults_of(R"({"type": "string"})", "5"), Texts{"x: expected a string, got a number"});
    EXPECT_EQ(faults_of(R"({"type": "boolean"})", "\"yes\""),
              Texts{"x: expected true or false, got a string"});
    EXPECT_EQ(faults_of(R"({"type": "string"})", "false"),
              Texts{"x: expected a string, got a boolean"});
    EXPECT_EQ(faults_of(R"({"type": "integer"})", "1.5"),
              Texts{"x: expected an integer, got a number"});
    EXPECT_EQ(faults_of(R"({"type": "integer"})", "2.0"), Texts{});
    EXPECT_EQ(faults_of(R"({"type": ["string", "null"]})", "[]"),
              Texts{"x: expected a string or null, got an array"});
    EXPECT_EQ(faults_of(R"({"type": ["string", "null"]})", "null"), Texts{});
    EXPECT_EQ(faults_of("{}", "[1, {}]"), Texts{});
}

TEST(Schema, Properties) {
    const Schema schema = schema_of(R"({
        "type": "object",
        "title": "t", "description": "d",
        "properties": {
            "base_url": {"type": "string"},
            "retry": {"type": "object", "properties": {"tries": {"type": "integer"}}}
        }
    })");
    json::object settings{{"base_ulr", "u"}, {"retry", {{"tires", 1}, {"tries", "x"}}}, {"zzz", 1}};
    EXPECT_EQ(texts_of(schema.check(settings)),
              (Texts{"base_ulr: unknown key; did you mean \"base_url\"",
                     "retry.tires: unknown key; did you mean \"tries\"",
                     "retry.tries: expected an integer, got a string",
                     "zzz: unknown key; known: base_url, retry"}));
}

TEST(Schema, UnknownKeysMayBeMeantForTheHost) {
    const Schema schema = schema_of(with_x(R"({"type": "string"})"));
    json::object settings{{"modles", {}}};
    EXPECT_EQ(texts_of(schema.check(settings, keys_beside_settings("provider"))),
              Texts{"modles: unknown key; did you mean \"models\""});
    json::object inner{{"x", "1"}, {"accounts", 1}};
    EXPECT_EQ(texts_of(schema.check(inner, keys_beside_settings("provider"))),
              Texts{"accounts: unknown key; did you mean \"account\""});
}

TEST(Schema, InnerKeysAreNotTheHosts) {
    const Schema schema = schema_of(with_x(R"({"type": "object", "properties": {"a": {}}})"));
    json::object settings{{"x", {{"modles", 1}}}};
    EXPECT_EQ(texts_of(schema.check(settings, keys_beside_settings("provider"))),
              Texts{"x.modles: unknown key; known: a"});
}

TEST(Schema, Required) {
    const std::string property = R"({"type": "object", "required": ["a", "b"],
        "properties": {"a": {"type": "integer"}, "b": {}}})";
    EXPECT_EQ(faults_of(property, R"({"a": 1, "b": 2})"), Texts{});
    EXPECT_EQ(
        faults_of(property, "{}"),
        (Texts{"x.a: required, but missing; expected an integer", "x.b: required, but missing"}));
}

TEST(Schema, AdditionalProperties) {
    EXPECT_EQ(faults_of(R"({"type": "object"})", R"({"a": 1})"), Texts{});
    EXPECT_EQ(faults_of(R"({"type": "object", "additionalProperties": true,
                            "properties": {"b": {}}})",
                        R"({"a": 1})"),
              Texts{});
    EXPECT_EQ(faults_of(R"({"type": "object", "additionalProperties": false})", R"({"a": 1})"),
              Texts{"x.a: unknown key; none is known here"});
    EXPECT_EQ(faults_of(R"({"type": "object", "additionalProperties": {"type": "string"}})",
                        R"({"a": "1", "x-team": 2})"),
              Texts{"x.x-team: expected a string, got a number"});
}

TEST(Schema, Items) {
    EXPECT_EQ(faults_of(R"({"type": "array", "items": {"type": "integer"}})", "[1, \"2\", 3, []]"),
              (Texts{"x[1]: expected an integer, got a string",
                     "x[3]: expected an integer, got an array"}));
    EXPECT_EQ(faults_of(R"({"type": "array", "minItems": 1})", "[]"),
              Texts{"x: expected 1 item or more"});
    EXPECT_EQ(faults_of(R"({"type": "array", "maxItems": 2})", "[1, 2, 3]"),
              Texts{"x: expected 2 items at most"});
    EXPECT_EQ(faults_of(R"({"type": "array", "minItems": 1, "maxItems": 2})", "[1, 1]"), Texts{});
    EXPECT_EQ(faults_of(R"({"type": "array", "uniqueItems": true})",
                        R"([1, "1", {"a": [1]}, 1.0, {"a": [1.0]}, {"a": [2]}, null])"),
              (Texts{"x[3]: the same as item 0; expected each once",
                     "x[4]: the same as item 2; expected each once"}));
    EXPECT_EQ(faults_of(R"({"type": "array", "uniqueItems": false})", "[1, 1]"), Texts{});
}

TEST(Schema, EnumAndConst) {
    EXPECT_EQ(faults_of(R"({"enum": ["low", "high", 1]})", "\"low\""), Texts{});
    EXPECT_EQ(faults_of(R"({"enum": ["low", "high", 1]})", "1.0"), Texts{});
    EXPECT_EQ(faults_of(R"({"enum": ["low", "high", 1]})", "\"hihg\""),
              Texts{"x: expected one of \"low\", \"high\", 1; did you mean \"high\""});
    EXPECT_EQ(faults_of(R"({"enum": ["low", "high", 1]})", "true"),
              Texts{"x: expected one of \"low\", \"high\", 1"});
    EXPECT_EQ(faults_of(R"({"type": "string", "x-secret": true, "enum": ["low"]})", "\"lwo\""),
              Texts{"x: expected one of \"low\""});
    EXPECT_EQ(faults_of(R"({"const": {"a": 1}})", R"({"a": 1})"), Texts{});
    EXPECT_EQ(faults_of(R"({"const": {"a": 1}})", R"({"a": 1, "b": 2})"),
              Texts{R"(x: expected {"a":1})"});
}

TEST(Schema, MinimumAndMaximum) {
    const std::string property = R"({"type": "number", "minimum": -1, "maximum": 100})";
    EXPECT_EQ(faults_of(property, "-1"), Texts{});
    EXPECT_EQ(faults_of(property, "100.0"), Texts{});
    EXPECT_EQ(faults_of(property, "-1.5"), Texts{"x: expected -1 or more"});
    EXPECT_EQ(faults_of(property, "101"), Texts{"x: expected 100 at most"});
    EXPECT_EQ(faults_of(R"({"type": "integer", "maximum": 0.5})", "1"),
              Texts{"x: expected 5E-1 at most"});
}

TEST(Schema, Lengths) {
    const std::string property = R"({"type": "string", "minLength": 1, "maxLength": 3})";
    EXPECT_EQ(faults_of(property, "\"\""), Texts{"x: expected 1 character or more"});
    EXPECT_EQ(faults_of(property, "\"abcd\""), Texts{"x: expected 3 characters at most"});
    EXPECT_EQ(faults_of(property, "\"\xC3\xA4\xC3\xB6\xC3\xBC\""), Texts{});
}

TEST(Schema, Pattern) {
    const std::string property = R"({"type": "string", "pattern": "^[a-z]+-[0-9]{2}$"})";
    EXPECT_EQ(faults_of(property, "\"ab-12\""), Texts{});
    EXPECT_EQ(faults_of(property, "\"ab-123\""),
              Texts{"x: expected a string that matches ^[a-z]+-[0-9]{2}$"});
    EXPECT_EQ(faults_of(R"({"type": "string", "pattern": "b"})", "\"abc\""), Texts{});
    const std::string huge = "\"" + std::string(1'000'000, 'a') + "\"";
    EXPECT_EQ(faults_of(R"({"type": "string", "pattern": "(a|b)*"})", huge),
              Texts{"x: expected 4096 bytes at most"});
}

TEST(Schema, Uri) {
    const std::string property = R"({"type": "string", "format": "uri"})";
    for (const char* good : {"\"https://example.com/v1\"", "\"http://[::1]:80/\"", "\"urn:a:b\""}) {
        EXPECT_EQ(faults_of(property, good), Texts{});
    }
    for (const char* bad :
         {"\"\"", "\"example.com\"", "\"/v1\"", "\"https://a b\"", "\"http://%\""}) {
        EXPECT_EQ(faults_of(property, bad),
                  Texts{"x: expected a URI such as \"https://example.com/v1\""})
            << bad;
    }
}

TEST(Schema, DefaultsAreFilledIn) {
    const Schema schema = schema_of(R"({
        "type": "object",
        "required": ["url"],
        "properties": {
            "url": {"type": "string", "default": "https://example.com"},
            "tries": {"type": "integer", "default": 3},
            "retry": {"type": "object", "default": {},
                      "properties": {"after": {"type": "integer", "default": 5}}},
            "bare": {"type": "object", "properties": {"deep": {"type": "null", "default": null}}},
            "list": {"type": "array", "items": {"type": "object",
                     "properties": {"on": {"type": "boolean", "default": true}}}}
        }
    })");
    json::object settings{{"tries", 9}, {"list", json::array{json::object{}}}};
    EXPECT_EQ(texts_of(schema.check(settings)), Texts{});
    EXPECT_EQ(json::value(settings), json::parse(R"({
        "tries": 9, "url": "https://example.com", "retry": {"after": 5}, "list": [{"on": true}]
    })"));
    const json::object once = settings;
    EXPECT_EQ(texts_of(schema.check(settings)), Texts{});
    EXPECT_EQ(settings, once);
}

TEST(Schema, DefaultsMustSatisfyIt) {
    EXPECT_EQ(refusal_of(with_x(R"({"type": "integer", "default": "5"})")),
              "schema: properties.x.default: expected an integer, got a string");
    EXPECT_EQ(refusal_of(with_x(R"({"type": "array", "items": {"type": "string"},
                                    "default": ["a", 1]})")),
              "schema: properties.x.default: [1]: expected a string, got a number");
    EXPECT_EQ(refusal_of(with_x(R"({"type": "object", "default": {"b": 1}, "required": ["a"],
                                    "properties": {"a": {"type": "integer"}}})")),
              "schema: properties.x.default: a: required, but missing; expected an integer; "
              "schema: properties.x.default: b: unknown key; known: a");
}

TEST(Schema, UnknownKeywordsAreRefused) {
    EXPECT_EQ(refusal_of(with_x(R"({"type": "string", "minLenght": 1})")),
              "schema: properties.x.minLenght: unknown keyword; did you mean \"minLength\"");
    for (const char* keyword : {"$ref",
                                "$defs",
                                "anyOf",
                                "oneOf",
                                "allOf",
                                "not",
                                "if",
                                "exclusiveMinimum",
                                "multipleOf",
                                "patternProperties",
                                "examples"}) {
        const std::string refusal = refusal_of(with_x("{\"" + std::string(keyword) + "\": {}}"));
        EXPECT_TRUE(refusal.starts_with("schema: properties.x." + std::string(keyword) +
                                        ": unknown keyword"))
            << refusal;
    }
}

TEST(Schema, KeywordsWithoutTheirTypeAreRefused) {
    for (const char* keyword : {R"("properties": {})",
                                R"("required": [])",
                                R"("additionalProperties": true)",
                                R"("items": {})",
                                R"("minItems": 1)",
                                R"("maxItems": 1)",
                                R"("uniqueItems": true)",
                                R"("minimum": 1)",
                                R"("maximum": 1)",
                                R"("minLength": 1)",
                                R"("maxLength": 1)",
                                R"("pattern": "x")",
                                R"("format": "uri")",
                                R"("x-secret": true)"}) {
        for (const char* type : {"", R"("type": "null", )"}) {
            const std::string schema = with_x("{" + std::string(type) + keyword + "}");
            EXPECT_NE(refusal_of(schema).find("checks nothing without a \"type\""),
                      std::string::npos)
                << schema;
        }
    }
}

TEST(Schema, KeywordsWithWrongValuesAreRefused) {
    const auto refusal = [](const std::string& type, const std::string& keyword) {
        return refusal_of(with_x(R"({"type": ")" + type + "\", " + keyword + "}"));
    };
    EXPECT_EQ(refusal_of(R"({"type": "strin"})"),
              "schema: type: unknown type; did you mean \"string\"");
    EXPECT_EQ(refusal_of(R"({"type": 5})"), "schema: type: expected a type's name");
    EXPECT_EQ(refusal_of(R"({"type": []})"), "schema: type: expected a type's name");
    EXPECT_EQ(refusal_of(R"({"type": "string"})"), "schema: type: expected \"object\" at the top");
    EXPECT_EQ(refusal_of("{}"), "schema: type: expected \"object\" at the top");
    EXPECT_EQ(refusal_of("[]"), "schema: expected an object");
    EXPECT_EQ(refusal_of(with_x("true")), "schema: properties.x: expected an object");
    EXPECT_TRUE(refusal_of("{").starts_with("schema: not JSON: "));
    EXPECT_EQ(refusal("string", R"("minLength": -1)"),
              "schema: properties.x.minLength: expected an integer from 0");
    EXPECT_EQ(refusal("array", R"("maxItems": 1.5)"),
              "schema: properties.x.maxItems: expected an integer from 0");
    EXPECT_EQ(refusal("number", R"("minimum": "1")"),
              "schema: properties.x.minimum: expected a number");
    EXPECT_EQ(refusal("string", R"("pattern": "(")"),
              "schema: properties.x.pattern: not a regular expression of ECMAScript");
    EXPECT_EQ(refusal("string", R"("pattern": 1)"),
              "schema: properties.x.pattern: expected a regular expression");
    EXPECT_EQ(refusal("string", R"("format": "email")"),
              "schema: properties.x.format: unknown format; known: uri");
    EXPECT_EQ(refusal("string", R"("x-secret": 1)"),
              "schema: properties.x.x-secret: expected true or false");
    EXPECT_EQ(refusal("string", R"("title": 1)"), "schema: properties.x.title: expected a string");
    EXPECT_EQ(refusal("string", R"("enum": [])"),
              "schema: properties.x.enum: expected an array that is not empty");
    EXPECT_EQ(refusal("object", R"("required": "a")"),
              "schema: properties.x.required: expected an array of strings");
    EXPECT_EQ(refusal("object", R"("required": ["a"], "properties": {})"),
              "schema: properties.x.required: \"a\" is not among the properties");
    EXPECT_EQ(refusal("object", R"("properties": [])"),
              "schema: properties.x.properties: expected an object");
    EXPECT_EQ(refusal("object", R"("additionalProperties": 1)"),
              "schema: properties.x.additionalProperties: expected an object");
    EXPECT_EQ(refusal("array", R"("items": [])"), "schema: properties.x.items: expected an object");
}

TEST(Schema, AllFaultsOfItAreNamed) {
    EXPECT_EQ(
        refusal_of(R"({"type": "object", "zzzzzz": 1, "properties": {"a": 1, "b": {"type": 1}}})")
            .substr(0, 34),
        "schema: zzzzzz: unknown keyword; k");
    EXPECT_TRUE(refusal_of(R"({"type": "object", "properties": {"a": 1, "b": {"type": 1}}})") ==
                "schema: properties.a: expected an object; schema: properties.b.type: expected a "
                "type's name");
}

}  // namespace
}  // namespace parley::config
