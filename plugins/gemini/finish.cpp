#include "finish.hpp"

#include <array>

#include "parley/event.h"
#include "wire.hpp"

namespace parley::gemini {

namespace {

struct Row {
    std::string_view word;
    uint32_t kind;
};

constexpr std::array kRows{
    Row{"STOP", PARLEY_FINISH_STOP},
    Row{"MAX_TOKENS", PARLEY_FINISH_LENGTH},
    Row{"CONTINUATION", PARLEY_FINISH_PAUSE},
    Row{"SAFETY", PARLEY_FINISH_CONTENT_FILTER},
    Row{"RECITATION", PARLEY_FINISH_CONTENT_FILTER},
    Row{"LANGUAGE", PARLEY_FINISH_CONTENT_FILTER},
    Row{"BLOCKLIST", PARLEY_FINISH_CONTENT_FILTER},
    Row{"PROHIBITED_CONTENT", PARLEY_FINISH_CONTENT_FILTER},
    Row{"SPII", PARLEY_FINISH_CONTENT_FILTER},
    Row{"MODEL_ARMOR", PARLEY_FINISH_CONTENT_FILTER},
    Row{"IMAGE_SAFETY", PARLEY_FINISH_CONTENT_FILTER},
    Row{"IMAGE_PROHIBITED_CONTENT", PARLEY_FINISH_CONTENT_FILTER},
    Row{"IMAGE_RECITATION", PARLEY_FINISH_CONTENT_FILTER},
    Row{"MALFORMED_FUNCTION_CALL", PARLEY_FINISH_MALFORMED_TOOL_CALL},
    Row{"UNEXPECTED_TOOL_CALL", PARLEY_FINISH_MALFORMED_TOOL_CALL},
    Row{"TOO_MANY_TOOL_CALLS", PARLEY_FINISH_MALFORMED_TOOL_CALL},
};

// By the numbers of the public protocol buffers.
constexpr std::array<std::string_view, 12> kNumbered{
    "FINISH_REASON_UNSPECIFIED",
    "STOP",
    "MAX_TOKENS",
    "SAFETY",
    "RECITATION",
    "OTHER",
    "BLOCKLIST",
    "PROHIBITED_CONTENT",
    "SPII",
    "MALFORMED_FUNCTION_CALL",
    "LANGUAGE",
    "IMAGE_SAFETY",
};

}  // namespace

std::string read_finish(sdk::JsonReader& r) {
    if (r.peek() == 'n' && r.read_null()) return {};
    std::string word = read_enum(r, kNumbered);
    return word.empty() ? std::string("OTHER") : word;
}

uint32_t finish_of(std::string_view word) {
    for (const Row& row : kRows) {
        if (row.word == word) return row.kind;
    }
    return PARLEY_FINISH_OTHER;
}

std::string_view finish_word(uint32_t kind) {
    switch (kind) {
        case PARLEY_FINISH_STOP:
        case PARLEY_FINISH_STOP_SEQUENCE:
        case PARLEY_FINISH_TOOL_CALLS:
        case PARLEY_FINISH_PAUSE:
            return "STOP";
        case PARLEY_FINISH_LENGTH:
        case PARLEY_FINISH_CONTEXT_LENGTH:
            return "MAX_TOKENS";
        case PARLEY_FINISH_REFUSAL:
        case PARLEY_FINISH_CONTENT_FILTER:
            return "SAFETY";
        case PARLEY_FINISH_MALFORMED_TOOL_CALL:
            return "MALFORMED_FUNCTION_CALL";
        default:
            return "OTHER";
    }
}

}  // namespace parley::gemini
