// parley/sdk/fold.hpp: the whole reply that a stream of events amounts to.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "parley/event.h"
#include "parley/sdk/plugin.hpp"
#include "parley/sdk/usage.hpp"

namespace parley::sdk {

// One stretch of reasoning.
struct FoldedSection {
    std::string text;
    uint64_t number = 0;
    bool summary = false;
};

struct FoldedSeal {
    uint64_t scheme = 0;  // PARLEY_SEAL_*; 0: none
    std::string family;
    std::string data;
    std::string extra;
};

struct FoldedCitation {
    std::string url;
    std::string title;
    std::string extra;
    uint64_t start = 0;
    uint64_t end = 0;
    uint16_t flags = 0;
};

struct FoldedPart {
    uint32_t kind = 0;
    std::string id;     // of a call or item
    std::string name;   // of the tool; the MIME type of media
    std::string text;   // text, arguments, or base64 of all deltas
    std::string extra;  // as in PART_STARTED, or of the last SERVER_UPDATE
    uint64_t tool_kind = 0;
    std::vector<FoldedSection> sections;
    std::vector<FoldedCitation> citations;
    std::vector<std::string> logprobs;  // the `extra` of deltas that had one
    FoldedSeal seal;
    bool complete = false;
};

struct FoldedReply {
    std::string id;
    std::string model;
    uint64_t created_s = 0;
    std::string start_extra;
    std::vector<FoldedPart> parts;
    Usage usage;
    uint32_t finish = 0;  // PARLEY_FINISH_*
    std::string stop_sequence;
    std::string finish_name;
    std::string finish_extra;
};

class Fold {
public:
    // Takes the next event; true when the reply is whole. Errors are the caller's matter.
    bool add(const parley_event& e) {
        switch (e.type) {
            case PARLEY_EVENT_RESPONSE_STARTED:
                reply_.id = view(e.text);
                reply_.model = view(e.name);
                reply_.created_s = e.a;
                reply_.start_extra = view(e.extra);
                break;
            case PARLEY_EVENT_PART_STARTED:
                start(e);
                break;
            case PARLEY_EVENT_USAGE:
                merge_usage(reply_.usage, usage_of(e));
                break;
            case PARLEY_EVENT_FINISH:
                reply_.finish = e.kind;
                reply_.stop_sequence = view(e.text);
                reply_.finish_name = view(e.name);
                reply_.finish_extra = view(e.extra);
                return true;
            default:
                if (!reply_.parts.empty()) delta(e, reply_.parts.back());
                break;
        }
        return false;
    }

    const FoldedReply& reply() const { return reply_; }

private:
    void start(const parley_event& e) {
        reply_.parts.emplace_back();
        FoldedPart& part = reply_.parts.back();
        part.kind = e.kind;
        part.id = view(e.text);
        part.name = view(e.name);
        part.extra = view(e.extra);
        part.tool_kind = e.a;
    }

    static void delta(const parley_event& e, FoldedPart& part) {
        switch (e.type) {
            case PARLEY_EVENT_TEXT_DELTA:
                if (e.extra.len != 0) part.logprobs.emplace_back(view(e.extra));
                part.text += view(e.text);
                break;
            case PARLEY_EVENT_TOOL_ARGS_DELTA:
            case PARLEY_EVENT_MEDIA_DELTA:
                part.text += view(e.text);
                break;
            case PARLEY_EVENT_REASONING_DELTA: {
                const bool summary = (e.flags & PARLEY_EVENT_SUMMARY) != 0;
                if (part.sections.empty() || part.sections.back().number != e.a) {
                    part.sections.push_back({{}, e.a, summary});
                }
                part.sections.back().text += view(e.text);
                break;
            }
            case PARLEY_EVENT_SEAL:
                part.seal.scheme = e.a;
                part.seal.family = view(e.name);
                part.seal.data = view(e.text);
                part.seal.extra = view(e.extra);
                break;
            case PARLEY_EVENT_CITATION: {
                FoldedCitation c;
                c.url = view(e.text);
                c.title = view(e.name);
                c.extra = view(e.extra);
                c.start = e.a;
                c.end = e.b;
                c.flags = e.flags;
                part.citations.push_back(std::move(c));
                break;
            }
            case PARLEY_EVENT_SERVER_UPDATE:
                if (e.extra.len != 0) part.extra = view(e.extra);
                break;
            case PARLEY_EVENT_PART_ENDED:
                part.complete = (e.flags & PARLEY_EVENT_COMPLETE) != 0;
                break;
            default:
                break;
        }
    }

    FoldedReply reply_;
};

}  // namespace parley::sdk
