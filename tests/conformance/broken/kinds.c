/* A policy, a filter or an observer that is wrong in one way, which a macro of that name chooses.
 */
#include <stddef.h>

#include "parley/filter.h"
#include "parley/observer.h"
#include "parley/policy.h"

#ifdef PICK_OUT_OF_RANGE
#define COMPONENT_KIND TEXT(PARLEY_KIND_POLICY)

static parley_status pick(parley_instance* instance,
                          const parley_pick_ask* ask,
                          const parley_candidate* const* candidates,
                          uint32_t count,
                          parley_pick* out,
                          parley_error* error) {
    (void)instance, (void)ask, (void)candidates, (void)error;
    out->action = PARLEY_PICK_INDEX;
    out->index = count;
    return PARLEY_OK;
}

static const parley_policy odd_table = {sizeof(odd_table), 0, pick, NULL};
#endif

#ifdef OBSERVE_WANTS_USAGE
#define COMPONENT_KIND TEXT(PARLEY_KIND_OBSERVER)

static parley_status observe(parley_instance* instance,
                             const parley_notice_batch* batch,
                             const parley_cancel* cancel,
                             parley_error* error) {
    volatile uint64_t sum = 0;
    (void)instance, (void)cancel, (void)error;
    for (uint64_t i = 0; i < batch->notice_count; i++) sum += batch->notices[i]->usage->input_total;
    return PARLEY_OK;
}

static const parley_observer odd_table = {sizeof(odd_table), 0, observe};
#endif

#if defined(FILTER_SWALLOWS) || defined(FILTER_REPEATS)
#define COMPONENT_KIND TEXT(PARLEY_KIND_FILTER)

static parley_status interest(parley_instance* instance,
                              parley_filter_interest* out,
                              parley_error* error) {
    (void)instance, (void)error;
    out->events = UINT64_MAX;
    return PARLEY_OK;
}

static parley_status open_session(parley_instance* instance,
                                  const parley_filter_open* open,
                                  parley_session** out,
                                  parley_error* error) {
    (void)open, (void)error;
    *out = (parley_session*)instance;
    return PARLEY_OK;
}

static parley_status pass(parley_session* session,
                          const parley_event* event,
                          const parley_sink* sink,
                          parley_error* error) {
    static const char why[] = "the sink did not take it";
    parley_status status;
    (void)session;
#ifdef FILTER_SWALLOWS
    if (event->type > PARLEY_EVENT_EXT) return PARLEY_OK;
#endif
    status = sink->emit(sink, event);
#ifdef FILTER_REPEATS
    if (event->type == PARLEY_EVENT_FINISH) status = sink->emit(sink, event);
#endif
    if (status < 0) error->message = (parley_str){why, sizeof(why) - 1};
    return status;
}

static void close_session(parley_session* session) {
    (void)session;
}

static const parley_filter odd_table = {
    sizeof(odd_table), 0, interest, open_session, NULL, pass, NULL, close_session};
#endif

#define COMPONENT_TABLE &odd_table
#include "parts.h"
