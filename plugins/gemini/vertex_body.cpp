#include "vertex_body.hpp"

#include "wire.hpp"

namespace parley::gemini {

using sdk::JsonReader;
using sdk::JsonString;
using sdk::JsonWriter;

namespace {

// What one request for a vector says; raw JSON strings and numbers, empty when not told.
struct Wanted {
    std::string text;
    std::string_view task;
    std::string_view title;
    std::string_view dimensions;
};

void read_content(JsonReader& r, std::string& text) {
    each_member(r, [&](const JsonString& key, JsonReader& value) {
        if (key.raw != "parts") return static_cast<void>(value.skip());
        each_element(value, [&](JsonReader& part) {
            each_member(part, [&](const JsonString& name, JsonReader& said) {
                if (name.raw == "text") {
                    text += read_word(said).text();
                } else {
                    said.skip();
                }
            });
        });
    });
}

Wanted read_wanted(JsonReader& r) {
    Wanted wanted;
    each_member(r, [&](const JsonString& key, JsonReader& value) {
        if (key.raw == "content") {
            read_content(value, wanted.text);
        } else if (is(key, "taskType")) {
            wanted.task = value.raw();
        } else if (key.raw == "title") {
            wanted.title = value.raw();
        } else if (is(key, "outputDimensionality")) {
            wanted.dimensions = value.raw();
        } else {
            value.skip();
        }
    });
    return wanted;
}

void write_instance(JsonWriter& w, const Wanted& wanted) {
    w.begin_object().key("content").string(wanted.text);
    if (!wanted.task.empty()) w.key("task_type").raw(wanted.task);
    if (!wanted.title.empty()) w.key("title").raw(wanted.title);
    w.end_object();
}

}  // namespace

bool is_predicted(std::string_view model) {
    return model.starts_with("text-") || model == "gemini-embedding-001";
}

std::string to_instances(std::string_view body) {
    std::string out;
    JsonWriter w(out);
    std::string_view requests;
    std::string_view dimensions;
    each_member(body, [&](const JsonString& key, JsonReader& value) {
        if (key.raw == "requests") {
            requests = value.raw();
        } else {
            value.skip();
        }
    });
    w.begin_object().key("instances").begin_array();
    JsonReader r(requests.empty() ? body : requests);
    each_element(r, [&](JsonReader& one) {
        const Wanted wanted = read_wanted(one);
        if (!wanted.dimensions.empty()) dimensions = wanted.dimensions;
        write_instance(w, wanted);
    });
    w.end_array();
    if (!dimensions.empty()) {
        w.key("parameters").begin_object().key("outputDimensionality").raw(dimensions);
        w.end_object();
    }
    w.end_object();
    return out;
}

std::string unwrapped_count(std::string_view body) {
    std::string out;
    each_member(body, [&](const JsonString& key, JsonReader& value) {
        if (!is(key, "generateContentRequest")) return static_cast<void>(value.skip());
        JsonWriter w(out);
        w.begin_object();
        each_member(value, [&](const JsonString& name, JsonReader& inner) {
            const std::string_view raw = inner.raw();
            const bool counts = name.raw == "contents" || is(name, "systemInstruction") ||
                                name.raw == "tools" || is(name, "generationConfig");
            if (counts) w.key(name.text()).raw(raw);
        });
        w.end_object();
    });
    return out;
}

}  // namespace parley::gemini
