// pipeline/amend.cpp: what a place wants otherwise than its dialect says: a body that is changed a
// little, or a request that is written anew where it could be relayed.
#include <algorithm>

#include "pipeline/attempt.hpp"
#include "pipeline/exchange.hpp"

namespace parley::pipeline {

using base::Result;
using plugins::str;

// Before the request crosses, path and query are the client's.
parley_plan_ask Attempt::plan_ask() const {
    const Asked& asked = exchange_.asked();
    auto ask = plugins::sized<parley_plan_ask>();
    ask.operation = asked.call.operation;
    ask.stream = asked.wants_stream() ? 1 : 0;
    ask.attempt = exchange_.attempt_number();
    ask.dialect = str(spoken_.id());
    ask.model = str(candidate_.model);
    if (is_crossing()) {
        ask.path = crossing_->encoded().head.path;
        ask.query = crossing_->encoded().head.query;
    } else {
        ask.path = retarget_.path.len != 0 ? retarget_.path : asked.http.path;
        ask.query = retarget_.path.len != 0 ? retarget_.query : asked.http.query;
    }
    ask.account = &account_;
    ask.client = &asked.http;
    return ask;
}

bool Attempt::is_translated() const {
    return &spoken_ != exchange_.asked().dialect;
}

// A place may want to hear even its own dialect from us, and filters see canonical forms alone.
bool Attempt::must_cross() {
    wants_ = candidate_.place->provider->wants(plan_ask());
    if (is_translated()) return true;
    const bool is_wanted = (wants_ & PARLEY_WANT_CANONICAL) != 0;
    if (!is_wanted && filters_ == nullptr) return false;
    return plugins::translates_clients(spoken_) && plugins::translates_upstreams(spoken_) &&
           (is_wanted || exchange_.has_canonical_form());
}

// What the filters leave as it was goes on byte for byte.
bool Attempt::may_relay() const {
    return !is_translated() && (wants_ & PARLEY_WANT_CANONICAL) == 0;
}

Result<void> Attempt::amend(const parley_plan_ask& ask) {
    if ((wants_ & PARLEY_WANT_AMEND) == 0) return {};
    joined_.clear();
    if (is_crossing()) {
        crossing_->encoded().body.for_each([&](std::string_view piece) { joined_.append(piece); });
    }
    amendment_ = plugins::sized<parley_amendment>();
    const std::string_view body = is_crossing() ? joined_.view() : exchange_.asked().body();
    auto amended = candidate_.place->provider->amend(ask, body, exchange_.arena(), amendment_);
    if (!amended) return amended;
    auto merged = merge_edits(body.size());
    if (!merged) return merged;
    return refuse_losses();
}

// The dialect's edits and the place's, of which none may touch another.
Result<void> Attempt::merge_edits(std::size_t body_bytes) {
    const std::span<const parley_edit> of_place(amendment_.edits, amendment_.edit_count);
    edits_.assign(of_place.begin(), of_place.end());
    if (!is_crossing()) {
        edits_.insert(edits_.end(), retarget_.edits, retarget_.edits + retarget_.edit_count);
        std::stable_sort(
            edits_.begin(), edits_.end(), [](const auto& a, const auto& b) { return a.at < b.at; });
    }
    std::uint64_t at = 0;
    for (const parley_edit& edit : edits_) {
        if (edit.at < at || edit.len > body_bytes || edit.at > body_bytes - edit.len) {
            auto why = base::gateway_error(
                PARLEY_E_INTERNAL,
                candidate_.place->provider->name() + ": amend: edits that overlap");
            why.fault = PARLEY_FAULT_PLUGIN;
            why.scope = PARLEY_SCOPE_PLUGIN;
            return why;
        }
        at = edit.at + edit.len;
    }
    return {};
}

// As a crossing does on a strict route.
Result<void> Attempt::refuse_losses() const {
    if (!exchange_.terms().strict || amendment_.warning_count == 0) return {};
    return refusal_of_loss(*amendment_.warnings[0]);
}

std::string Attempt::lost() const {
    Losses all = is_crossing() ? crossing_->losses() : Losses();
    all.add(amendment_.warnings, amendment_.warning_count);
    return all.text();
}

}  // namespace parley::pipeline
