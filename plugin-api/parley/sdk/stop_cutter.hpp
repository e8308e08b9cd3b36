// parley/sdk/stop_cutter.hpp: end a reply at the client's stop sequences where the upstream cannot.
//
// A decoder whose dialect has no place for stop sequences, or too few, lets its text parts run
// through here on their way to the Emitter:
//
//   StopCutter cutter(*open.request, 0);                     // so many the upstream watches itself
//   if (cutter.feed(text, [&](std::string_view t) { emitter.text(key, t); })) {
//       emitter.finish({PARLEY_FINISH_STOP_SEQUENCE, cutter.met()});   // the rest is not read
//   }
//   ...
//   cutter.flush([&](std::string_view t) { emitter.text(key, t); });   // the part is over
//
// A reply is cut at the sequence that is complete first; of those that end at the same byte the
// longest counts. What may still become a sequence is held back. No text of a part that ended
// joins that of the next. Reasoning and arguments of calls do not go through it.
#pragma once

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "parley/request.h"
#include "parley/sdk/plugin.hpp"

namespace parley::sdk {

class StopCutter {
public:
    // Watches nothing when the upstream has been given all sequences, of which it takes
    // `taken_max`. The request must outlive this.
    StopCutter(const parley_request& request, std::size_t taken_max) {
        if (request.stop_count <= taken_max) return;
        for (uint64_t i = 0; i < request.stop_count; ++i) add(view(request.stop[i]));
    }

    explicit StopCutter(const std::vector<std::string_view>& sequences) {
        for (const std::string_view sequence : sequences) add(sequence);
    }

    bool watches() const { return !sequences_.empty(); }

    // The sequence that was met; empty before that.
    std::string_view met() const { return met_; }

    // More text of a part. Hands `emit(std::string_view)` what is safe to show; true when a
    // sequence was met, after which nothing is handed out any more.
    template <class Emit>
    bool feed(std::string_view text, Emit&& emit) {
        if (!met_.empty()) return true;
        if (!watches()) {
            if (!text.empty()) emit(text);
            return false;
        }
        const bool joins = !held_.empty();
        if (joins) held_ += text;
        const std::string_view all = joins ? std::string_view(held_) : text;
        const std::size_t cut = find(all);
        const std::size_t safe = cut != all.npos ? cut : all.size() - doubtful(all);
        if (safe != 0) emit(all.substr(0, safe));
        if (cut != all.npos) {
            held_.clear();
        } else if (joins) {
            held_.erase(0, safe);
        } else {
            held_ = all.substr(safe);
        }
        return !met_.empty();
    }

    // The part is over: what was held back is text after all.
    template <class Emit>
    void flush(Emit&& emit) {
        if (held_.empty()) return;
        emit(std::string_view(held_));
        held_.clear();
    }

private:
    void add(std::string_view sequence) {
        if (!sequence.empty()) sequences_.push_back(sequence);
    }

    // Where the text is to be cut; npos when no sequence is complete.
    std::size_t find(std::string_view text) {
        std::size_t cut = text.npos;
        std::size_t first_end = text.npos;
        for (const std::string_view sequence : sequences_) {
            const std::size_t at = text.find(sequence);
            if (at == text.npos) continue;
            const std::size_t end = at + sequence.size();
            const bool sooner = first_end == text.npos || end < first_end;
            if (!sooner && (end != first_end || at >= cut)) continue;
            cut = at;
            first_end = end;
            met_ = sequence;
        }
        return cut;
    }

    // How many bytes at the end may be the head of a sequence.
    std::size_t doubtful(std::string_view text) const {
        std::size_t most = 0;
        for (const std::string_view sequence : sequences_) {
            std::size_t size = std::min(sequence.size() - 1, text.size());
            while (size > most && !text.ends_with(sequence.substr(0, size))) --size;
            most = std::max(most, size);
        }
        return most;
    }

    std::vector<std::string_view> sequences_;
    std::string held_;
    std::string_view met_;
};

}  // namespace parley::sdk
