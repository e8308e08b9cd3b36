#include "pipeline/estimate.hpp"

#include <algorithm>

#include "plugins/border.hpp"

namespace parley::pipeline {

namespace {

// English prose takes about 4 bytes a token, code and JSON 3, other scripts 2 to 3 for a character
// of 2 to 4 bytes.
constexpr std::uint64_t kBytesPerToken = 3;
constexpr std::uint64_t kTokensPerTurn = 8;
// What providers say before the client does, and what they say of tools where there are some.
constexpr std::uint64_t kTokensUnseen = 160;
constexpr std::uint64_t kTokensOfTools = 450;
constexpr std::uint64_t kTokensPerTool = 16;
constexpr std::uint64_t kTokensPerImage = 1'600;     // the largest that is not scaled down
constexpr std::uint64_t kDocumentBytesPerToken = 8;  // of base64: fonts and pictures are no text
// Of what was not read.
constexpr std::uint64_t kRequestBytesPerToken = 4;
constexpr std::uint64_t kInputMax = 32'768;         // what is much longer is pictures, as a rule
constexpr std::uint64_t kReplyBytesPerToken = 200;  // an event for each token, or for some

class Estimate {
public:
    std::uint64_t of(const parley_request& r) {
        parts(r.instructions, r.instruction_count);
        for (std::uint64_t i = 0; i < r.message_count; ++i) {
            tokens_ += kTokensPerTurn;
            parts(r.messages[i]->parts, r.messages[i]->part_count);
        }
        for (std::uint64_t i = 0; i < r.tool_count; ++i) {
            const parley_tool& tool = *r.tools[i];
            tokens_ += kTokensPerTool;
            bytes_ += tool.name.len + tool.description.len + tool.schema.len + tool.grammar.len;
        }
        tokens_ += kTokensUnseen + (r.tool_count == 0 ? 0 : kTokensOfTools);
        if (r.format != nullptr) bytes_ += r.format->schema.len;
        return tokens_ + (bytes_ + kBytesPerToken - 1) / kBytesPerToken;
    }

private:
    void parts(const parley_part* const* all, std::uint64_t count) {
        for (std::uint64_t i = 0; i < count; ++i) part(*all[i]);
    }

    void part(const parley_part& p) {
        bytes_ += p.text.len;
        if (p.media != nullptr) media(p.kind, *p.media);
        if (p.tool_call != nullptr) bytes_ += p.tool_call->name.len + p.tool_call->arguments.len;
        if (p.tool_result != nullptr) parts(p.tool_result->parts, p.tool_result->part_count);
        if (p.search_result != nullptr) {
            bytes_ += p.search_result->source.len + p.search_result->title.len;
            parts(p.search_result->parts, p.search_result->part_count);
        }
        if (p.server_item != nullptr) bytes_ += p.server_item->raw.len;
        if (p.reasoning == nullptr) return;
        for (std::uint64_t i = 0; i < p.reasoning->section_count; ++i) {
            bytes_ += p.reasoning->sections[i]->text.len;
        }
    }

    void media(std::uint32_t kind, const parley_media& m) {
        if (m.source == PARLEY_MEDIA_TEXT) {
            bytes_ += m.data.len;
        } else if (kind == PARLEY_PART_IMAGE) {
            tokens_ += kTokensPerImage;
        } else {
            tokens_ += kTokensPerImage + m.data.len / kDocumentBytesPerToken;
        }
        parts(m.parts, m.part_count);
    }

    std::uint64_t bytes_ = 0;
    std::uint64_t tokens_ = 0;
};

}  // namespace

std::uint64_t estimated_tokens(const parley_request& request) {
    return Estimate().of(request);
}

std::uint64_t input_of(std::uint64_t request_bytes) {
    return std::min(request_bytes / kRequestBytesPerToken, kInputMax);
}

std::uint64_t output_of(std::uint64_t reply_bytes) {
    return reply_bytes / kReplyBytesPerToken;
}

}  // namespace parley::pipeline
