#include "citations.hpp"

#include <string>
#include <vector>

#include "parley/request.h"
#include "wire.hpp"

namespace parley::gemini {

using sdk::JsonReader;
using sdk::JsonString;
using sdk::str;

namespace {

struct Source {
    std::string uri;
    std::string title;
};

struct Span {
    uint64_t start = 0;
    uint64_t end = 0;
};

void emit(const Source& source, const Span& span, uint64_t key, sdk::Emitter& emitter) {
    if (source.uri.empty()) return;
    parley_event e = sdk::make_event(PARLEY_EVENT_CITATION);
    e.text = str(source.uri);
    e.name = str(source.title);
    e.extra = str("{\"kind\":1}");
    static_assert(PARLEY_CITATION_URL == 1);
    if (span.end > span.start) {
        e.a = span.start;
        e.b = span.end;
        e.flags = PARLEY_EVENT_SPAN_BYTES;
    }
    emitter.say(key, e);
}

// {"web":{"uri":…,"title":…}}, or "retrievedContext" or "maps" in place of "web".
Source read_source(JsonReader& r) {
    Source source;
    each_member(r, [&](const JsonString&, JsonReader& kind) {
        each_member(kind, [&](const JsonString& key, JsonReader& value) {
            if (key.raw == "uri") {
                source.uri = read_word(value).text();
            } else if (key.raw == "title") {
                source.title = read_word(value).text();
            } else {
                value.skip();
            }
        });
    });
    return source;
}

struct Support {
    Span span;
    std::vector<uint64_t> sources;
};

Support read_support(JsonReader& r) {
    Support support;
    each_member(r, [&](const JsonString& key, JsonReader& value) {
        if (key.raw == "segment") {
            each_member(value, [&](const JsonString& member, JsonReader& at) {
                if (is(member, "startIndex")) {
                    at.read_count(support.span.start);
                } else if (is(member, "endIndex")) {
                    at.read_count(support.span.end);
                } else {
                    at.skip();
                }
            });
        } else if (is(key, "groundingChunkIndices")) {
            each_element(value, [&](JsonReader& one) {
                support.sources.push_back(~uint64_t{0});
                one.read_count(support.sources.back());
            });
        } else {
            value.skip();
        }
    });
    return support;
}

}  // namespace

void emit_grounding(std::string_view json, uint64_t key, sdk::Emitter& emitter) {
    std::vector<Source> sources;
    std::vector<Support> supports;
    each_member(json, [&](const JsonString& member, JsonReader& value) {
        if (is(member, "groundingChunks")) {
            each_element(value, [&](JsonReader& one) { sources.push_back(read_source(one)); });
        } else if (is(member, "groundingSupports")) {
            each_element(value, [&](JsonReader& one) { supports.push_back(read_support(one)); });
        } else {
            value.skip();
        }
    });
    for (const Support& support : supports) {
        for (const uint64_t index : support.sources) {
            if (index < sources.size()) emit(sources[index], support.span, key, emitter);
        }
    }
    if (!supports.empty()) return;
    for (const Source& source : sources) emit(source, {}, key, emitter);
}

void emit_citations(std::string_view json, uint64_t key, sdk::Emitter& emitter) {
    each_member(json, [&](const JsonString& list, JsonReader& all) {
        if (list.raw != "citations" && list.raw != "citationSources") {
            all.skip();
            return;
        }
        each_element(all, [&](JsonReader& one) {
            Source source;
            Span span;
            each_member(one, [&](const JsonString& member, JsonReader& value) {
                if (member.raw == "uri") {
                    source.uri = read_word(value).text();
                } else if (member.raw == "title") {
                    source.title = read_word(value).text();
                } else if (is(member, "startIndex")) {
                    value.read_count(span.start);
                } else if (is(member, "endIndex")) {
                    value.read_count(span.end);
                } else {
                    value.skip();
                }
            });
            emit(source, span, key, emitter);
        });
    });
}

}  // namespace parley::gemini
