// lib.rs: a policy that picks the account which has rested longest.
//
// The host has left out who may not serve now. All event loops call one instance at once, so what a
// policy learns it keeps in atomics; report of parley/policy.h tells it how attempts went.
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

unsafe extern "C" fn pick(
    _instance: *mut parley_instance,
    ask: *const parley_pick_ask,
    candidates: *const *const parley_candidate,
    count: u32,
    out: *mut parley_pick,
    _error: *mut parley_error,
) -> parley_status {
    let candidates = std::slice::from_raw_parts(candidates, count as usize);
    (*out).action = PARLEY_PICK_INDEX;
    // A conversation stays where it is: its prompt is cached there.
    if (*ask).flags & PARLEY_PICK_ASK_AFFINITY != 0 && (*ask).affinity < count {
        (*out).index = (*ask).affinity;
        return PARLEY_OK;
    }
    // Who has never served has rested for ever: u64::MAX. Of equals the first.
    let rested = |i: &u32| ((*candidates[*i as usize]).idle_ms, u32::MAX - *i);
    (*out).index = (0..count).max_by_key(rested).unwrap_or(0);
    PARLEY_OK
}

static TABLE: parley_policy = parley_policy {
    pick: Some(pick),
    ..parley_policy::EMPTY
};

static COMPONENT: parley_component = parley_component {
    kind: parley_str::of(PARLEY_KIND_POLICY),
    id: parley_str::of("acme"),
    title: parley_str::of("picks who has rested longest"),
    table: &TABLE as *const _ as *const c_void,
    create: Some(create),
    destroy: Some(destroy),
    ..parley_component::EMPTY
};

parley_plugin!("com.example.acme", "0.1.0", "policy", COMPONENT);
