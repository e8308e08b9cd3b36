#include "models.hpp"

#include "parley/sdk/json.hpp"

namespace parley::openai {

using sdk::view;

namespace {

void write_model(sdk::JsonWriter& w, const parley_model& model) {
    w.begin_object().key("id").string(view(model.id)).key("object").string("model");
    w.key("created").number(model.created_s).key("owned_by").string(view(model.owner));
    w.end_object();
}

// Codex asks so. It wants to be told how each model works, down to its prompts, and goes on with
// what it knows itself when there is no such list; half of one would spoil that.
bool asks_as_codex(const parley_call& call) {
    if (call.http == nullptr) return false;
    const std::string query = '&' + std::string(view(call.http->query));
    return query.find("&client_version=") != query.npos;
}

}  // namespace

void write_models(const parley_call& call,
                  std::span<const parley_model* const> models,
                  parley_http_reply& reply,
                  sdk::Out& out) {
    std::string json;
    sdk::JsonWriter w(json);
    if (asks_as_codex(call)) {
        throw sdk::Failure(PARLEY_E_NOT_FOUND, "models: there is no list as Codex reads it");
    }
    if (call.operation == PARLEY_OPERATION_MODEL) {
        if (models.empty()) throw sdk::Failure(PARLEY_E_NOT_FOUND, "model: not known", "model");
        write_model(w, *models.front());
    } else {
        w.begin_object().key("object").string("list").key("data").begin_array();
        for (const parley_model* model : models) write_model(w, *model);
        w.end_array().end_object();
    }
    reply.status = 200;
    reply.content_type = sdk::str("application/json");
    out.write(json);
}

}  // namespace parley::openai
