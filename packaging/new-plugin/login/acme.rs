// lib.rs: a login that makes up a key and gives it to the account.
//
// A real one asks a place for it: effects.http sends a request, show_user shows a person an address
// and a code, timer waits. All of it is asked for, and answered with another step; parley/op.h says
// how.
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

/// Whose accounts these are: the id of a provider component. Put yours here.
unsafe extern "C" fn providers(
    _instance: *mut parley_instance,
    count: *mut u32,
) -> *const parley_str {
    static ALL: [parley_str; 1] = [parley_str::of("example")];
    *count = 1;
    ALL.as_ptr()
}

/// A key is shown by its end, which proves nothing.
unsafe extern "C" fn parse(
    _instance: *mut parley_instance,
    secret: parley_str,
    arena: *const parley_arena,
    out: *mut parley_secret_facts,
    error: *mut parley_error,
) -> parley_status {
    const SHOWN: usize = 4;
    let key = secret.bytes();
    if key.len() < 4 * SHOWN {
        if let Some(error) = error.as_mut() {
            error.message = parley_str::of("a key of 16 characters or more was expected");
        }
        return -PARLEY_E_INVALID_ARGUMENT;
    }
    match parley_arena::copy(arena, &key[key.len() - SHOWN..]) {
        Some(label) => (*out).label = label,
        None => return -PARLEY_E_BUDGET,
    }
    PARLEY_OK
}

// ---- the op: from step to step until a key is published ----

const KEY_BYTES: u64 = 16;

struct Op;

unsafe extern "C" fn login_begin(
    _instance: *mut parley_instance,
    _ask: *const parley_login_ask,
    out: *mut *mut parley_op,
    _error: *mut parley_error,
) -> parley_status {
    *out = Box::into_raw(Box::new(Op)) as *mut parley_op;
    PARLEY_OK
}

unsafe fn start(effects: *const parley_effects) -> parley_status {
    match (*effects).random.map_or(-PARLEY_E_UNSUPPORTED, |r| r(effects, 1, KEY_BYTES)) {
        status if status < 0 => status,
        _ => PARLEY_PENDING,
    }
}

unsafe fn publish(random: &[u8], effects: *const parley_effects) -> parley_status {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let mut key = [0u8; 2 * KEY_BYTES as usize];
    for (i, byte) in random.iter().enumerate() {
        key[2 * i] = DIGITS[(byte >> 4) as usize];
        key[2 * i + 1] = DIGITS[(byte & 15) as usize];
    }
    let secret = parley_str { ptr: key.as_ptr(), len: key.len() as u64 };
    let status = (*effects).publish.map_or(-PARLEY_E_UNSUPPORTED, |p| p(effects, secret));
    for byte in key.iter_mut() {
        std::ptr::write_volatile(byte, 0); // secrets are wiped
    }
    if status < 0 {
        status
    } else {
        PARLEY_DONE
    }
}

// What was asked for may not come: the person who logs in is told in words.
unsafe fn refuse(status: parley_status, error: *mut parley_error) -> parley_status {
    if !error.is_null() {
        (*error).message = parley_str::of("no random bytes came; log in again");
    }
    status
}

unsafe extern "C" fn step(
    _op: *mut parley_op,
    resume: *const parley_resume,
    effects: *const parley_effects,
    error: *mut parley_error,
) -> parley_status {
    match &*resume {
        told if told.kind == PARLEY_EFFECT_START => start(effects),
        told if told.status < 0 => refuse(told.status, error),
        told if told.bytes.len != KEY_BYTES => refuse(-PARLEY_E_INTERNAL, error),
        told => publish(told.bytes.bytes(), effects),
    }
}

unsafe extern "C" fn destroy_op(op: *mut parley_op) {
    drop(Box::from_raw(op as *mut Op));
}

static OPS: parley_op_table =
    parley_op_table { step: Some(step), destroy: Some(destroy_op), ..parley_op_table::EMPTY };

static TABLE: parley_login = parley_login {
    ops: &OPS,
    providers: Some(providers),
    parse: Some(parse),
    login_begin: Some(login_begin),
    ..parley_login::EMPTY
};

static COMPONENT: parley_component = parley_component {
    kind: parley_str::of(PARLEY_KIND_LOGIN),
    id: parley_str::of("acme"),
    title: parley_str::of("makes up keys"),
    table: &TABLE as *const _ as *const c_void,
    create: Some(create),
    destroy: Some(destroy),
    ..parley_component::EMPTY
};

parley_plugin!("com.example.acme", "0.1.0", "login", COMPONENT);
