// parley/sdk/draft.hpp: collect what a client asks, then bring it into the normal form of
// parley/request.h.
//
//   RequestDraft draft(arena, "my-dialect", call);
//   draft.request.model = ...;                       // plain members are set directly
//   draft.begin(PARLEY_ROLE_USER, "messages[0]");    // turns in the client's order
//   draft.add(draft.text_part("hello", "messages[0].content"));
//   return draft.finish();
//
// The rules of the normal form are numbered N1 to N12 where they are applied.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "parley/dialect.h"
#include "parley/sdk/extras.hpp"
#include "parley/sdk/tree.hpp"

namespace parley::sdk {

class RequestDraft {
public:
    struct Message {
        uint32_t role = 0;
        uint32_t phase = 0;
        parley_str name{};
        parley_str origin{};
        std::vector<const parley_part*> parts;
        std::vector<const parley_extra*> extras;
    };

    RequestDraft(Arena& arena, std::string_view dialect, const parley_call& call)
        : request(make<parley_request>(arena)), arena_(arena) {
        request.dialect = str(dialect);
        request.operation = call.operation;
        request.raw = call.http->body;
    }

    // Lists in here are filled by finish().
    parley_request& request;

    Arena& arena() { return arena_; }

    // ---- turns ----

    // Starts a turn; parts go there until the next one.
    Message& begin(uint32_t role, std::string_view origin) {
        messages_.emplace_back();
        messages_.back().role = role;
        messages_.back().origin = arena_.copy(origin);
        return messages_.back();
    }

    void add(const parley_part& part) { messages_.back().parts.push_back(&part); }

    // Text that stands before all turns; `role` is SYSTEM or DEVELOPER.
    void instruct(parley_part& part, uint32_t role) {
        part.role = role;
        instructions_.push_back(&part);
    }

    parley_part& part(uint32_t kind, std::string_view origin) {
        auto& p = make<parley_part>(arena_);
        p.kind = kind;
        p.origin = arena_.copy(origin);
        return p;
    }

    parley_part& text_part(parley_str text, std::string_view origin) {
        auto& p = part(PARLEY_PART_TEXT, origin);
        p.text = text;
        return p;
    }

    // ---- lists of the request ----

    parley_tool& tool(uint32_t kind, std::string_view origin) {
        auto& t = make<parley_tool>(arena_);
        t.kind = kind;
        t.origin = arena_.copy(origin);
        tools_.push_back(&t);
        return t;
    }

    void stop(parley_str sequence) {
        if (sequence.len != 0) stops_.push_back(sequence);
    }

    void safety(const parley_safety& s) { safety_.push_back(&s); }

    // Members of the request that only its own dialect knows.
    void extras(std::string_view json_object) {
        auto& e = make<parley_extra>(arena_);
        e.dialect = request.dialect;
        e.json = arena_.copy(json_object);
        extras_.push_back(&e);
    }

    void extras(const ExtraMembers& members) {
        const parley_extra* made = members.made(arena_, view(request.dialect));
        if (made != nullptr) extras_.push_back(made);
    }

    // Those of a turn: the one that was begun last.
    void turn_extras(const ExtraMembers& members) {
        const parley_extra* made = members.made(arena_, view(request.dialect));
        if (made != nullptr) messages_.back().extras.push_back(made);
    }

    void warn(std::string_view code, std::string_view field = {}) {
        warnings_.add(arena_, code, field);
    }

    // The request in normal form. The draft is used up.
    const parley_request* finish() {
        drop_empty();
        hoist_instructions();
        if (request.operation != PARLEY_OPERATION_EMBED) {
            pair_results();
            merge_neighbours();
            demand_a_turn();
        }
        freeze();
        return &request;
    }

private:
    struct Call {
        std::size_t message = 0;
        std::size_t part = 0;
        std::string_view id;
        const parley_part* result = nullptr;
    };

    template <class T>
    T& altered(const T& node) {
        T& copy = make<T>(arena_);
        copy = node;
        return copy;
    }

    // N9: empty texts go, and with them messages that hold nothing else.
    void drop_empty() {
        for (Message& m : messages_) {
            std::erase_if(m.parts, [](const parley_part* p) {
                return p->kind == PARLEY_PART_TEXT && p->text.len == 0 && p->seal == nullptr;
            });
        }
        std::erase_if(messages_, [](const Message& m) { return m.parts.empty(); });
        std::erase_if(instructions_, [](const parley_part* p) { return p->text.len == 0; });
    }

