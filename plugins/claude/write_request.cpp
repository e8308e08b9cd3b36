#include "write_request.hpp"

#include <algorithm>
#include <array>

#include "decoder.hpp"
#include "json_text.hpp"
#include "parley/sdk/extras.hpp"
#include "parley/sdk/ids.hpp"
#include "schema.hpp"
#include "words.hpp"

namespace parley::claude {

using sdk::str;
using sdk::view;

namespace {

constexpr std::size_t kMarksMax = 4;
constexpr std::string_view kVersion = "2023-06-01";
constexpr std::string_view kJsonOnly = "Answer with one JSON object and nothing else.";

// What an own client said in members of `extras`, by name; these are not members of the body.
std::string own_extra(const Crossing& c, std::string_view name) {
    if (!c.own) return {};
    for (uint64_t i = 0; i < c.request.extra_count; ++i) {
        const parley_extra& extra = *c.request.extras[i];
        if (view(extra.dialect) != kDialect) continue;
        Members members(view(extra.json));
        if (members.has(name)) return std::string(members.take(name));
    }
    return {};
}

class RequestWriter {
public:
    RequestWriter(Crossing& crossing, sdk::Out& out)
        : c_(crossing), r_(crossing.request), body_(r_, out), w_(body_.json), tools_(crossing) {}

    void write() {
        refuse();
        const bool auto_mark = marks_itself();
        const Marks marks(r_, auto_mark ? kMarksMax - 1 : kMarksMax);
        const ThinkingPlan thinking = plan_thinking(c_, tools_.is_forced());
        const Talk talk = arrange(c_, thinking);
        w_.begin_object().key("model").string(view(c_.target.model));
        write_system(marks, talk.prefill);
        tools_.write(w_, marks);
        write_turns(talk, marks);
        // What may differ from turn to turn stands behind what shall not.
        if (!thinking.max_tokens.empty()) w_.key("max_tokens").raw(thinking.max_tokens);
        if (streams()) w_.key("stream").boolean(true);
        tools_.write_choice(w_);
        write_output_config(thinking);
        if (own_extra(c_, "thinking").empty()) write_thinking(w_, thinking);
        if (!c_.counts) write_draw(thinking);
        if (!c_.counts) write_identity();
        if (auto_mark) {
            const uint32_t ttl = r_.cache == nullptr ? 0 : r_.cache->ttl;
            write_mark(w_, ttl == 0 ? PARLEY_CACHE_MARK : ttl);
        }
        write_rest();
        w_.end_object();
        body_.flush();
    }

private:
    bool streams() const { return !c_.counts && (r_.flags & PARLEY_REQUEST_STREAM) != 0; }

    // ---- what this wire has not ----

    void refuse() {
        if (r_.choices.text.len != 0 && r_.choices.value > 1) {
            Crossing::refuse_always("n", "only one answer can be had here");
        }
        if (r_.previous != nullptr) refuse_state(*r_.previous);
        const uint32_t media = PARLEY_MODALITY_AUDIO | PARLEY_MODALITY_IMAGE;
        if ((r_.modalities & media) != 0) c_.refuse("modalities", "only text can be had here");
        if (c_.own) return;
        sdk::name_lost_extras(r_, kDialect, [&](const std::string& field) {
            c_.warn(PARLEY_WARNING_FIELD_DROPPED, field);
        });
        if (r_.prompt_template.len != 0) c_.refuse("prompt", "templates are not known here");
        if (view(r_.background) == "true") c_.refuse("background", "not offered here");
        const auto warn = [&](bool is_set, std::string_view field) {
            if (is_set) c_.warn(PARLEY_WARNING_FIELD_DROPPED, field);
        };
        warn(r_.logprobs == PARLEY_SAYS_YES, "logprobs");
        warn(r_.verbosity != 0, "verbosity");
        warn(r_.max_tool_calls.text.len != 0, "max_tool_calls");
        warn(r_.truncation.len != 0 && view(r_.truncation) != "\"disabled\"", "truncation");
        warn(r_.context_management.len != 0, "context_management");
        warn(r_.prediction.len != 0, "prediction");
        warn(r_.moderation.len != 0, "moderation");
    }

