// lib.rs: a filter that writes the text of replies in capitals.
//
// It asks for text alone, so nothing else reaches it. A filter that wants requests too says so in
// interest and has a request; parley/filter.h says what that may do.
#[macro_use]
mod parley;
use parley::*;
use std::os::raw::c_void;

/// One instance for each place in the configuration that names it.
struct Instance;

unsafe extern "C" fn create(
    _host: *const parley_host,
    out: *mut *mut parley_instance,
    _error: *mut parley_error,
) -> parley_status {
    *out = Box::into_raw(Box::new(Instance)) as *mut parley_instance;
    PARLEY_OK
}

unsafe extern "C" fn destroy(instance: *mut parley_instance) {
    drop(Box::from_raw(instance as *mut Instance));
}

unsafe extern "C" fn interest(
    _instance: *mut parley_instance,
    out: *mut parley_filter_interest,
    _error: *mut parley_error,
) -> parley_status {
    (*out).events = 1 << PARLEY_EVENT_TEXT_DELTA;
    PARLEY_OK
}

/// What it remembers from event to event of one attempt; this one has nothing to.
struct Session;

unsafe extern "C" fn open(
    _instance: *mut parley_instance,
    _open: *const parley_filter_open,
    out: *mut *mut parley_session,
    _error: *mut parley_error,
) -> parley_status {
    *out = Box::into_raw(Box::new(Session)) as *mut parley_session;
    PARLEY_OK
}

/// Passes the event on with another text.
unsafe extern "C" fn event(
    _session: *mut parley_session,
    event: *const parley_event,
    sink: *const parley_sink,
    _error: *mut parley_error,
) -> parley_status {
    guard(|| {
        let text = (*event).text.text().to_ascii_uppercase();
        let mut loud = *event;
        loud.text = parley_str::of(&text);
        (*sink).emit.map_or(-PARLEY_E_INTERNAL, |emit| emit(sink, &loud))
    })
}

unsafe extern "C" fn close(session: *mut parley_session) {
    drop(Box::from_raw(session as *mut Session));
}

static TABLE: parley_filter = parley_filter {
    interest: Some(interest),
    open: Some(open),
    event: Some(event),
    close: Some(close),
    ..parley_filter::EMPTY
};

static COMPONENT: parley_component = parley_component {
    kind: parley_str::of(PARLEY_KIND_FILTER),
    id: parley_str::of("acme"),
    title: parley_str::of("writes replies in capitals"),
    table: &TABLE as *const _ as *const c_void,
    create: Some(create),
    destroy: Some(destroy),
    ..parley_component::EMPTY
};

parley_plugin!("com.example.acme", "0.1.0", "filter", COMPONENT);