    static bool is_system(const Message& m) {
        return m.role == PARLEY_ROLE_SYSTEM || m.role == PARLEY_ROLE_DEVELOPER;
    }

    // N2: leading system and developer turns are instructions.
    void hoist_instructions() {
        std::size_t leading = 0;
        for (; leading < messages_.size() && is_system(messages_[leading]); ++leading) {
            for (const parley_part* p : messages_[leading].parts) {
                if (p->kind != PARLEY_PART_TEXT) continue;
                parley_part& text = altered(*p);
                text.role = messages_[leading].role;
                instructions_.push_back(&text);
            }
            // They belong to a turn that is no more.
            for (const parley_extra* extra : messages_[leading].extras) lose(*extra);
        }
        messages_.erase(messages_.begin(), messages_.begin() + static_cast<long>(leading));
    }

    void lose(const parley_extra& extra) {
        const parley_extra* one = &extra;
        each_extra(&one, 1, view(extra.dialect), [&](const std::string& name, std::string_view) {
            warn(PARLEY_WARNING_FIELD_DROPPED, name);
        });
    }

    // N3 to N8 and N12: behind an assistant turn stand the results of its calls, in their order.
    void pair_results() {
        merge_neighbours();
        std::vector<Call> calls;
        std::map<std::string_view, std::vector<std::size_t>> by_id;
        std::vector<const parley_part*> strays;
        for (std::size_t m = 0; m < messages_.size(); ++m) {
            Message& message = messages_[m];
            if (message.role == PARLEY_ROLE_ASSISTANT) calls_last(message);
            for (std::size_t p = 0; p < message.parts.size(); ++p) {
                const parley_part* part = message.parts[p];
                if (part->kind == PARLEY_PART_TOOL_CALL) {
                    const std::string_view id = view(part->tool_call->id);
                    by_id[id].push_back(calls.size());
                    calls.push_back({m, p, id, nullptr});
                } else if (part->kind == PARLEY_PART_TOOL_RESULT) {
                    claim(*part, calls, by_id, strays);
                }
            }
        }
        std::vector<Message> ordered;
        std::size_t next_call = 0;
        for (std::size_t m = 0; m < messages_.size(); ++m) {
            Message& message = messages_[m];
            if (message.role == PARLEY_ROLE_TOOL) {
                keep_strays(message, strays, ordered);
                continue;
            }
            Message results;
            results.role = PARLEY_ROLE_TOOL;
            for (; next_call < calls.size() && calls[next_call].message == m; ++next_call) {
                settle(calls[next_call], by_id, next_call, message, results);
            }
            const bool is_last = last_of_talk(m);
            results.origin = message.origin;
            ordered.push_back(std::move(message));
            const bool answered = std::any_of(
                results.parts.begin(), results.parts.end(), [](const auto* p) { return p; });
            if (!is_last || answered) synthesise(ordered.back(), results);
            if (!results.parts.empty() && results.parts.front() != nullptr) {
                ordered.push_back(std::move(results));
            }
        }
        messages_ = std::move(ordered);
    }

    // N8: calls come last, with the reasoning that stands between them.
    static void calls_last(Message& message) {
        const auto is_call = [](const parley_part* p) { return p->kind == PARLEY_PART_TOOL_CALL; };
        const auto first = std::find_if(message.parts.begin(), message.parts.end(), is_call);
        std::stable_partition(first, message.parts.end(), [](const parley_part* p) {
            return p->kind != PARLEY_PART_TOOL_CALL && p->kind != PARLEY_PART_REASONING;
        });
    }

    // Gives a result to a call with its id that has none yet, of the latest turn that made one:
    // what comes later must not change what stood in the talk before.
    void claim(const parley_part& result,
               std::vector<Call>& calls,
               std::map<std::string_view, std::vector<std::size_t>>& by_id,
               std::vector<const parley_part*>& strays) {
        const auto found = by_id.find(view(result.tool_result->call_id));
        if (found == by_id.end()) {
            if (continues()) {
                strays.push_back(&result);
            } else {
                warn(PARLEY_WARNING_ORPHAN_TOOL_RESULT, view(result.origin));  // N5
            }
            return;
        }
        const std::vector<std::size_t>& same = found->second;
        const std::size_t turn = calls[same.back()].message;
        for (const std::size_t call : same) {
            if (calls[call].message != turn || calls[call].result != nullptr) continue;
            calls[call].result = &result;
            return;
        }
        warn(PARLEY_WARNING_DUPLICATE_TOOL_RESULT, view(result.origin));  // N6: the last counts
        calls[same.back()].result = &result;
    }

