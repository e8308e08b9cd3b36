/* stream.c: the pattern in replies, wherever their deltas are cut. */
#include "filter.h"

static parley_status say(parley_session* s, const parley_sink* sink, const char* at, uint64_t n) {
    s->last.text = as_str(at, n);
    return n == 0 ? PARLEY_OK : sink->emit(sink, &s->last);
}

/* Positions count from where `text` begins; what was held stands in front of it. */
static parley_status say_range(
    parley_session* s, const parley_sink* sink, parley_str text, int64_t from, int64_t to) {
    if (from < 0) {
        const int64_t end = to < 0 ? to : 0;
        const char* held = s->instance->pattern + (int64_t)s->held + from;
        const parley_status status = say(s, sink, held, (uint64_t)(end - from));
        if (status < 0) return status;
        from = end;
    }
    return say(s, sink, text.ptr + from, (uint64_t)(to - from));
}

static parley_status redact(parley_session* s, const parley_event* e, const parley_sink* sink) {
    const parley_instance* i = s->instance;
    uint64_t matched = s->held;
    int64_t from = -(int64_t)s->held;
    parley_status status = PARLEY_OK;
    for (uint64_t at = 0; at < e->text.len && status >= 0; ++at) {
        matched = match(i, matched, e->text.ptr[at]);
        if (matched < i->pattern_len) continue;
        status = say_range(s, sink, e->text, from, (int64_t)(at + 1 - matched));
        if (status >= 0) status = say(s, sink, i->replacement, i->replacement_len);
        s->is_changed = 1;
        matched = 0;
        from = (int64_t)at + 1;
    }
    const int64_t to = (int64_t)(e->text.len - matched);
    const int is_whole = from == 0 && matched == 0;
    if (status >= 0)
        status = is_whole ? sink->emit(sink, e) : say_range(s, sink, e->text, from, to);
    s->held = matched;
    return status;
}

parley_status hear(parley_session* s,
                   const parley_event* e,
                   const parley_sink* sink,
                   parley_error* error) {
    const int is_seal = e->type == PARLEY_EVENT_SEAL;
    const int is_end = e->type == PARLEY_EVENT_PART_ENDED;
    (void)error;
    if (s->held != 0 && (is_seal || is_end || e->a != s->last.a)) {
        /* What was held was not the pattern after all. */
        const parley_status status = say(s, sink, s->instance->pattern, s->held);
        s->held = 0;
        if (status < 0) return status;
    }
    /* It proves the text as it was: what was changed has no proof any more. */
    if (is_seal && s->is_changed && e->kind == PARLEY_PART_REASONING) return PARLEY_OK;
    if (is_end) s->is_changed = 0;
    if (is_seal || is_end || e->text.len == 0) return sink->emit(sink, e);
    s->last = *e;
    s->last.extra = as_str(NULL, 0); /* the odds of tokens would tell what was redacted */
    return redact(s, e, sink);
}
