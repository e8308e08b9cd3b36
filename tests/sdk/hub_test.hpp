// hub_test.hpp: an arena and a sink for tests of the canonical hub.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "parley/sdk/grammar.hpp"
#include "parley/sdk/plugin.hpp"

namespace parley::sdk {

class TestArena {
public:
    const parley_arena* border() const { return &border_; }

private:
    static void* alloc(const parley_arena* arena, uint64_t size, uint64_t) {
        auto* self = static_cast<TestArena*>(arena->ctx);
        return self->blocks_.emplace_back(std::make_unique<char[]>(size)).get();
    }

    std::vector<std::unique_ptr<char[]>> blocks_;
    parley_arena border_{sizeof(border_), 0, this, alloc};
};

// Takes events as short lines, "text 0 hello", each checked against the grammar.
class TestSink {
public:
    const parley_sink* border() const { return &border_; }

    std::vector<std::string> lines;

private:
    static parley_status emit(const parley_sink* sink, const parley_event* e) {
        auto* self = static_cast<TestSink*>(sink->ctx);
        const char* wrong = self->grammar_.check(*e);
        EXPECT_EQ(wrong, nullptr) << wrong << " at event " << e->type;
        constexpr const char* kNames[] = {"?",
                                          "start",
                                          "open",
                                          "text",
                                          "think",
                                          "args",
                                          "media",
                                          "seal",
                                          "cite",
                                          "update",
                                          "end",
                                          "usage",
                                          "finish",
                                          "error",
                                          "ping",
                                          "warning",
                                          "raw",
                                          "ext"};
        std::string line = kNames[e->type];
        const bool of_part =
            e->type >= PARLEY_EVENT_PART_STARTED && e->type <= PARLEY_EVENT_PART_ENDED;
        if (of_part) line += ' ' + std::to_string(e->part);
        if (e->type == PARLEY_EVENT_FINISH) line += ' ' + std::to_string(e->kind);
        if (e->type == PARLEY_EVENT_PART_ENDED) {
            line += (e->flags & PARLEY_EVENT_COMPLETE) != 0 ? " whole" : " cut";
        }
        if (e->text.len != 0) line += ' ' + std::string(view(e->text));
        self->lines.push_back(line);
        return PARLEY_OK;
    }

    static void* alloc(const parley_sink*, uint64_t, uint64_t) { return nullptr; }

    GrammarChecker grammar_;
    parley_sink border_{sizeof(border_), 0, this, emit, alloc};
};

}  // namespace parley::sdk
