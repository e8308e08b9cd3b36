/* filter.h: what the files of this filter share. */
#ifndef EXAMPLE_FILTER_H
#define EXAMPLE_FILTER_H

#include "parley/filter.h"

#define TEXT_MAX 256

/* Nothing of it changes once it is configured, so all loops may read it. */
struct parley_instance {
    char pattern[TEXT_MAX];
    char replacement[TEXT_MAX];
    uint64_t pattern_len, replacement_len;
    /* Of each head of the pattern, the longest shorter one that it ends in. */
    uint16_t shorter[TEXT_MAX];
};

/* One attempt. It keeps no bytes: what may be the head of the pattern is the head of the pattern.
 */
struct parley_session {
    const parley_instance* instance;
    uint64_t held;       /* bytes of the pattern that have come and were not passed on */
    parley_event last;   /* the delta that they came with, without its texts */
    uint32_t is_changed; /* something was redacted in the open part */
};

static inline parley_str as_str(const char* ptr, uint64_t len) {
    const parley_str s = {ptr, len};
    return s;
}

/* How much of the pattern a text ends in when it goes on with `c` and ended in `matched` of it. */
static inline uint64_t match(const parley_instance* i, uint64_t matched, char c) {
    while (matched > 0 && i->pattern[matched] != c) matched = i->shorter[matched - 1];
    return i->pattern[matched] == c ? matched + 1 : 0;
}

parley_status decide(parley_session* session,
                     const parley_request* request,
                     const parley_arena* arena,
                     parley_filter_decision* out,
                     parley_error* error);
parley_status hear(parley_session* session,
                   const parley_event* event,
                   const parley_sink* sink,
                   parley_error* error);

#endif
