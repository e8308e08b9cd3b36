#include "request.hpp"

#include <algorithm>
#include <array>
#include <deque>
#include <vector>

#include "parley/sdk/json.hpp"
#include "signatures.hpp"
#include "wire.hpp"

namespace parley::gemini {

using sdk::JsonReader;
using sdk::JsonString;
using sdk::str;
using sdk::view;

namespace {

struct Method {
    std::string_view name;
    uint32_t operation;
};

constexpr std::array kMethods{
    Method{"generateContent", PARLEY_OPERATION_GENERATE},
    Method{"streamGenerateContent", PARLEY_OPERATION_GENERATE},
    Method{"countTokens", PARLEY_OPERATION_COUNT_TOKENS},
    Method{"embedContent", PARLEY_OPERATION_EMBED},
    Method{"batchEmbedContents", PARLEY_OPERATION_EMBED},
    Method{"predict", PARLEY_OPERATION_RELAY},
    Method{"predictLongRunning", PARLEY_OPERATION_RELAY},
};

class RouteTable {
public:
    RouteTable() {
        for (const std::string_view version : {"v1beta", "v1"}) {
            const std::string root = "/" + std::string(version) + "/";
            const bool is_shared = version == "v1";
            add(PARLEY_OPERATION_MODELS,
                "GET",
                root + "models",
                {version, "models", "", false, is_shared});
            add(PARLEY_OPERATION_MODEL,
                "GET",
                root + "models/{model}",
                {version, "models", "", false, is_shared});
            for (const std::string_view collection : {"models", "tunedModels"}) {
                for (const Method& method : kMethods) {
                    std::string path = root + std::string(collection) + "/{model}:";
                    path += method.name;
                    const bool is_stream = method.name.starts_with("stream");
                    add(method.operation,
                        "POST",
                        std::move(path),
                        {version, collection, method.name, is_stream, false});
                }
            }
        }
    }

    std::vector<parley_route> routes;
    std::vector<RouteInfo> infos;

private:
    void add(uint32_t operation, std::string_view verb, std::string path, RouteInfo info) {
        const auto number = static_cast<uint32_t>(routes.size());
        const std::string& kept = paths_.emplace_back(std::move(path));
        routes.push_back({sizeof(parley_route), operation, number, 0, str(verb), str(kept)});
        infos.push_back(info);
    }

    std::deque<std::string> paths_;
};

const RouteTable& table() {
    static const RouteTable all;
    return all;
}

std::string_view bare_model(std::string_view name) {
    while (name.starts_with("models/")) name.remove_prefix(7);
    return name;
}

// Finds the other places of a body that name the model.
class ModelNames {
public:
    ModelNames(std::string_view body, std::string_view old_model)
        : body_(body), old_model_(old_model) {}

    std::vector<parley_span> find() {
        JsonReader r(body_);
        each_member(r, [&](const JsonString& key, JsonReader& value) {
            if (key.raw == "model") {
                name(value);
            } else if (is(key, "generateContentRequest")) {
                member(value);
            } else if (key.raw == "requests") {
                each_element(value, [&](JsonReader& one) { member(one); });
            } else {
                value.skip();
            }
        });
        return r.failed() ? std::vector<parley_span>() : spans_;
    }

private:
    void member(JsonReader& r) {
        each_member(r, [&](const JsonString& key, JsonReader& value) {
            if (key.raw == "model") {
                name(value);
            } else {
                value.skip();
            }
        });
    }

    void name(JsonReader& r) {
        r.peek();
        const std::size_t at = r.at();
        const JsonString text = read_word(r);
        if (r.failed() || bare_model(text.text()) != old_model_) return;
        spans_.push_back({at, r.at() - at});
    }

    std::string_view body_;
    std::string_view old_model_;
    std::vector<parley_span> spans_;
};

}  // namespace

std::span<const parley_route> all_routes() {
    return table().routes;
}

const RouteInfo& route_of(const parley_call& call) {
    return table().infos[call.route];
}

std::string model_of(const parley_call& call) {
    const RouteInfo& route = route_of(call);
    const std::string_view name = bare_model(view(call.path_model));
    if (route.collection == "models") return std::string(name);
    return std::string(route.collection) + '/' + std::string(name);
}

std::string resource_of(std::string_view model) {
    const bool is_whole = model.starts_with("tunedModels/") || model.starts_with("models/");
    return is_whole ? std::string(model) : "models/" + std::string(model);
}

std::string path_to(std::string_view version, std::string_view model, std::string_view method) {
    constexpr std::string_view kHex = "0123456789ABCDEF";
    std::string path = "/" + std::string(version) + "/";
    for (const char c : resource_of(model)) {
        const auto byte = static_cast<unsigned char>(c);
        const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                           (c >= '0' && c <= '9') ||
                           std::string_view("-._~/@:").find(c) != std::string_view::npos;
        if (plain) {
            path += c;
        } else {
            path += {'%', kHex[byte >> 4], kHex[byte & 15]};
        }
    }
    path += ':';
    path += method;
    return path;
}

bool wants_events(std::string_view query) {
    while (!query.empty()) {
        const std::size_t end = std::min(query.find('&'), query.size());
        std::string_view pair = query.substr(0, end);
        query.remove_prefix(std::min(end + 1, query.size()));
        for (const std::string_view escape : {"%24", "$"}) {
            if (pair.starts_with(escape)) pair.remove_prefix(escape.size());
        }
        if (pair == "alt=sse" || pair.starts_with("alt=sse;") || pair.starts_with("alt=sse%3B")) {
            return true;
        }
    }
    return false;
}

bool is_batch_embed(const parley_request& request) {
    bool batch = false;
    if (view(request.dialect) != kDialectId) return false;
    JsonReader r(view(request.raw));
    each_member(r, [&](const JsonString& key, JsonReader& value) {
        batch = key.raw == "requests" || batch;
        value.skip();
    });
    return batch;
}

void retarget_request(const parley_call& call,
                      const parley_peek& peek,
                      std::string_view model,
                      sdk::Arena& arena,
                      parley_retarget& io) {
    const RouteInfo& route = route_of(call);
    const std::string_view body = view(call.http->body);
    std::vector<parley_edit> edits;
    if (model != view(peek.model) && !route.method.empty()) {
        io.path = arena.copy(path_to(route.version, model, route.method));
        io.query = call.http->query;
        // The API wants the names in path and body to be the same.
        std::string quoted;
        sdk::json_quote(resource_of(model), quoted);
        for (const parley_span& span : ModelNames(body, view(peek.model)).find()) {
            edits.push_back({span.at, span.len, arena.copy(quoted)});
        }
    }
    for (const parley_span& span : carried_signatures(body)) {
        edits.push_back({span.at, span.len, str(kSentinelJson)});
    }
    io.flags = 0;
    if (edits.empty()) return;
    std::sort(edits.begin(), edits.end(), [](const parley_edit& a, const parley_edit& b) {
        return a.at < b.at;
    });
    auto* kept = arena.array<parley_edit>(edits.size());
    std::copy(edits.begin(), edits.end(), kept);
    io.edits = kept;
    io.edit_count = edits.size();
}

}  // namespace parley::gemini