    // Results of calls that the upstream keeps.
    static void keep_strays(const Message& message,
                            const std::vector<const parley_part*>& strays,
                            std::vector<Message>& ordered) {
        Message kept;
        kept.role = PARLEY_ROLE_TOOL;
        kept.origin = message.origin;
        for (const parley_part* p : message.parts) {
            if (std::find(strays.begin(), strays.end(), p) != strays.end()) kept.parts.push_back(p);
        }
        if (!kept.parts.empty()) ordered.push_back(std::move(kept));
    }

    // N7 and N12, and the call's result behind the others of its turn; null when there is none.
    void settle(const Call& call,
                const std::map<std::string_view, std::vector<std::size_t>>& by_id,
                std::size_t number,
                Message& message,
                Message& results) {
        const parley_part& part = *message.parts[call.part];
        const std::vector<std::size_t>& same = by_id.find(call.id)->second;
        const auto nth = std::find(same.begin(), same.end(), number) - same.begin();
        parley_str id = part.tool_call->id;
        const bool no_arguments =
            part.tool_call->kind != PARLEY_TOOL_CALL_CUSTOM && part.tool_call->arguments.len == 0;
        if (nth != 0) id = arena_.copy(std::string(call.id) + '~' + std::to_string(nth + 1));
        if (nth != 0 || no_arguments) {
            auto& tool_call = altered(*part.tool_call);
            tool_call.id = id;
            if (no_arguments) tool_call.arguments = str("{}");
            auto& renamed = altered(part);
            renamed.tool_call = &tool_call;
            message.parts[call.part] = &renamed;
        }
        if (call.result == nullptr) {
            results.parts.push_back(nullptr);
            return;
        }
        auto& tool_result = altered(*call.result->tool_result);
        tool_result.call_id = id;
        if (tool_result.name.len == 0) tool_result.name = part.tool_call->name;
        auto& result = altered(*call.result);
        result.tool_result = &tool_result;
        results.parts.push_back(&result);
    }

    // No user or tool turn comes behind it: its calls are the client's to answer.
    bool last_of_talk(std::size_t at) const {
        return std::all_of(messages_.begin() + static_cast<long>(at) + 1,
                           messages_.end(),
                           [](const Message& m) { return is_system(m); });
    }

    // N4: a call without a result would be refused by every upstream, for good.
    void synthesise(const Message& turn, Message& results) {
        std::size_t nth = 0;
        for (const parley_part* p : turn.parts) {
            if (p->kind != PARLEY_PART_TOOL_CALL) continue;
            const parley_part*& place = results.parts[nth++];
            if (place != nullptr) continue;
            warn(PARLEY_WARNING_TOOL_RESULT_SYNTHESISED, view(p->origin));
            auto& tool_result = make<parley_tool_result>(arena_);
            tool_result.call_id = p->tool_call->id;
            tool_result.name = p->tool_call->name;
            tool_result.is_error = PARLEY_SAYS_YES;
            const std::vector<const parley_part*> content{
                &text_part(str("No result was recorded for this tool call."), view(p->origin))};
            tool_result.parts = keep(arena_, content);
            tool_result.part_count = content.size();
            auto& result = part(PARLEY_PART_TOOL_RESULT, view(p->origin));
            result.tool_result = &tool_result;
            place = &result;
        }
    }

    // N1: neighbours of the same role are one turn.
    void merge_neighbours() {
        std::vector<Message> merged;
        for (Message& m : messages_) {
            const bool joins = !merged.empty() && merged.back().role == m.role &&
                               view(merged.back().name) == view(m.name) &&
                               (merged.back().phase == m.phase || m.phase == 0);
            if (!joins) {
                merged.push_back(std::move(m));
                continue;
            }
            Message& last = merged.back();
            last.parts.insert(last.parts.end(), m.parts.begin(), m.parts.end());
            last.extras.insert(last.extras.end(), m.extras.begin(), m.extras.end());
        }
        messages_ = std::move(merged);
    }

