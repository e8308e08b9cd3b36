// http/deadline.cpp: a ring of deadlines, walked by the tick.
#include "http/deadline.hpp"

namespace parley::http {

Deadline::Deadline(Deadlines& all, void* owner, Expired expired)
    : all_(&all), owner_(owner), expired_(expired) {}

void Deadline::set(std::uint64_t after_ms) {
    if (after_ms == 0) {
        clear();
        return;
    }
    at_ms_ = all_->now_ms_ + after_ms;
    if (!is_set()) all_->link(*this);
}

void Deadline::clear() {
    if (is_set()) Deadlines::unlink(*this);
}

void Deadlines::link(Deadline& d) {
    d.next_ = &head_;
    d.previous_ = head_.previous_;
    head_.previous_->next_ = &d;
    head_.previous_ = &d;
    if (ticking_) return;
    ticking_ = true;
    start_(ctx_);
}

void Deadlines::unlink(Deadline& d) {
    d.previous_->next_ = d.next_;
    d.next_->previous_ = d.previous_;
    d.next_ = d.previous_ = nullptr;
}

void Deadlines::postpone(std::uint64_t by_ms) {
    for (Deadline* d = head_.next_; d != &head_; d = d->next_) d->at_ms_ += by_ms;
}

bool Deadlines::tick(std::uint64_t late_ms) {
    if (late_ms >= Deadline::kLateMs) postpone(late_ms);
    // What fires may set and clear any deadline, so collect first: the due ones move to a ring of
    // their own, and clearing one there works as everywhere.
    Deadline due{Deadline::Sentinel{}};
    for (Deadline* d = head_.next_; d != &head_;) {
        Deadline* next = d->next_;
        if (d->at_ms_ <= now_ms_) {
            unlink(*d);
            d->next_ = &due;
            d->previous_ = due.previous_;
            due.previous_->next_ = d;
            due.previous_ = d;
        }
        d = next;
    }
    while (due.next_ != &due) {
        Deadline* d = due.next_;
        unlink(*d);
        d->expired_(d->owner_);
    }
    ticking_ = head_.next_ != &head_;
    return ticking_;
}

}  // namespace parley::http