    static void refuse_state(const parley_previous& previous) {
        if (previous.response_id.len != 0) {
            Crossing::refuse_always("previous_response_id", "replies are not kept here");
        }
        if (previous.conversation.len != 0) {
            Crossing::refuse_always("conversation", "conversations are not kept here");
        }
    }

    // ---- the prompt ----

    void write_system(const Marks& marks, std::string_view prefill) {
        BlockWriter blocks(c_, w_, marks);
        std::vector<Piece> pieces;
        std::string billing = own_extra(c_, "billing_block");
        if (!billing.empty()) {
            sdk::JsonString text;
            if (sdk::JsonReader(billing).read_string(text))
                pieces.push_back({nullptr, text.text()});
        }
        for (uint64_t i = 0; i < r_.instruction_count; ++i) {
            pieces.push_back({r_.instructions[i], {}});
        }
        const bool json = r_.format != nullptr && r_.format->kind == PARLEY_FORMAT_JSON_OBJECT;
        if (json) {
            c_.warn(PARLEY_WARNING_JSON_MODE_PROMPTED);
            pieces.push_back({nullptr, std::string(kJsonOnly)});
        }
        if (!prefill.empty()) {
            pieces.push_back({nullptr, "Begin your reply with: " + std::string(prefill)});
        }
        if (pieces.empty()) return;
        w_.key("system").begin_array();
        for (const Piece& piece : pieces) blocks.write(piece, PARLEY_ROLE_SYSTEM);
        w_.end_array();
    }

    void write_turns(const Talk& talk, const Marks& marks) {
        BlockWriter blocks(c_, w_, marks);
        w_.key("messages").begin_array();
        for (const Turn& turn : talk.turns) {
            const char* role = turn.role == PARLEY_ROLE_ASSISTANT ? "assistant"
                               : turn.role == PARLEY_ROLE_SYSTEM  ? "system"
                                                                  : "user";
            w_.begin_object().key("role").string(role).key("content").begin_array();
            for (const Piece& piece : turn.pieces) blocks.write(piece, turn.role);
            w_.end_array();
            sdk::each_extra(
                turn.extras.data(),
                turn.extras.size(),
                kDialect,
                [&](const std::string& name, std::string_view raw) { w_.key(name).raw(raw); });
            w_.end_object();
        }
        w_.end_array();
    }

    // Whether the request as a whole is marked for caching: as told, or as clients expect whose
    // own providers cache without being asked.
    bool marks_itself() const {
        if (r_.cache != nullptr && r_.cache->mode != 0) {
            return r_.cache->mode == PARLEY_CACHE_MODE_AUTO;
        }
        if (c_.own || c_.counts || !c_.traits.flag("auto_cache", true)) return false;
        if (Marks(r_, kMarksMax).any()) return false;
        const auto answered = [](const parley_message* m) {
            return m->role == PARLEY_ROLE_ASSISTANT;
        };
        return r_.tool_count != 0 ||
               std::any_of(r_.messages, r_.messages + r_.message_count, answered);
    }

    // ---- how to answer ----

    void write_output_config(const ThinkingPlan& thinking) {
        std::string json;
        sdk::JsonWriter w(json);
        w.begin_object();
        if (!thinking.effort.empty()) w.key("effort").string(thinking.effort);
        const bool schema = r_.format != nullptr && r_.format->kind == PARLEY_FORMAT_JSON_SCHEMA;
        if (schema && !tools_.has_schema_tool()) {
            w.key("format").begin_object().key("type").string("json_schema");
            w.key("schema").raw(guaranteed()).end_object();
        }
        const std::string rest = own_extra(c_, "output_config");
        sdk::JsonReader r(rest);
        sdk::JsonString key;
        if (r.peek() == '{' && r.enter_object()) {
            while (r.next_key(key)) w.key(key.text()).raw(r.raw());
        }
        w.end_object();
        if (json.size() > 2) w_.key("output_config").raw(json);
    }

