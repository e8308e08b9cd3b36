// lib.rs: a dialect for clients that can do little: the question is plain text, the answer JSON.
//
//   POST /acme/MODEL    What is the time?    ->    {"answer":"Half past ten."}
//
// It reads requests and writes replies, so such clients reach every model. For upstreams that speak
// it, it can pass on what it finds; encode_request and decoder_open of parley/dialect.h would let
// clients of other dialects reach them.
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

const PATH: &str = "/acme/";

unsafe extern "C" fn routes(
    _instance: *mut parley_instance,
    count: *mut u32,
) -> *const parley_route {
    static ALL: [parley_route; 1] = [parley_route {
        operation: PARLEY_OPERATION_GENERATE,
        method: parley_str::of("POST"),
        path: parley_str::of("/acme/{model}"),
        ..parley_route::EMPTY
    }];
    *count = 1;
    ALL.as_ptr()
}

unsafe fn write_object(out: *const parley_out, name: &str, text: &str) -> parley_status {
    guard(|| {
        let json = format!("{{{}:{}}}\n", json_quoted(name), json_quoted(text));
        write(out, json.as_bytes())
    })
}

// ---- errors ----

unsafe extern "C" fn encode_error(
    _instance: *mut parley_instance,
    _call: *const parley_call,
    error: *const parley_error,
    _arena: *const parley_arena,
    reply: *mut parley_http_reply,
    out: *const parley_out,
) -> parley_status {
    (*reply).status = if (*error).http_status != 0 { (*error).http_status } else { 500 };
    (*reply).content_type = parley_str::of("application/json");
    write_object(out, "error", (*error).message.text())
}

/// The host knows by the status what a refusal means; the words are the upstream's own.
unsafe extern "C" fn decode_error(
    _instance: *mut parley_instance,
    head: *const parley_http_reply_head,
    body: parley_bytes,
    _arena: *const parley_arena,
    out: *mut parley_error,
) -> parley_status {
    (*out).http_status = (*head).status;
    (*out).excerpt = parley_str { ptr: body.ptr, len: body.len };
    PARLEY_OK
}

// ---- relay: an upstream that speaks it too ----

unsafe extern "C" fn peek(
    _instance: *mut parley_instance,
    call: *const parley_call,
    _arena: *const parley_arena,
    out: *mut parley_peek,
    _error: *mut parley_error,
) -> parley_status {
    (*out).model = (*call).path_model;
    PARLEY_OK
}

unsafe extern "C" fn retarget(
    _instance: *mut parley_instance,
    call: *const parley_call,
    _peek: *const parley_peek,
    model: parley_str,
    arena: *const parley_arena,
    io: *mut parley_retarget,
    _error: *mut parley_error,
) -> parley_status {
    guard(|| {
        let path = [PATH.as_bytes(), model.bytes()].concat();
        match parley_arena::copy(arena, &path) {
            Some(path) => (*io).path = path,
            None => return -PARLEY_E_BUDGET,
        }
        (*io).query = (*(*call).http).query;
        PARLEY_OK
    })
}

/// Remembers the last byte that is no space.
struct Tap(u8);

unsafe extern "C" fn tap_open(
    _instance: *mut parley_instance,
    _open: *const parley_tap_open,
    out: *mut *mut parley_session,
    _error: *mut parley_error,
) -> parley_status {
    *out = Box::into_raw(Box::new(Tap(0))) as *mut parley_session;
    PARLEY_OK
}

/// A reply is complete when its object is closed; one that was cut never passes for whole.
unsafe extern "C" fn tap_feed(
    session: *mut parley_session,
    bytes: parley_bytes,
    eof: u32,
    io: *mut parley_tap,
    _error: *mut parley_error,
) -> parley_status {
    let tap = &mut *(session as *mut Tap);
    if let Some(last) = bytes.bytes().iter().rev().find(|byte| **byte > b' ') {
        tap.0 = *last;
    }
    (*io).taken = bytes.len;
    if tap.0 != 0 {
        (*io).state = PARLEY_TAP_CONTENT;
    }
    if eof != 0 && tap.0 == b'}' {
        (*io).state = PARLEY_TAP_COMPLETE;
    }
    PARLEY_OK
}

