// lib.rs: a provider that answers by itself, in whole or as a stream.
//
// Most providers have a network: plan then names the origin, the target and the headers, and
// everything that begins with answer_ goes. parley/provider.h says what each function may do.
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

unsafe extern "C" fn dialects(
    _instance: *mut parley_instance,
    count: *mut u32,
) -> *const parley_str {
    static ALL: [parley_str; 1] = [parley_str::of("openai-chat")];
    *count = 1;
    ALL.as_ptr()
}

unsafe extern "C" fn models(
    _instance: *mut parley_instance,
    count: *mut u32,
) -> *const parley_model_offer {
    static ALL: [parley_model_offer; 1] =
        [parley_model_offer { pattern: parley_str::of("acme"), ..parley_model_offer::EMPTY }];
    *count = 1;
    ALL.as_ptr()
}

unsafe extern "C" fn plan(
    _instance: *mut parley_instance,
    _ask: *const parley_plan_ask,
    _arena: *const parley_arena,
    out: *mut parley_plan,
    _error: *mut parley_error,
) -> parley_status {
    (*out).flags = PARLEY_PLAN_ANSWER;
    PARLEY_OK
}

// ---- an answer: one session for each request ----

/// What is still to be sent, the next piece last.
struct Answer {
    is_stream: bool,
    pieces: Vec<String>,
}

fn reply(object: &str, choice: &str) -> String {
    let head = r#"{"id":"acme-1","created":0,"model":"acme","object":"#;
    format!(r#"{}"{}","choices":[{{"index":0,{}}}]}}"#, head, object, choice)
}

fn whole(text: &str) -> Vec<String> {
    let message = format!(r#"{{"role":"assistant","content":{}}}"#, json_quoted(text));
    let choice = format!(r#""message":{},"finish_reason":"stop""#, message);
    vec![reply("chat.completion", &choice)]
}

fn events(text: &str) -> Vec<String> {
    let event = |choice: &str| format!("data: {}\n\n", reply("chat.completion.chunk", choice));
    let delta = format!(r#"{{"role":"assistant","content":{}}}"#, json_quoted(text));
    vec![
        "data: [DONE]\n\n".into(),
        event(r#""delta":{},"finish_reason":"stop""#),
        event(&format!(r#""delta":{},"finish_reason":null"#, delta)),
    ]
}

unsafe extern "C" fn answer_open(
    _instance: *mut parley_instance,
    ask: *const parley_plan_ask,
    _body: parley_bytes,
    out: *mut *mut parley_session,
    _error: *mut parley_error,
) -> parley_status {
    guard(|| {
        let is_stream = (*ask).stream != 0;
        let text = "Hello from acme!";
        let pieces = if is_stream { events(text) } else { whole(text) };
        *out = Box::into_raw(Box::new(Answer { is_stream, pieces })) as *mut parley_session;
        PARLEY_OK
    })
}

unsafe extern "C" fn answer_step(
    session: *mut parley_session,
    io: *mut parley_answer,
    out: *const parley_out,
) -> parley_status {
    let answer = &mut *(session as *mut Answer);
    let kind = if answer.is_stream { "text/event-stream" } else { "application/json" };
    (*io).status = 200;
    (*io).content_type = parley_str::of(kind);
    (*io).wait_ms = 20; // as if it thought
    let status = match answer.pieces.pop() {
        Some(piece) => write(out, piece.as_bytes()),
        None => PARLEY_OK,
    };
    match status {
        status if status < 0 => status,
        _ if answer.pieces.is_empty() => PARLEY_DONE,
        _ => PARLEY_AGAIN,
    }
}

unsafe extern "C" fn answer_close(session: *mut parley_session) {
    drop(Box::from_raw(session as *mut Answer));
}

static TABLE: parley_provider = parley_provider {
    dialects: Some(dialects),
    models: Some(models),
    plan: Some(plan),
    answer_open: Some(answer_open),
    answer_step: Some(answer_step),
    answer_close: Some(answer_close),
    ..parley_provider::EMPTY
};

static COMPONENT: parley_component = parley_component {
    kind: parley_str::of(PARLEY_KIND_PROVIDER),
    id: parley_str::of("acme"),
    title: parley_str::of("answers by itself"),
    table: &TABLE as *const _ as *const c_void,
    create: Some(create),
    destroy: Some(destroy),
    ..parley_component::EMPTY
};

parley_plugin!("com.example.acme", "0.1.0", "provider", COMPONENT);
