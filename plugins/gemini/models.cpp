#include "models.hpp"

#include <algorithm>
#include <charconv>

#include "parley/sdk/json.hpp"
#include "request.hpp"

namespace parley::gemini {

using sdk::view;

namespace {

// A number of the query; `otherwise` when there is none.
std::size_t query_number(std::string_view query, std::string_view name, std::size_t otherwise) {
    while (!query.empty()) {
        const std::size_t end = std::min(query.find('&'), query.size());
        const std::string_view pair = query.substr(0, end);
        query.remove_prefix(std::min(end + 1, query.size()));
        if (!pair.starts_with(name) || pair.substr(name.size(), 1) != "=") continue;
        const std::string_view value = pair.substr(name.size() + 1);
        std::size_t number = otherwise;
        const auto [stop, fault] =
            std::from_chars(value.data(), value.data() + value.size(), number);
        return fault == std::errc() && stop == value.data() + value.size() ? number : otherwise;
    }
    return otherwise;
}

void write_model(sdk::JsonWriter& w, const parley_model& model) {
    const std::string_view title = view(model.title);
    w.begin_object().key("name").string(resource_of(view(model.id))).key("version").string("001");
    w.key("displayName").string(title.empty() ? view(model.id) : title);
    w.key("description").string("");
    const auto limit = [&](std::string_view name, uint64_t tokens) {
        if (tokens != 0) w.key(name).number(static_cast<int64_t>(tokens));
    };
    limit("inputTokenLimit", model.context_max);
    limit("outputTokenLimit", model.output_max);
    w.key("supportedGenerationMethods").begin_array();
    for (const std::string_view method :
         {"generateContent", "streamGenerateContent", "countTokens"}) {
        w.string(method);
    }
    w.end_array().end_object();
}

}  // namespace

void write_models(const parley_call& call,
                  std::span<const parley_model* const> models,
                  parley_http_reply& reply,
                  sdk::Out& out) {
    constexpr std::size_t kPage = 50;
    constexpr std::size_t kPageMax = 1000;
    std::string json;
    sdk::JsonWriter w(json);
    if (call.operation == PARLEY_OPERATION_MODEL) {
        if (models.empty()) throw sdk::Failure(PARLEY_E_NOT_FOUND, "model: not known", "name");
        write_model(w, *models.front());
    } else {
        const std::string_view query = view(call.http->query);
        const std::size_t from = std::min(query_number(query, "pageToken", 0), models.size());
        const std::size_t asked = query_number(query, "pageSize", kPage);
        const std::size_t size = std::clamp<std::size_t>(asked == 0 ? kPage : asked, 1, kPageMax);
        const std::size_t to = std::min(from + size, models.size());
        w.begin_object().key("models").begin_array();
        for (std::size_t i = from; i < to; ++i) write_model(w, *models[i]);
        w.end_array();
        if (to < models.size()) w.key("nextPageToken").string(std::to_string(to));
        w.end_object();
    }
    reply.status = 200;
    reply.content_type = sdk::str("application/json; charset=UTF-8");
    out.write(json);
}

}  // namespace parley::gemini