unsafe extern "C" fn tap_fail(
    _session: *mut parley_session,
    error: *const parley_error,
    out: *const parley_out,
) -> parley_status {
    write_object(out, "error", (*error).message.text())
}

unsafe extern "C" fn tap_close(session: *mut parley_session) {
    drop(Box::from_raw(session as *mut Tap));
}

// ---- translation: a question for any model ----

unsafe fn question(call: &parley_call, arena: *const parley_arena) -> Option<parley_request> {
    let body = (*call.http).body;
    let text = parley_part {
        kind: PARLEY_PART_TEXT,
        text: parley_str { ptr: body.ptr, len: body.len },
        ..parley_part::EMPTY
    };
    let part = parley_arena::list(arena, &[text])? as *const parley_part;
    let said = parley_message {
        role: PARLEY_ROLE_USER,
        parts: parley_arena::list(arena, &[part])?,
        part_count: 1,
        ..parley_message::EMPTY
    };
    let message = parley_arena::list(arena, &[said])? as *const parley_message;
    Some(parley_request {
        operation: call.operation,
        dialect: parley_str::of("acme"),
        model: call.path_model,
        raw: body,
        messages: parley_arena::list(arena, &[message])?,
        message_count: 1,
        ..parley_request::EMPTY
    })
}

unsafe extern "C" fn decode_request(
    _instance: *mut parley_instance,
    call: *const parley_call,
    arena: *const parley_arena,
    out: *mut *const parley_request,
    error: *mut parley_error,
) -> parley_status {
    if (*(*call).http).body.len == 0 {
        if let Some(error) = error.as_mut() {
            error.message = parley_str::of("body: a question was expected");
        }
        return -PARLEY_E_INVALID_ARGUMENT;
    }
    match question(&*call, arena).and_then(|asked| parley_arena::list(arena, &[asked])) {
        Some(request) => *out = request,
        None => return -PARLEY_E_BUDGET,
    }
    PARLEY_OK
}

/// The answer so far.
struct Encoder(String);

unsafe extern "C" fn encoder_open(
    _instance: *mut parley_instance,
    _open: *const parley_codec_open,
    out: *mut *mut parley_session,
    _error: *mut parley_error,
) -> parley_status {
    *out = Box::into_raw(Box::new(Encoder(String::new()))) as *mut parley_session;
    PARLEY_OK
}

/// What it has no words for, it leaves out.
unsafe extern "C" fn encode(
    session: *mut parley_session,
    event: *const parley_event,
    out: *const parley_out,
    _error: *mut parley_error,
) -> parley_status {
    let encoder = &mut *(session as *mut Encoder);
    let text = (*event).text.text();
    match (*event).r#type as u32 {
        PARLEY_EVENT_TEXT_DELTA => guard(|| {
            encoder.0 += text;
            PARLEY_OK
        }),
        PARLEY_EVENT_FINISH => write_object(out, "answer", &encoder.0),
        PARLEY_EVENT_ERROR => write_object(out, "error", text),
        _ => PARLEY_OK,
    }
}

unsafe extern "C" fn encoder_close(session: *mut parley_session) {
    drop(Box::from_raw(session as *mut Encoder));
}

static TABLE: parley_dialect = parley_dialect {
    routes: Some(routes),
    peek: Some(peek),
    retarget: Some(retarget),
    tap_open: Some(tap_open),
    tap_feed: Some(tap_feed),
    tap_fail: Some(tap_fail),
    tap_close: Some(tap_close),
    encode_error: Some(encode_error),
    decode_error: Some(decode_error),
    decode_request: Some(decode_request),
    encoder_open: Some(encoder_open),
    encode: Some(encode),
    encoder_close: Some(encoder_close),
    ..parley_dialect::EMPTY
};

static COMPONENT: parley_component = parley_component {
    kind: parley_str::of(PARLEY_KIND_DIALECT),
    id: parley_str::of("acme"),
    title: parley_str::of("asks by plain text, answers by JSON"),
    table: &TABLE as *const _ as *const c_void,
    create: Some(create),
    destroy: Some(destroy),
    ..parley_component::EMPTY
};

parley_plugin!("com.example.acme", "0.1.0", "dialect", COMPONENT);
