// What a schema allowed is allowed by what becomes of it, and every word of that is known.
//
// Instances are made from random schemas and judged by a small validator of JSON Schema.
#include "schema.hpp"

#include <random>
#include <set>

#include <boost/json.hpp>
#include <gtest/gtest.h>

#include "openapi.hpp"
#include "support/schemas.hpp"

namespace parley::gemini {

namespace {

namespace json = boost::json;

using schemas::Generator;
using schemas::Validator;

// ---- words ----

void check_words(const json::value& schema, const std::set<std::string>& allowed, int depth) {
    ASSERT_LT(depth, 400);
    ASSERT_TRUE(schema.is_object()) << schema;
    const auto& s = schema.as_object();
    for (const auto& [name, value] : s) {
        EXPECT_TRUE(allowed.contains(name)) << name << " in " << schema;
        if (name == "properties" || name == "$defs") {
            for (const auto& [inner_name, inner] : value.as_object()) {
                check_words(inner, allowed, depth + 1);
            }
        } else if (name == "anyOf" || name == "prefixItems") {
            for (const auto& inner : value.as_array()) check_words(inner, allowed, depth + 1);
        } else if (name == "items" || (name == "additionalProperties" && value.is_object())) {
            check_words(value, allowed, depth + 1);
        }
    }
    if (!s.contains("$ref")) return;
    for (const auto& [name, value] : s) EXPECT_EQ(name[0], '$') << schema;
}

const std::set<std::string> kJsonWords{"type",
                                       "properties",
                                       "required",
                                       "description",
                                       "title",
                                       "enum",
                                       "anyOf",
                                       "items",
                                       "minimum",
                                       "maximum",
                                       "minItems",
                                       "maxItems",
                                       "format",
                                       "$ref",
                                       "$defs",
                                       "prefixItems",
                                       "additionalProperties"};

const std::set<std::string> kOpenApiWords{
    "type",      "properties", "required",      "description",   "title",    "enum",    "anyOf",
    "items",     "minimum",    "maximum",       "minItems",      "maxItems", "format",  "pattern",
    "minLength", "maxLength",  "minProperties", "maxProperties", "default",  "example", "nullable"};

json::value parsed(const std::string& text) {
    json::parse_options options;
    options.max_depth = 512;
    return json::parse(text, {}, options);
}

struct Form {
    const char* name;
    Downgraded (*downgrade)(std::string_view);
    const std::set<std::string>& words;
};

const Form kForms[] = {{"json", downgrade_json_schema, kJsonWords},
                       {"openapi", downgrade_openapi, kOpenApiWords}};

TEST(Schema, OnlyWeakens) {
    for (const Form& form : kForms) {
        int judged = 0;
        int accepted = 0;
        for (unsigned seed = 0; seed < 3000; ++seed) {
            Generator generator(seed);
            const json::value before = generator.root();
            const std::string text = json::serialize(before);
            const Downgraded done = form.downgrade(text);
            const json::value after = parsed(done.json);
            check_words(after, form.words, 0);
            if (done.is_narrowed) continue;
            for (int i = 0; i < 20; ++i) {
                const json::value instance = generator.instance_of(before, before, 5);
                ++judged;
                if (!Validator(before).accepts(instance)) continue;
                ++accepted;
                ASSERT_TRUE(Validator(after).accepts(instance)) << form.name << ' ' << seed << '\n'
                                                                << text << '\n'
                                                                << done.json << '\n'
                                                                << instance;
            }
        }
        std::cout << form.name << ": " << judged << " instances, " << accepted << " valid\n";
        EXPECT_GT(accepted, 3000);
    }
}

// What loses nothing says so: everything that it refuses was refused before.
TEST(Schema, SaysWhenItWeakens) {
    for (unsigned seed = 0; seed < 3000; ++seed) {
        Generator generator(seed);
        const json::value before = generator.root();
        const Downgraded done = downgrade_json_schema(json::serialize(before));
        if (done.is_weakened) continue;
        const json::value after = parsed(done.json);
        for (int i = 0; i < 20; ++i) {
            const json::value instance = generator.instance_of(before, before, 5);
            EXPECT_EQ(Validator(before).accepts(instance), Validator(after).accepts(instance))
                << before << '\n'
                << instance;
        }
    }
}

TEST(Schema, DoesNotExplode) {
    // Each definition names the next one twice.
    json::object definitions;
    for (int i = 0; i < 40; ++i) {
        const std::string next = "#/$defs/D" + std::to_string((i + 1) % 40);
        definitions["D" + std::to_string(i)] = {
            {"type", "object"}, {"properties", {{"a", {{"$ref", next}}}, {"b", {{"$ref", next}}}}}};
    }
    const json::object root{{"$ref", "#/$defs/D0"}, {"$defs", definitions}};
    const std::string text = json::serialize(root);
    EXPECT_LT(downgrade_openapi(text).json.size(), 2'000'000u);
    EXPECT_LT(downgrade_json_schema(text).json.size(), 2 * text.size());
    std::string deep;
    for (int i = 0; i < 500; ++i) deep += R"({"type":"array","items":)";
    deep += "{}" + std::string(500, '}');
    for (const Form& form : kForms) {
        const Downgraded done = form.downgrade(deep);
        EXPECT_LT(done.json.size(), 10'000u);
    }
}

struct Words {
    std::string_view before;
    std::string_view after;
};

TEST(Schema, IsWordForWord) {
    for (const auto& [before, after] : {
             Words{
                 R"j({"type":"string","pattern":"^a$","minLength":2,"description":"D"})j",
                 R"j({"type":"string","description":"D (constraint: pattern=^a$, minLength=2)"})j"},
             Words{R"j({"const":true})j", R"j({"description":"(constraint: const=true)"})j"},
             Words{R"j({"const":"a"})j", R"j({"enum":["a"]})j"},
             Words{R"j({"type":["string","null"],"enum":["a",null]})j",
                   R"j({"anyOf":[{"enum":["a"]},{"type":"null"}]})j"},
             Words{R"j({"oneOf":[{"type":"null"},true],"required":["x"]})j",
                   R"j({"anyOf":[{"type":"null"},{}]})j"},
             Words{R"j({"properties":{"x":{"$ref":"#/definitions/a~1b","title":"T"}},)j"
                   R"j("definitions":{"a/b":{"exclusiveMinimum":3}}})j",
                   R"j({"properties":{"x":{"$ref":"#/$defs/a~1b"}},"$defs":{"a/b":{"minimum":3,)j"
                   R"j("description":"(constraint: exclusiveMinimum=3)"}}})j"},
             Words{R"j({"$ref":"https://elsewhere.example/x"})j", "{}"},
         }) {
        EXPECT_EQ(downgrade_json_schema(before).json, after);
    }
    for (const auto& [before, after] : {
             Words{R"j({"type":["string","null"],"minLength":1})j",
                   R"j({"type":"STRING","minLength":1,"nullable":true})j"},
             Words{
                 R"j({"type":["string","integer"],"minLength":1,"minimum":2})j",
                 R"j({"anyOf":[{"type":"STRING","minLength":1},{"type":"INTEGER","minimum":2}]})j"},
             Words{R"j({"anyOf":[{"type":"number"},{"type":"null"}],"title":"T"})j",
                   R"j({"title":"T","type":"NUMBER","nullable":true})j"},
             Words{
                 R"j({"type":"integer","enum":[1,2],"format":"uint8"})j",
                 R"j({"type":"INTEGER","description":"(constraint: enum=[1,2], format=uint8)"})j"},
             Words{R"j({"type":"array"})j", R"j({"type":"ARRAY","items":{"type":"STRING"}})j"},
             Words{R"j({"$ref":"#/$defs/n","$defs":{"n":{"type":"object","properties":)j"
                   R"j({"next":{"$ref":"#/$defs/n"}}}}})j",
                   R"j({"type":"OBJECT","properties":{"next":{"type":"OBJECT","properties":)j"
                   R"j({"next":{"type":"OBJECT","description":"n"}}}}})j"},
         }) {
        EXPECT_EQ(downgrade_openapi(before).json, after);
    }
    EXPECT_TRUE(downgrade_openapi("{}").is_narrowed);
    EXPECT_TRUE(downgrade_json_schema(R"j({"type":"object","properties":{}})j").is_empty);
    EXPECT_FALSE(downgrade_json_schema(R"j({"$ref":"#/$defs/a","$defs":{"a":{}}})j").is_empty);
}

TEST(Schema, OfGoogleBecomesJsonSchema) {
    EXPECT_EQ(to_json_schema(R"j({"type":"OBJECT","properties":{"type":{"type":"STRING",
            "nullable":true},"l":{"type":5,"items":{"type":"INTEGER"},"minItems":"2"}},
            "property_ordering":["l"],"any_of":[{"type":"TYPE_UNSPECIFIED"}],
            "example":{"a": 1}})j"),
              R"j({"type":"object","properties":{"type":{"type":["string","null"]},)j"
              R"j("l":{"type":"array","items":{"type":"integer"},"minItems":2}},)j"
              R"j("anyOf":[{}],"examples":[{"a":1}]})j");
    EXPECT_EQ(to_json_schema(R"j({"type":"string","enum":["a"],"nullable":true})j"),
              R"j({"type":["string","null"],"enum":["a",null]})j");
}

}  // namespace

}  // namespace parley::gemini