    std::string guaranteed() {
        if (r_.format->schema.len == 0) return "{}";
        if (c_.own) return std::string(view(r_.format->schema));
        bool changed = false;
        std::string schema = guaranteed_schema(view(r_.format->schema), changed);
        if (changed) c_.warn(PARLEY_WARNING_SCHEMA_WEAKENED);
        return schema;
    }

    void write_draw(const ThinkingPlan& thinking) {
        write_stops();
        if (r_.sampling == nullptr) return;
        const parley_sampling& s = *r_.sampling;
        const bool ok = c_.trait("sampling_ok", true);
        const bool thinks = thinking.is_on() && !c_.own;
        const auto drop = [&](std::string_view field) {
            c_.warn(PARLEY_WARNING_SAMPLING_DROPPED, field);
        };
        bool has_temperature = false;
        if (s.temperature.text.len != 0) {
            has_temperature = ok && !thinks;
            if (has_temperature) {
                write_temperature(s.temperature);
            } else if (s.temperature.value != 1) {
                drop("temperature");
            }
        }
        if (s.top_p.text.len != 0) {
            const bool fits = !thinks || s.top_p.value >= 0.95;
            const bool both = !has_temperature || c_.traits.flag("top_p_and_temp_ok", true);
            if (ok && fits && both) {
                w_.key("top_p").raw(view(s.top_p.text));
            } else if (s.top_p.value < 0.99) {
                drop("top_p");
            }
        }
        if (s.top_k.text.len != 0) {
            if (ok && !thinks) {
                w_.key("top_k").raw(view(s.top_k.text));
            } else {
                drop("top_k");
            }
        }
        if (s.presence_penalty.text.len != 0) drop("presence_penalty");
        if (s.frequency_penalty.text.len != 0) drop("frequency_penalty");
        if (s.seed.text.len != 0) drop("seed");
        if (s.logit_bias.len != 0) drop("logit_bias");
    }

    void write_temperature(const parley_number& temperature) {
        if (temperature.value <= 1 || c_.own) {
            w_.key("temperature").raw(view(temperature.text));
            return;
        }
        c_.warn(PARLEY_WARNING_SAMPLING_CLAMPED, "temperature");
        w_.key("temperature").raw("1");
    }

    // A sequence of nothing but space is refused.
    void write_stops() {
        std::vector<std::string_view> stops;
        for (uint64_t i = 0; i < r_.stop_count; ++i) {
            const std::string_view stop = view(r_.stop[i]);
            if (stop.find_first_not_of(" \t\r\n") != stop.npos) {
                stops.push_back(stop);
            } else {
                c_.warn(PARLEY_WARNING_FIELD_DROPPED, "stop");
            }
        }
        if (stops.empty()) return;
        w_.key("stop_sequences").begin_array();
        for (const std::string_view stop : stops) w_.string(stop);
        w_.end_array();
    }

    // A client's name for its user may be a person's; this wire wants none.
    void write_identity() {
        const std::string rest = own_extra(c_, "metadata");
        const bool has_user = r_.identity != nullptr && r_.identity->user.len != 0;
        if (has_user || !rest.empty()) {
            w_.key("metadata").begin_object();
            if (has_user) {
                const std::string_view user = view(r_.identity->user);
                w_.key("user_id").string(c_.own ? std::string(user)
                                                : sdk::Digest().add(user).text());
            }
            sdk::JsonReader r(rest);
            sdk::JsonString key;
            if (r.peek() == '{' && r.enter_object()) {
                while (r.next_key(key)) w_.key(key.text()).raw(r.raw());
            }
            w_.end_object();
        }
        const uint32_t tier = r_.service_tier;
        const bool more = tier == PARLEY_TIER_PRIORITY || tier == PARLEY_TIER_SCALE;
        if (tier == PARLEY_TIER_DEFAULT) {
            w_.key("service_tier").string("standard_only");
        } else if (more || (tier == PARLEY_TIER_AUTO && c_.own)) {
            w_.key("service_tier").string("auto");
        }
    }

