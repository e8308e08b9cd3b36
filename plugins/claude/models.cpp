#include "models.hpp"

#include <algorithm>
#include <charconv>
#include <cstdio>

#include "parley/sdk/json.hpp"

namespace parley::claude {

using sdk::view;

namespace {

constexpr std::size_t kPageDefault = 20;
constexpr std::size_t kPageMax = 1000;

// A member of the query; ids need no percent encoding, and none is undone.
std::string_view of_query(std::string_view query, std::string_view name) {
    while (!query.empty()) {
        const std::string_view pair = query.substr(0, query.find('&'));
        query.remove_prefix(std::min(pair.size() + 1, query.size()));
        if (pair.size() > name.size() && pair.starts_with(name) && pair[name.size()] == '=') {
            return pair.substr(name.size() + 1);
        }
    }
    return {};
}

// Seconds since 1970 as "2026-01-01T00:00:00Z", by the civil calendar of H. Hinnant.
std::string date(int64_t seconds) {
    constexpr int64_t kDay = 86400;
    int64_t days = seconds / kDay;
    int64_t rest = seconds % kDay;
    if (rest < 0) {
        rest += kDay;
        --days;
    }
    days += 719468;
    const int64_t era = (days >= 0 ? days : days - 146096) / 146097;
    const int64_t of_era = days - era * 146097;
    const int64_t year_of_era = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
    const int64_t of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    const int64_t shifted = (5 * of_year + 2) / 153;
    const int64_t day = of_year - (153 * shifted + 2) / 5 + 1;
    const int64_t month = shifted < 10 ? shifted + 3 : shifted - 9;
    const int64_t year = year_of_era + era * 400 + (month <= 2 ? 1 : 0);
    char text[64];
    std::snprintf(text,
                  sizeof(text),
                  "%04lld-%02lld-%02lldT%02lld:%02lld:%02lldZ",
                  static_cast<long long>(year),
                  static_cast<long long>(month),
                  static_cast<long long>(day),
                  static_cast<long long>(rest / 3600),
                  static_cast<long long>(rest / 60 % 60),
                  static_cast<long long>(rest % 60));
    return text;
}

void write_model(sdk::JsonWriter& w, const parley_model& model) {
    const std::string_view title = view(model.title.len != 0 ? model.title : model.id);
    w.begin_object().key("type").string("model").key("id").string(view(model.id));
    w.key("display_name").string(title).key("created_at").string(date(model.created_s));
    if (model.context_max != 0) {
        w.key("max_input_tokens").number(static_cast<int64_t>(model.context_max));
    }
    if (model.output_max != 0) w.key("max_tokens").number(static_cast<int64_t>(model.output_max));
    w.end_object();
}

// The models of a page, and whether there are more of them.
struct Page {
    std::span<const parley_model* const> models;
    bool has_more = false;
};

Page page_of(std::span<const parley_model* const> all, std::string_view query) {
    std::size_t limit = kPageDefault;
    const std::string_view told = of_query(query, "limit");
    std::from_chars(told.data(), told.data() + told.size(), limit);
    limit = std::clamp<std::size_t>(limit, 1, kPageMax);
    const auto place = [&](std::string_view id) {
        const auto at = std::find_if(
            all.begin(), all.end(), [&](const parley_model* m) { return view(m->id) == id; });
        return static_cast<std::size_t>(at - all.begin());
    };
    const std::string_view before = of_query(query, "before_id");
    if (!before.empty()) {
        const std::size_t end = place(before);
        const std::size_t begin = end > limit ? end - limit : 0;
        return {all.subspan(begin, end - begin), begin != 0};
    }
    const std::string_view after = of_query(query, "after_id");
    const std::size_t begin = after.empty() ? 0 : std::min(place(after) + 1, all.size());
    const std::size_t count = std::min(limit, all.size() - begin);
    return {all.subspan(begin, count), begin + count < all.size()};
}

void write_page(sdk::JsonWriter& w, const Page& page) {
    w.begin_object().key("data").begin_array();
    for (const parley_model* model : page.models) write_model(w, *model);
    w.end_array().key("has_more").boolean(page.has_more);
    const auto edge = [&](std::string_view key, std::size_t at) {
        w.key(key);
        page.models.empty() ? w.null() : w.string(view(page.models[at]->id));
    };
    edge("first_id", 0);
    edge("last_id", page.models.empty() ? 0 : page.models.size() - 1);
    w.end_object();
}

void reply_json(const std::string& json, parley_http_reply& reply, sdk::Out& out) {
    reply.status = 200;
    reply.content_type = sdk::str("application/json");
    out.write(json);
}

}  // namespace

void write_models(const parley_call& call,
                  std::span<const parley_model* const> models,
                  parley_http_reply& reply,
                  sdk::Out& out) {
    std::string json;
    sdk::JsonWriter w(json);
    if (call.operation == PARLEY_OPERATION_MODEL) {
        if (models.empty()) throw sdk::Failure(PARLEY_E_NOT_FOUND, "model: not known", "model");
        write_model(w, *models.front());
    } else {
        write_page(w, page_of(models, view(call.http->query)));
    }
    reply_json(json, reply, out);
}

void write_count(uint64_t input_tokens, parley_http_reply& reply, sdk::Out& out) {
    std::string json;
    sdk::JsonWriter w(json);
    w.begin_object().key("input_tokens").number(static_cast<int64_t>(input_tokens)).end_object();
    reply_json(json, reply, out);
}

}  // namespace parley::claude
