#include "grounding.hpp"

#include <algorithm>

#include "parley/sdk/plugin.hpp"

namespace parley::gemini {

using sdk::view;

uint64_t Grounding::byte_of(uint64_t code_point) const {
    uint64_t byte = 0;
    for (; byte < text_.size(); ++byte) {
        const bool begins = (static_cast<unsigned char>(text_[byte]) & 0xc0) != 0x80;
        if (begins && code_point-- == 0) break;
    }
    return byte;
}

void Grounding::cite(const parley_event& e) {
    if (e.text.len == 0) {
        only_urls_ = false;
        return;
    }
    const auto known = std::find_if(
        sources_.begin(), sources_.end(), [&](const Source& s) { return s.url == view(e.text); });
    Support support;
    support.source = static_cast<std::size_t>(known - sources_.begin());
    if (known == sources_.end()) {
        sources_.push_back({std::string(view(e.text)), std::string(view(e.name))});
    }
    support.end = size_;
    if ((e.flags & PARLEY_EVENT_SPAN_BYTES) != 0) {
        support.start = e.a;
        support.end = e.b;
    } else if ((e.flags & PARLEY_EVENT_SPAN_CODEPOINTS) != 0 && keeps_text_) {
        support.start = byte_of(e.a);
        support.end = byte_of(e.b);
    }
    if (support.start < support.end && support.end <= text_.size()) {
        support.text = text_.substr(support.start, support.end - support.start);
    }
    supports_.push_back(std::move(support));
}

void Grounding::write(sdk::JsonWriter& w) const {
    w.begin_object().key("groundingChunks").begin_array();
    for (const Source& source : sources_) {
        w.begin_object().key("web").begin_object().key("uri").string(source.url);
        if (!source.title.empty()) w.key("title").string(source.title);
        w.end_object().end_object();
    }
    w.end_array().key("groundingSupports").begin_array();
    for (const Support& support : supports_) {
        w.begin_object().key("segment").begin_object();
        w.key("startIndex").number(static_cast<int64_t>(support.start));
        w.key("endIndex").number(static_cast<int64_t>(support.end));
        if (!support.text.empty()) w.key("text").string(support.text);
        w.end_object().key("groundingChunkIndices").begin_array();
        w.number(static_cast<int64_t>(support.source)).end_array().end_object();
    }
    w.end_array().end_object();
}

}  // namespace parley::gemini