    void write_rest() {
        if (!c_.own) return;
        constexpr std::array<std::string_view, 4> kElsewhere{
            "anthropic-beta", "billing_block", "output_config", "metadata"};
        for (uint64_t i = 0; i < r_.extra_count; ++i) {
            if (view(r_.extras[i]->dialect) != kDialect) continue;
            sdk::JsonReader r(view(r_.extras[i]->json));
            sdk::JsonString key;
            r.enter_object();
            while (r.next_key(key)) {
                const std::string name = key.text();
                const std::string_view value = r.raw();
                const bool elsewhere =
                    std::find(kElsewhere.begin(), kElsewhere.end(), name) != kElsewhere.end();
                if (!elsewhere) w_.key(name).raw(value);
            }
        }
    }

    Crossing& c_;
    const parley_request& r_;
    sdk::Body body_;
    sdk::JsonWriter& w_;
    ToolWriter tools_;
};

void write_head(Crossing& c, parley_encoded_request& head) {
    head.path = str(c.counts ? "/v1/messages/count_tokens" : "/v1/messages");
    head.content_type = str("application/json");
    auto* headers = c.arena.array<parley_header>(2);
    const bool versioned = c.own && c.request.dialect_version.len != 0;
    const parley_str version = versioned ? c.request.dialect_version : str(kVersion);
    headers[head.header_count++] = {str("anthropic-version"), version, 0};
    std::string betas;
    const std::string told = own_extra(c, "anthropic-beta");
    sdk::JsonString text;
    if (!told.empty() && sdk::JsonReader(told).read_string(text)) betas = text.text();
    for (const std::string& beta : c.betas) {
        if (betas.find(beta) != betas.npos) continue;
        if (!betas.empty()) betas += ',';
        betas += beta;
    }
    if (!betas.empty()) {
        headers[head.header_count++] = {str("anthropic-beta"), c.arena.copy(betas), 0};
    }
    head.headers = headers;
    head.warnings = sdk::keep(c.arena, c.warnings.all());
    head.warning_count = c.warnings.all().size();
}

}  // namespace

void write_request(const parley_request& request,
                   const parley_target& target,
                   sdk::Arena& arena,
                   parley_encoded_request& head,
                   sdk::Out& out) {
    Crossing crossing(request, target, arena);
    RequestWriter(crossing, out).write();
    write_head(crossing, head);
}

Marks::Marks(const parley_request& request, std::size_t most) {
    const void* tool = nullptr;
    const void* system = nullptr;
    std::vector<const void*> turns;
    const auto collect = [&](const auto& self, const parley_part* const* all, uint64_t n) -> void {
        for (uint64_t i = 0; i < n; ++i) {
            if (all[i]->tool_result != nullptr) {
                self(self, all[i]->tool_result->parts, all[i]->tool_result->part_count);
            }
            const bool can = all[i]->kind != PARLEY_PART_REASONING;
            if (all[i]->cache != 0 && can) turns.push_back(all[i]);
        }
    };
    std::size_t count = 0;
    for (uint64_t i = 0; i < request.tool_count; ++i) {
        if (request.tools[i]->cache == 0) continue;
        tool = request.tools[i];
        kept_.insert(tool);
        ++count;
    }
    for (uint64_t i = 0; i < request.instruction_count; ++i) {
        if (request.instructions[i]->cache == 0) continue;
        system = request.instructions[i];
        kept_.insert(system);
        ++count;
    }
    for (uint64_t i = 0; i < request.message_count; ++i) {
        collect(collect, request.messages[i]->parts, request.messages[i]->part_count);
    }
    kept_.insert(turns.begin(), turns.end());
    if (count + turns.size() <= most) return;
    kept_.clear();
    if (tool != nullptr) kept_.insert(tool);
    if (system != nullptr) kept_.insert(system);
    while (!turns.empty() && kept_.size() < most) {
        kept_.insert(turns.back());
        turns.pop_back();
    }
}

void write_mark(sdk::JsonWriter& w, uint32_t cache) {
    w.key("cache_control").begin_object().key("type").string("ephemeral");
    if (cache == PARLEY_CACHE_5M) w.key("ttl").string("5m");
    if (cache == PARLEY_CACHE_1H || cache == PARLEY_CACHE_24H) w.key("ttl").string("1h");
    w.end_object();
}

}  // namespace parley::claude
