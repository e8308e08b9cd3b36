// lib.rs: an observer that writes a line into the log for each exchange that is over.
//
// It runs on a thread of its own kind and may block: no stream waits for it. parley/observer.h says
// what a notice tells. Models and callers are texts of strangers: escape them where you write.
#[macro_use]
mod parley;
use parley::*;
use std::os::raw::c_void;

/// One instance for each place in the configuration that names it.
struct Instance {
    host: *const parley_host,
}

unsafe extern "C" fn create(
    host: *const parley_host,
    out: *mut *mut parley_instance,
    _error: *mut parley_error,
) -> parley_status {
    *out = Box::into_raw(Box::new(Instance { host })) as *mut parley_instance;
    PARLEY_OK
}

unsafe extern "C" fn destroy(instance: *mut parley_instance) {
    drop(Box::from_raw(instance as *mut Instance));
}

fn outcome_name(outcome: u32) -> &'static str {
    match outcome {
        PARLEY_OUTCOME_SUCCEEDED => "succeeded",
        PARLEY_OUTCOME_REFUSED => "was refused",
        PARLEY_OUTCOME_CANCELLED => "was cancelled",
        _ => "failed",
    }
}

unsafe extern "C" fn observe(
    instance: *mut parley_instance,
    batch: *const parley_notice_batch,
    _cancel: *const parley_cancel,
    _error: *mut parley_error,
) -> parley_status {
    let host = (*(instance as *const Instance)).host;
    guard(|| {
        let count = (*batch).notice_count as usize;
        for notice in std::slice::from_raw_parts((*batch).notices, count) {
            let notice = &**notice;
            let model: String = (*notice.exchange).model.text().chars().take(100).collect();
            let outcome = outcome_name(notice.outcome);
            let line = format!("acme: {} {} after {} ms", model, outcome, notice.total_ms);
            if let Some(log) = (*host).log {
                log(host, PARLEY_LOG_INFO, parley_str::of(&line));
            }
        }
        PARLEY_OK
    })
}

static TABLE: parley_observer = parley_observer {
    observe: Some(observe),
    ..parley_observer::EMPTY
};

static COMPONENT: parley_component = parley_component {
    kind: parley_str::of(PARLEY_KIND_OBSERVER),
    id: parley_str::of("acme"),
    title: parley_str::of("writes a line for each exchange"),
    table: &TABLE as *const _ as *const c_void,
    create: Some(create),
    destroy: Some(destroy),
    ..parley_component::EMPTY
};

parley_plugin!("com.example.acme", "0.1.0", "observer", COMPONENT);