    // The upstream knows turns that are not in here.
    bool continues() const {
        const parley_previous* p = request.previous;
        return p != nullptr && (p->response_id.len != 0 || p->conversation.len != 0);
    }

    // False when there is no turn. One that only its own dialect understands is refused.
    bool has_turn() const {
        const Message* unknown = nullptr;
        for (const Message& m : messages_) {
            if (m.role != PARLEY_ROLE_USER && m.role != PARLEY_ROLE_TOOL) continue;
            const auto is_known = [](const parley_part* part) {
                return part->kind != PARLEY_PART_SERVER_ITEM;
            };
            if (std::any_of(m.parts.begin(), m.parts.end(), is_known)) return true;
            unknown = &m;
        }
        if (unknown == nullptr || unknown->parts.empty()) return unknown != nullptr;
        throw Failure(PARLEY_E_UNSUPPORTED,
                      "no message to answer that other dialects know",
                      std::string(view(unknown->parts.front()->origin)),
                      "unsupported_value");
    }

    // N10: every upstream needs something to answer.
    void demand_a_turn() {
        if (has_turn() || continues() || request.prompt_template.len != 0) return;
        const parley_part* last = nullptr;
        if (!instructions_.empty()) {
            last = instructions_.back();
            instructions_.pop_back();
        }
        if (last == nullptr) throw Failure(PARLEY_E_INVALID_ARGUMENT, "no message to answer");
        parley_part& text = altered(*last);
        text.role = 0;
        Message user;
        user.role = PARLEY_ROLE_USER;
        user.origin = text.origin;
        user.parts.push_back(&text);
        messages_.insert(messages_.begin(), std::move(user));
    }

    void freeze() {
        std::vector<const parley_message*> messages;
        for (const Message& m : messages_) {
            auto& message = make<parley_message>(arena_);
            message.role = m.role;
            message.phase = m.phase;
            message.name = m.name;
            message.origin = m.origin;
            message.parts = keep(arena_, m.parts);
            message.part_count = m.parts.size();
            message.extras = keep(arena_, m.extras);
            message.extra_count = m.extras.size();
            messages.push_back(&message);
            note(m.parts);
        }
        request.messages = keep(arena_, messages);
        request.message_count = messages.size();
        request.instructions = keep(arena_, instructions_);
        request.instruction_count = instructions_.size();
        request.tools = keep(arena_, tools_);
        request.tool_count = tools_.size();
        request.stop = keep(arena_, stops_);
        request.stop_count = stops_.size();
        request.safety = keep(arena_, safety_);
        request.safety_count = safety_.size();
        request.extras = keep(arena_, extras_);
        request.extra_count = extras_.size();
        request.warnings = keep(arena_, warnings_.all());
        request.warning_count = warnings_.all().size();
        if (!tools_.empty()) request.flags |= PARLEY_REQUEST_HAS_TOOLS;
    }

    // The facts that save a walk.
    void note(const std::vector<const parley_part*>& parts) {
        for (const parley_part* p : parts) {
            if (p->kind == PARLEY_PART_IMAGE) request.flags |= PARLEY_REQUEST_HAS_IMAGES;
            if (p->kind == PARLEY_PART_DOCUMENT) request.flags |= PARLEY_REQUEST_HAS_DOCUMENTS;
            if (p->kind == PARLEY_PART_AUDIO) request.flags |= PARLEY_REQUEST_HAS_AUDIO;
            if (p->kind == PARLEY_PART_VIDEO) request.flags |= PARLEY_REQUEST_HAS_VIDEO;
            if (p->seal != nullptr) request.flags |= PARLEY_REQUEST_HAS_SEALS;
            if (p->kind != PARLEY_PART_TOOL_RESULT) continue;
            const parley_tool_result& result = *p->tool_result;
            note({result.parts, result.parts + result.part_count});
        }
    }

    Arena& arena_;
    std::vector<Message> messages_;
    std::vector<const parley_part*> instructions_;
    std::vector<const parley_tool*> tools_;
    std::vector<parley_str> stops_;
    std::vector<const parley_safety*> safety_;
    std::vector<const parley_extra*> extras_;
    Warnings warnings_;
};

}  // namespace parley::sdk
