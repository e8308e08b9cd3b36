// grounding.hpp: the sources of a reply, gathered for the groundingMetadata at its end.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "parley/event.h"
#include "parley/sdk/json.hpp"

namespace parley::gemini {

class Grounding {
public:
    // Spans in code points can be told in bytes only where the text is kept.
    void keep_text() { keeps_text_ = true; }

    void part_started() {
        text_.clear();
        size_ = 0;
    }

    void text(std::string_view text) {
        size_ += text.size();
        if (keeps_text_) text_ += text;
    }

    void cite(const parley_event& e);

    // All of them are addresses; others have no place here.
    bool is_any() const { return !supports_.empty() && only_urls_; }

    void write(sdk::JsonWriter& w) const;

private:
    struct Source {
        std::string url;
        std::string title;
    };

    struct Support {
        std::size_t source = 0;
        uint64_t start = 0;
        uint64_t end = 0;
        std::string text;
    };

    uint64_t byte_of(uint64_t code_point) const;

    bool keeps_text_ = false;
    bool only_urls_ = true;
    uint64_t size_ = 0;  // of the open part's text
    std::string text_;
    std::vector<Source> sources_;
    std::vector<Support> supports_;
};

}  // namespace parley::gemini
