// parley.rs: the border between Parley and its plugins, version 0.1. Written by gen_rust.py of
// parley/*.h, which say what each function may do, on which thread and how long.
#![allow(dead_code, non_camel_case_types, non_upper_case_globals)]
#![allow(clippy::all)]

use std::os::raw::c_void;

pub type parley_status = i32;
#[repr(C)]
pub struct parley_instance {
    _own: [u8; 0],
}
#[repr(C)]
pub struct parley_session {
    _own: [u8; 0],
}
#[repr(C)]
pub struct parley_op {
    _own: [u8; 0],
}

// ---- parley/abi.h ----

pub const PARLEY_ABI_MAJOR: u32 = 0;
pub const PARLEY_ABI_MINOR: u32 = 1;
pub const PARLEY_ENTRY_SYMBOL: &str = "parley_plugin_v0";
pub const PARLEY_NOTE_OWNER: &str = "PARLEY";
pub const PARLEY_NOTE_TYPE: u32 = 1;
pub const PARLEY_OK: parley_status = 0;
pub const PARLEY_AGAIN: parley_status = 1;
pub const PARLEY_DECLINED: parley_status = 2;
pub const PARLEY_PENDING: parley_status = 3;
pub const PARLEY_DONE: parley_status = 4;
pub const PARLEY_CLOSED: parley_status = 5;
pub const PARLEY_NO_CHANGE: parley_status = 6;
pub const PARLEY_E_INVALID_ARGUMENT: parley_status = 1;
pub const PARLEY_E_UNSUPPORTED: parley_status = 2;
pub const PARLEY_E_NOT_FOUND: parley_status = 3;
pub const PARLEY_E_UNAUTHENTICATED: parley_status = 4;
pub const PARLEY_E_FORBIDDEN: parley_status = 5;
pub const PARLEY_E_RATE_LIMITED: parley_status = 6;
pub const PARLEY_E_QUOTA_EXHAUSTED: parley_status = 7;
pub const PARLEY_E_PAYMENT_REQUIRED: parley_status = 8;
pub const PARLEY_E_CONTEXT_TOO_LONG: parley_status = 9;
pub const PARLEY_E_CONTENT_BLOCKED: parley_status = 10;
pub const PARLEY_E_TOO_LARGE: parley_status = 11;
pub const PARLEY_E_OVERLOADED: parley_status = 12;
pub const PARLEY_E_UPSTREAM_FAILED: parley_status = 13;
pub const PARLEY_E_UPSTREAM_PROTOCOL: parley_status = 14;
pub const PARLEY_E_TIMEOUT: parley_status = 15;
pub const PARLEY_E_CANCELLED: parley_status = 16;
pub const PARLEY_E_CONFLICT: parley_status = 17;
pub const PARLEY_E_PRECONDITION: parley_status = 18;
pub const PARLEY_E_CORRUPT_STATE: parley_status = 19;
pub const PARLEY_E_CONFIG: parley_status = 20;
pub const PARLEY_E_INTERNAL: parley_status = 21;
pub const PARLEY_E_NOT_IMPLEMENTED: parley_status = 22;
pub const PARLEY_E_BUDGET: parley_status = 23;
pub const PARLEY_FAULT_CLIENT: u32 = 1;
pub const PARLEY_FAULT_UPSTREAM: u32 = 2;
pub const PARLEY_FAULT_GATEWAY: u32 = 3;
pub const PARLEY_FAULT_PLUGIN: u32 = 4;
pub const PARLEY_SCOPE_REQUEST: u32 = 1;
pub const PARLEY_SCOPE_MODEL: u32 = 2;
pub const PARLEY_SCOPE_ACCOUNT: u32 = 3;
pub const PARLEY_SCOPE_ENDPOINT: u32 = 4;
pub const PARLEY_SCOPE_PROVIDER: u32 = 5;
pub const PARLEY_SCOPE_PLUGIN: u32 = 6;
pub const PARLEY_ADVICE_NEVER: u32 = 1;
pub const PARLEY_ADVICE_SAME: u32 = 2;
pub const PARLEY_ADVICE_OTHER_ACCOUNT: u32 = 3;
pub const PARLEY_ADVICE_OTHER_PROVIDER: u32 = 4;
pub const PARLEY_ADVICE_AFTER: u32 = 5;
pub const PARLEY_ADVICE_REFRESH: u32 = 6;
pub const PARLEY_USAGE_INPUT: u32 = 1 << 0;
pub const PARLEY_USAGE_CACHE_READ: u32 = 1 << 1;
pub const PARLEY_USAGE_CACHE_WRITE: u32 = 1 << 2;
pub const PARLEY_USAGE_OUTPUT: u32 = 1 << 3;
pub const PARLEY_USAGE_REASONING: u32 = 1 << 4;
pub const PARLEY_COMPONENT_EXCLUSIVE: u32 = 1 << 0;
pub const PARLEY_PLUGIN_RESIDENT: u32 = 1 << 0;
pub const PARLEY_PLUGIN_OWN_THREADS: u32 = 1 << 1;

#[repr(C)]
#[derive(Clone, Copy)]
pub struct parley_str {
    pub ptr: *const u8,
    pub len: u64,
}
unsafe impl Sync for parley_str {}
impl parley_str {
    pub const EMPTY: Self = Self {
        ptr: std::ptr::null(),
        len: 0,
    };
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct parley_bytes {
    pub ptr: *const u8,
    pub len: u64,
}
unsafe impl Sync for parley_bytes {}
impl parley_bytes {
    pub const EMPTY: Self = Self {
        ptr: std::ptr::null(),
        len: 0,
    };
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct parley_span {
    pub at: u64,
    pub len: u64,
}
unsafe impl Sync for parley_span {}
impl parley_span {
    pub const EMPTY: Self = Self {
        at: 0,
        len: 0,
    };
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct parley_error {
    pub struct_size: u32,
    pub error_class: i32,
    pub fault: u32,
    pub scope: u32,
    pub advice: u32,
    pub http_status: u32,
    pub retry_after_ms: u64,
    pub code: parley_str,
    pub message: parley_str,
    pub param: parley_str,
    pub excerpt: parley_str,
    pub arena: *const parley_arena,
    pub retry_at_ms: u64,
}
unsafe impl Sync for parley_error {}
impl parley_error {
    pub const EMPTY: Self = Self {
        struct_size: std::mem::size_of::<Self>() as u32,
        error_class: 0,
        fault: 0,
        scope: 0,
        advice: 0,
        http_status: 0,
        retry_after_ms: 0,
        code: parley_str::EMPTY,
        message: parley_str::EMPTY,
        param: parley_str::EMPTY,
        excerpt: parley_str::EMPTY,
        arena: std::ptr::null(),
        retry_at_ms: 0,
    };
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct parley_arena {
    pub struct_size: u32,
    pub reserved0: u32,
    pub ctx: *mut c_void,
    pub alloc: Option<unsafe extern "C" fn(arena: *const parley_arena, size: u64, align: u64) -> *mut c_void>,
}
unsafe impl Sync for parley_arena {}
impl parley_arena {
    pub const EMPTY: Self = Self {
        struct_size: std::mem::size_of::<Self>() as u32,
        reserved0: 0,
        ctx: std::ptr::null_mut(),
        alloc: None,
    };
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct parley_out {
    pub struct_size: u32,
    pub reserved0: u32,
    pub ctx: *mut c_void,
    pub write: Option<unsafe extern "C" fn(out: *const parley_out, bytes: parley_bytes) -> parley_status>,
    pub borrow: Option<unsafe extern "C" fn(out: *const parley_out, bytes: parley_bytes) -> parley_status>,
}
unsafe impl Sync for parley_out {}
impl parley_out {
    pub const EMPTY: Self = Self {
        struct_size: std::mem::size_of::<Self>() as u32,
        reserved0: 0,
        ctx: std::ptr::null_mut(),
        write: None,
        borrow: None,
    };
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct parley_cancel {
    pub struct_size: u32,
    pub reserved0: u32,
    pub ctx: *mut c_void,
    pub is_cancelled: Option<unsafe extern "C" fn(cancel: *const parley_cancel) -> i32>,
}
unsafe impl Sync for parley_cancel {}
impl parley_cancel {
    pub const EMPTY: Self = Self {
        struct_size: std::mem::size_of::<Self>() as u32,
        reserved0: 0,
        ctx: std::ptr::null_mut(),
        is_cancelled: None,
    };
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct parley_usage {
    pub struct_size: u32,
    pub known: u32,
    pub input_total: u64,
    pub input_cache_read: u64,
    pub input_cache_write: u64,
    pub output_total: u64,
    pub output_reasoning: u64,
    pub reserved: [u64; 3],
}
unsafe impl Sync for parley_usage {}
impl parley_usage {
    pub const EMPTY: Self = Self {
        struct_size: std::mem::size_of::<Self>() as u32,
        known: 0,
        input_total: 0,
        input_cache_read: 0,
        input_cache_write: 0,
        output_total: 0,
        output_reasoning: 0,
        reserved: [0; 3],
    };
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct parley_component {
    pub struct_size: u32,
    pub flags: u32,
    pub kind: parley_str,
    pub id: parley_str,
    pub title: parley_str,
    pub config_schema: parley_str,
    pub table: *const c_void,
    pub create: Option<unsafe extern "C" fn(host: *const parley_host, out: *mut *mut parley_instance, error: *mut parley_error) -> parley_status>,
    pub configure: Option<unsafe extern "C" fn(instance: *mut parley_instance, config: parley_str, error: *mut parley_error) -> parley_status>,
    pub activate: Option<unsafe extern "C" fn(instance: *mut parley_instance, error: *mut parley_error) -> parley_status>,
    pub quiesce: Option<unsafe extern "C" fn(instance: *mut parley_instance)>,
    pub deactivate: Option<unsafe extern "C" fn(instance: *mut parley_instance)>,
    pub destroy: Option<unsafe extern "C" fn(instance: *mut parley_instance)>,
    pub get_extension: Option<unsafe extern "C" fn(instance: *mut parley_instance, id: parley_str) -> *const c_void>,
}
unsafe impl Sync for parley_component {}
impl parley_component {
    pub const EMPTY: Self = Self {
        struct_size: std::mem::size_of::<Self>() as u32,
        flags: 0,
        kind: parley_str::EMPTY,
        id: parley_str::EMPTY,
        title: parley_str::EMPTY,
        config_schema: parley_str::EMPTY,
        table: std::ptr::null(),
        create: None,
        configure: None,
        activate: None,
        quiesce: None,
        deactivate: None,
        destroy: None,
        get_extension: None,
    };
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct parley_entry {
    pub struct_size: u32,
    pub abi_major: u16,
    pub abi_minor: u16,
    pub flags: u32,
    pub reserved0: u32,
    pub id: parley_str,
    pub version: parley_str,
    pub vendor: parley_str,
    pub init: Option<unsafe extern "C" fn(host: *const parley_host, error: *mut parley_error) -> parley_status>,
    pub deinit: Option<unsafe extern "C" fn()>,
    pub component_count: Option<unsafe extern "C" fn() -> u32>,
    pub component: Option<unsafe extern "C" fn(index: u32) -> *const parley_component>,
}
unsafe impl Sync for parley_entry {}
impl parley_entry {
    pub const EMPTY: Self = Self {
        struct_size: std::mem::size_of::<Self>() as u32,
        abi_major: 0,
        abi_minor: 0,
        flags: 0,
        reserved0: 0,
        id: parley_str::EMPTY,
        version: parley_str::EMPTY,
        vendor: parley_str::EMPTY,
        init: None,
        deinit: None,
        component_count: None,
        component: None,
    };
}

// ---- parley/all.h ----


// ---- parley/dialect.h ----

pub const PARLEY_KIND_DIALECT: &str = "parley.dialect/1";
pub const PARLEY_OPERATION_GENERATE: u32 = 1;
pub const PARLEY_OPERATION_COUNT_TOKENS: u32 = 2;
pub const PARLEY_OPERATION_EMBED: u32 = 3;
pub const PARLEY_OPERATION_RELAY: u32 = 4;
pub const PARLEY_OPERATION_MODELS: u32 = 5;
pub const PARLEY_OPERATION_MODEL: u32 = 6;
pub const PARLEY_PEEK_STREAM: u32 = 1 << 0;
pub const PARLEY_PEEK_WANTS_USAGE: u32 = 1 << 1;
pub const PARLEY_RETARGET_ADD_USAGE: u32 = 1 << 0;
pub const PARLEY_RETARGET_USAGE_ADDED: u32 = 1 << 0;
pub const PARLEY_TAP_OPEN: u32 = 1;
pub const PARLEY_TAP_CONTENT: u32 = 2;
pub const PARLEY_TAP_COMPLETE: u32 = 3;
pub const PARLEY_TAP_FAILED: u32 = 4;
pub const PARLEY_CODEC_STREAM: u32 = 1 << 0;
pub const PARLEY_TARGET_LENIENT: u32 = 1 << 0;

#[repr(C)]
#[derive(Clone, Copy)]
pub struct parley_route {
    pub struct_size: u32,
    pub operation: u32,
    pub number: u32,
    pub flags: u32,
    pub method: parley_str,
    pub path: parley_str,
}
unsafe impl Sync for parley_route {}
impl parley_route {
    pub const EMPTY: Self = Self {
        struct_size: std::mem::size_of::<Self>() as u32,
        operation: 0,
        number: 0,
        flags: 0,
        method: parley_str::EMPTY,
        path: parley_str::EMPTY,
    };
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct parley_call {
    pub struct_size: u32,
    pub route: u32,
    pub operation: u32,
    pub reserved0: u32,
    pub http: *const parley_http_request,
    pub path_model: parley_str,
    pub content_type: parley_str,
    pub exchange_id: parley_str,
}
unsafe impl Sync for parley_call {}
impl parley_call {
    pub const EMPTY: Self = Self {
        struct_size: std::mem::size_of::<Self>() as u32,
        route: 0,
        operation: 0,
        reserved0: 0,
        http: std::ptr::null(),
        path_model: parley_str::EMPTY,
        content_type: parley_str::EMPTY,
        exchange_id: parley_str::EMPTY,
    };
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct parley_owned {
    pub id: parley_str,
    pub param: parley_str,
}
unsafe impl Sync for parley_owned {}
impl parley_owned {
    pub const EMPTY: Self = Self {
        id: parley_str::EMPTY,
        param: parley_str::EMPTY,
    };
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct parley_peek {
    pub struct_size: u32,
    pub flags: u32,
    pub model: parley_str,
    pub session_key: parley_str,
    pub mark: [u64; 8],
    pub owned: *const parley_owned,
    pub owned_count: u64,
}
unsafe impl Sync for parley_peek {}
impl parley_peek {
    pub const EMPTY: Self = Self {
        struct_size: std::mem::size_of::<Self>() as u32,
        flags: 0,
        model: parley_str::EMPTY,
        session_key: parley_str::EMPTY,
        mark: [0; 8],
        owned: std::ptr::null(),
        owned_count: 0,
    };
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct parley_edit {
    pub at: u64,
    pub len: u64,
    pub text: parley_str,
}
unsafe impl Sync for parley_edit {}
impl parley_edit {
    pub const EMPTY: Self = Self {
        at: 0,
        len: 0,
        text: parley_str::EMPTY,
    };
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct parley_retarget {
    pub struct_size: u32,
    pub flags: u32,
    pub edits: *const parley_edit,
    pub edit_count: u64,
    pub path: parley_str,
    pub query: parley_str,
}
unsafe impl Sync for parley_retarget {}
impl parley_retarget {
    pub const EMPTY: Self = Self {
        struct_size: std::mem::size_of::<Self>() as u32,
        flags: 0,
        edits: std::ptr::null(),
        edit_count: 0,
        path: parley_str::EMPTY,
        query: parley_str::EMPTY,
    };
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct parley_tap_open {
    pub struct_size: u32,
    pub retarget_flags: u32,
    pub call: *const parley_call,
    pub peek: *const parley_peek,
    pub head: *const parley_http_reply_head,
}
unsafe impl Sync for parley_tap_open {}
impl parley_tap_open {
    pub const EMPTY: Self = Self {
        struct_size: std::mem::size_of::<Self>() as u32,
        retarget_flags: 0,
        call: std::ptr::null(),
        peek: std::ptr::null(),
        head: std::ptr::null(),
    };
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct parley_tap {
    pub struct_size: u32,
    pub state: u32,
    pub taken: u64,
    pub cuts: *const parley_span,
    pub cut_count: u64,
    pub usage: parley_usage,
    pub error: parley_error,
    pub made: *const parley_str,
    pub made_count: u64,
}
unsafe impl Sync for parley_tap {}
impl parley_tap {
    pub const EMPTY: Self = Self {
        struct_size: std::mem::size_of::<Self>() as u32,
        state: 0,
        taken: 0,
        cuts: std::ptr::null(),
        cut_count: 0,
        usage: parley_usage::EMPTY,
        error: parley_error::EMPTY,
        made: std::ptr::null(),
        made_count: 0,
    };
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct parley_target {
    pub struct_size: u32,
    pub flags: u32,
    pub model: parley_str,
    pub traits: parley_str,
}
unsafe impl Sync for parley_target {}
impl parley_target {
    pub const EMPTY: Self = Self {
        struct_size: std::mem::size_of::<Self>() as u32,
        flags: 0,
        model: parley_str::EMPTY,
        traits: parley_str::EMPTY,
    };
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct parley_codec_open {
    pub struct_size: u32,
    pub flags: u32,
    pub request: *const parley_request,
    pub target: *const parley_target,
    pub head: *const parley_http_reply_head,
    pub model: parley_str,
    pub arena: *const parley_arena,
}
unsafe impl Sync for parley_codec_open {}
impl parley_codec_open {
    pub const EMPTY: Self = Self {
        struct_size: std::mem::size_of::<Self>() as u32,
        flags: 0,
        request: std::ptr::null(),
        target: std::ptr::null(),
        head: std::ptr::null(),
        model: parley_str::EMPTY,
        arena: std::ptr::null(),
    };
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct parley_encoded_request {
    pub struct_size: u32,
    pub flags: u32,
    pub path: parley_str,
    pub query: parley_str,
    pub content_type: parley_str,
    pub headers: *const parley_header,
    pub header_count: u64,
    pub warnings: *const *const parley_warning,
    pub warning_count: u64,
}
unsafe impl Sync for parley_encoded_request {}
impl parley_encoded_request {
    pub const EMPTY: Self = Self {
        struct_size: std::mem::size_of::<Self>() as u32,
        flags: 0,
        path: parley_str::EMPTY,
        query: parley_str::EMPTY,
        content_type: parley_str::EMPTY,
        headers: std::ptr::null(),
        header_count: 0,
        warnings: std::ptr::null(),
        warning_count: 0,
    };
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct parley_model {
    pub struct_size: u32,
    pub reserved0: u32,
    pub id: parley_str,
    pub owner: parley_str,
    pub created_s: i64,
    pub title: parley_str,
    pub context_max: u64,
    pub output_max: u64,
}
unsafe impl Sync for parley_model {}
impl parley_model {
    pub const EMPTY: Self = Self {
        struct_size: std::mem::size_of::<Self>() as u32,
        reserved0: 0,
        id: parley_str::EMPTY,
        owner: parley_str::EMPTY,
        created_s: 0,
        title: parley_str::EMPTY,
        context_max: 0,
        output_max: 0,
    };
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct parley_dialect {
    pub struct_size: u32,
    pub reserved0: u32,
    pub routes: Option<unsafe extern "C" fn(instance: *mut parley_instance, count: *mut u32) -> *const parley_route>,
    pub r#match: Option<unsafe extern "C" fn(instance: *mut parley_instance, call: *const parley_call) -> u32>,
    pub peek: Option<unsafe extern "C" fn(instance: *mut parley_instance, call: *const parley_call, arena: *const parley_arena, out: *mut parley_peek, error: *mut parley_error) -> parley_status>,
    pub retarget: Option<unsafe extern "C" fn(instance: *mut parley_instance, call: *const parley_call, peek: *const parley_peek, model: parley_str, arena: *const parley_arena, io: *mut parley_retarget, error: *mut parley_error) -> parley_status>,
    pub tap_open: Option<unsafe extern "C" fn(instance: *mut parley_instance, open: *const parley_tap_open, out: *mut *mut parley_session, error: *mut parley_error) -> parley_status>,
    pub tap_feed: Option<unsafe extern "C" fn(session: *mut parley_session, bytes: parley_bytes, eof: u32, io: *mut parley_tap, error: *mut parley_error) -> parley_status>,
    pub tap_fail: Option<unsafe extern "C" fn(session: *mut parley_session, error: *const parley_error, out: *const parley_out) -> parley_status>,
    pub tap_close: Option<unsafe extern "C" fn(session: *mut parley_session)>,
    pub encode_error: Option<unsafe extern "C" fn(instance: *mut parley_instance, call: *const parley_call, error: *const parley_error, arena: *const parley_arena, reply: *mut parley_http_reply, out: *const parley_out) -> parley_status>,
    pub decode_error: Option<unsafe extern "C" fn(instance: *mut parley_instance, head: *const parley_http_reply_head, body: parley_bytes, arena: *const parley_arena, out: *mut parley_error) -> parley_status>,
    pub encode_models: Option<unsafe extern "C" fn(instance: *mut parley_instance, call: *const parley_call, models: *const *const parley_model, count: u64, arena: *const parley_arena, reply: *mut parley_http_reply, out: *const parley_out, error: *mut parley_error) -> parley_status>,
    pub decode_request: Option<unsafe extern "C" fn(instance: *mut parley_instance, call: *const parley_call, arena: *const parley_arena, out: *mut *const parley_request, error: *mut parley_error) -> parley_status>,
    pub encode_request: Option<unsafe extern "C" fn(instance: *mut parley_instance, request: *const parley_request, target: *const parley_target, arena: *const parley_arena, head: *mut parley_encoded_request, out: *const parley_out, error: *mut parley_error) -> parley_status>,
    pub decoder_open: Option<unsafe extern "C" fn(instance: *mut parley_instance, open: *const parley_codec_open, out: *mut *mut parley_session, error: *mut parley_error) -> parley_status>,
    pub decode: Option<unsafe extern "C" fn(session: *mut parley_session, bytes: parley_bytes, eof: u32, sink: *const parley_sink, error: *mut parley_error) -> parley_status>,
    pub decoder_close: Option<unsafe extern "C" fn(session: *mut parley_session)>,
    pub encoder_open: Option<unsafe extern "C" fn(instance: *mut parley_instance, open: *const parley_codec_open, out: *mut *mut parley_session, error: *mut parley_error) -> parley_status>,
    pub encode: Option<unsafe extern "C" fn(session: *mut parley_session, event: *const parley_event, out: *const parley_out, error: *mut parley_error) -> parley_status>,
    pub encoder_close: Option<unsafe extern "C" fn(session: *mut parley_session)>,
    pub encode_count: Option<unsafe extern "C" fn(instance: *mut parley_instance, call: *const parley_call, input_tokens: u64, arena: *const parley_arena, reply: *mut parley_http_reply, out: *const parley_out, error: *mut parley_error) -> parley_status>,
    pub correct_traits: Option<unsafe extern "C" fn(instance: *mut parley_instance, request: *const parley_request, target: *const parley_target, told: *const parley_error, arena: *const parley_arena, traits: *mut parley_str) -> parley_status>,
}
unsafe impl Sync for parley_dialect {}
impl parley_dialect {
    pub const EMPTY: Self = Self {
        struct_size: std::mem::size_of::<Self>() as u32,
        reserved0: 0,
        routes: None,
        r#match: None,
        peek: None,
        retarget: None,
        tap_open: None,
        tap_feed: None,
        tap_fail: None,
        tap_close: None,
        encode_error: None,
        decode_error: None,
        encode_models: None,
        decode_request: None,
        encode_request: None,
        decoder_open: None,
        decode: None,
        decoder_close: None,
        encoder_open: None,
        encode: None,
        encoder_close: None,
        encode_count: None,
        correct_traits: None,
    };
}

// ---- parley/event.h ----

pub const PARLEY_PART_TEXT: u32 = 1;
pub const PARLEY_PART_REASONING: u32 = 2;
pub const PARLEY_PART_TOOL_CALL: u32 = 3;
pub const PARLEY_PART_REFUSAL: u32 = 4;
pub const PARLEY_PART_SERVER_ITEM: u32 = 5;
pub const PARLEY_PART_IMAGE: u32 = 6;
pub const PARLEY_PART_AUDIO: u32 = 7;
pub const PARLEY_PART_EMBEDDING: u32 = 8;
pub const PARLEY_PART_DOCUMENT: u32 = 9;
pub const PARLEY_PART_VIDEO: u32 = 10;
pub const PARLEY_PART_SEARCH_RESULT: u32 = 11;
pub const PARLEY_PART_TOOL_RESULT: u32 = 12;
pub const PARLEY_PART_TOOL_REFERENCE: u32 = 13;
pub const PARLEY_TOOL_CALL_FUNCTION: u32 = 1;
pub const PARLEY_TOOL_CALL_CUSTOM: u32 = 2;
pub const PARLEY_SEAL_SIGNATURE: u32 = 1;
pub const PARLEY_SEAL_REDACTED: u32 = 2;
pub const PARLEY_SEAL_ENCRYPTED: u32 = 3;
pub const PARLEY_SEAL_THOUGHT_SIGNATURE: u32 = 4;
pub const PARLEY_EVENT_RESPONSE_STARTED: u32 = 1;
pub const PARLEY_EVENT_PART_STARTED: u32 = 2;
pub const PARLEY_EVENT_TEXT_DELTA: u32 = 3;
pub const PARLEY_EVENT_REASONING_DELTA: u32 = 4;
pub const PARLEY_EVENT_TOOL_ARGS_DELTA: u32 = 5;
pub const PARLEY_EVENT_MEDIA_DELTA: u32 = 6;
pub const PARLEY_EVENT_SEAL: u32 = 7;
pub const PARLEY_EVENT_CITATION: u32 = 8;
pub const PARLEY_EVENT_SERVER_UPDATE: u32 = 9;
pub const PARLEY_EVENT_PART_ENDED: u32 = 10;
pub const PARLEY_EVENT_USAGE: u32 = 11;
pub const PARLEY_EVENT_FINISH: u32 = 12;
pub const PARLEY_EVENT_ERROR: u32 = 13;
pub const PARLEY_EVENT_PING: u32 = 14;
pub const PARLEY_EVENT_WARNING: u32 = 15;
pub const PARLEY_EVENT_RAW: u32 = 16;
pub const PARLEY_EVENT_EXT: u32 = 17;
pub const PARLEY_EVENT_COMPLETE: u32 = 1 << 0;
pub const PARLEY_EVENT_SUMMARY: u32 = 1 << 1;
pub const PARLEY_EVENT_SPAN_CODEPOINTS: u32 = 1 << 2;
pub const PARLEY_EVENT_SPAN_BYTES: u32 = 1 << 3;
pub const PARLEY_FINISH_STOP: u32 = 1;
pub const PARLEY_FINISH_STOP_SEQUENCE: u32 = 2;
pub const PARLEY_FINISH_TOOL_CALLS: u32 = 3;
pub const PARLEY_FINISH_LENGTH: u32 = 4;
pub const PARLEY_FINISH_CONTEXT_LENGTH: u32 = 5;
pub const PARLEY_FINISH_PAUSE: u32 = 6;
pub const PARLEY_FINISH_REFUSAL: u32 = 7;
pub const PARLEY_FINISH_CONTENT_FILTER: u32 = 8;
pub const PARLEY_FINISH_MALFORMED_TOOL_CALL: u32 = 9;
pub const PARLEY_FINISH_OTHER: u32 = 10;
pub const PARLEY_FINISH_COMPACTION: u32 = 11;

#[repr(C)]
#[derive(Clone, Copy)]
pub struct parley_event {
    pub struct_size: u32,
    pub r#type: u16,
    pub flags: u16,
    pub part: u32,
    pub kind: u32,
    pub a: u64,
    pub b: u64,
    pub text: parley_str,
    pub name: parley_str,
    pub extra: parley_str,
    pub reserved: [u64; 2],
}
unsafe impl Sync for parley_event {}
impl parley_event {
    pub const EMPTY: Self = Self {
        struct_size: std::mem::size_of::<Self>() as u32,
        r#type: 0,
        flags: 0,
        part: 0,
        kind: 0,
        a: 0,
        b: 0,
        text: parley_str::EMPTY,
        name: parley_str::EMPTY,
        extra: parley_str::EMPTY,
        reserved: [0; 2],
    };
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct parley_sink {
    pub struct_size: u32,
    pub port: u32,
    pub ctx: *mut c_void,
    pub emit: Option<unsafe extern "C" fn(sink: *const parley_sink, event: *const parley_event) -> parley_status>,
    pub alloc: Option<unsafe extern "C" fn(sink: *const parley_sink, size: u64, align: u64) -> *mut c_void>,
}
unsafe impl Sync for parley_sink {}
impl parley_sink {
    pub const EMPTY: Self = Self {
        struct_size: std::mem::size_of::<Self>() as u32,
        port: 0,
        ctx: std::ptr::null_mut(),
        emit: None,
        alloc: None,
    };
}

// ---- parley/filter.h ----

pub const PARLEY_KIND_FILTER: &str = "parley.filter/1";
pub const PARLEY_INTEREST_REQUESTS: u32 = 1 << 0;
pub const PARLEY_FILTER_CONTINUE: u32 = 1;
pub const PARLEY_FILTER_REPLACE: u32 = 2;
pub const PARLEY_FILTER_ROUTE: u32 = 3;
pub const PARLEY_FILTER_REJECT: u32 = 4;
pub const PARLEY_FILTER_RESPOND: u32 = 5;

#[repr(C)]
#[derive(Clone, Copy)]
pub struct parley_filter_interest {
    pub struct_size: u32,
    pub flags: u32,
    pub events: u64,
    pub hold_max: u64,
}
unsafe impl Sync for parley_filter_interest {}
impl parley_filter_interest {
    pub const EMPTY: Self = Self {
        struct_size: std::mem::size_of::<Self>() as u32,
        flags: 0,
        events: 0,
        hold_max: 0,
    };
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct parley_filter_open {
    pub struct_size: u32,
    pub attempt: u32,
    pub exchange: *const parley_exchange,
    pub provider: parley_str,
    pub upstream_dialect: parley_str,
    pub upstream_model: parley_str,
    pub arena: *const parley_arena,
}
unsafe impl Sync for parley_filter_open {}
impl parley_filter_open {
    pub const EMPTY: Self = Self {
        struct_size: std::mem::size_of::<Self>() as u32,
        attempt: 0,
        exchange: std::ptr::null(),
        provider: parley_str::EMPTY,
        upstream_dialect: parley_str::EMPTY,
        upstream_model: parley_str::EMPTY,
        arena: std::ptr::null(),
    };
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct parley_filter_decision {
    pub struct_size: u32,
    pub action: u32,
    pub request: *const parley_request,
    pub model: parley_str,
    pub provider: parley_str,
    pub egress: parley_str,
    pub events: *const *const parley_event,
    pub event_count: u64,
}
unsafe impl Sync for parley_filter_decision {}
impl parley_filter_decision {
    pub const EMPTY: Self = Self {
        struct_size: std::mem::size_of::<Self>() as u32,
        action: 0,
        request: std::ptr::null(),
        model: parley_str::EMPTY,
        provider: parley_str::EMPTY,
        egress: parley_str::EMPTY,
        events: std::ptr::null(),
        event_count: 0,
    };
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct parley_filter {
    pub struct_size: u32,
    pub reserved0: u32,
    pub interest: Option<unsafe extern "C" fn(instance: *mut parley_instance, out: *mut parley_filter_interest, error: *mut parley_error) -> parley_status>,
    pub open: Option<unsafe extern "C" fn(instance: *mut parley_instance, open: *const parley_filter_open, out: *mut *mut parley_session, error: *mut parley_error) -> parley_status>,
    pub request: Option<unsafe extern "C" fn(session: *mut parley_session, request: *const parley_request, arena: *const parley_arena, out: *mut parley_filter_decision, error: *mut parley_error) -> parley_status>,
    pub event: Option<unsafe extern "C" fn(session: *mut parley_session, event: *const parley_event, sink: *const parley_sink, error: *mut parley_error) -> parley_status>,
    pub finish: Option<unsafe extern "C" fn(session: *mut parley_session, terminal: *const parley_event)>,
    pub close: Option<unsafe extern "C" fn(session: *mut parley_session)>,
}
unsafe impl Sync for parley_filter {}
impl parley_filter {
    pub const EMPTY: Self = Self {
        struct_size: std::mem::size_of::<Self>() as u32,
        reserved0: 0,
        interest: None,
        open: None,
        request: None,
        event: None,
        finish: None,
        close: None,
    };
}

// ---- parley/host.h ----

pub const PARLEY_LOG_DEBUG: u32 = 1;
pub const PARLEY_LOG_INFO: u32 = 2;
pub const PARLEY_LOG_WARN: u32 = 3;
pub const PARLEY_LOG_ERROR: u32 = 4;
pub const PARLEY_HOST_CRYPTO: &str = "parley.host.crypto/1";
pub const PARLEY_HOST_THREAD_CHECK: &str = "parley.host.thread-check/1";
pub const PARLEY_HOST_METRICS: &str = "parley.host.metrics/1";
pub const PARLEY_METRIC_COUNTER: u32 = 1;
pub const PARLEY_METRIC_GAUGE: u32 = 2;

#[repr(C)]
#[derive(Clone, Copy)]
pub struct parley_host {
    pub struct_size: u32,
    pub abi_major: u16,
    pub abi_minor: u16,
    pub name: parley_str,
    pub version: parley_str,
    pub ctx: *mut c_void,
    pub log: Option<unsafe extern "C" fn(host: *const parley_host, level: u32, text: parley_str)>,
    pub wall_ms: Option<unsafe extern "C" fn(host: *const parley_host) -> i64>,
    pub monotonic_ms: Option<unsafe extern "C" fn(host: *const parley_host) -> i64>,
    pub get_extension: Option<unsafe extern "C" fn(host: *const parley_host, id: parley_str) -> *const c_void>,
}
unsafe impl Sync for parley_host {}
impl parley_host {
    pub const EMPTY: Self = Self {
        struct_size: std::mem::size_of::<Self>() as u32,
        abi_major: 0,
        abi_minor: 0,
        name: parley_str::EMPTY,
        version: parley_str::EMPTY,
        ctx: std::ptr::null_mut(),
        log: None,
        wall_ms: None,
        monotonic_ms: None,
        get_extension: None,
    };
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct parley_host_crypto {
    pub struct_size: u32,
    pub reserved0: u32,
    pub sha256: Option<unsafe extern "C" fn(host: *const parley_host, data: parley_bytes, out: *mut u8) -> parley_status>,
    pub hmac_sha256: Option<unsafe extern "C" fn(host: *const parley_host, key: parley_bytes, data: parley_bytes, out: *mut u8) -> parley_status>,
    pub random: Option<unsafe extern "C" fn(host: *const parley_host, out: *mut u8, size: u64) -> parley_status>,
    pub sign_rs256: Option<unsafe extern "C" fn(host: *const parley_host, pem: parley_str, data: parley_bytes, out: *mut u8, size: *mut u64) -> parley_status>,
}
unsafe impl Sync for parley_host_crypto {}
impl parley_host_crypto {
    pub const EMPTY: Self = Self {
        struct_size: std::mem::size_of::<Self>() as u32,
        reserved0: 0,
        sha256: None,
        hmac_sha256: None,
        random: None,
        sign_rs256: None,
    };
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct parley_host_thread_check {
    pub struct_size: u32,
    pub reserved0: u32,
    pub is_ctl: Option<unsafe extern "C" fn(host: *const parley_host) -> i32>,
    pub loop_index: Option<unsafe extern "C" fn(host: *const parley_host) -> i32>,
}
unsafe impl Sync for parley_host_thread_check {}
impl parley_host_thread_check {
    pub const EMPTY: Self = Self {
        struct_size: std::mem::size_of::<Self>() as u32,
        reserved0: 0,
        is_ctl: None,
        loop_index: None,
    };
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct parley_host_metrics {
    pub struct_size: u32,
    pub reserved0: u32,
    pub define: Option<unsafe extern "C" fn(host: *const parley_host, kind: u32, name: parley_str, help: parley_str, handle: *mut u32) -> parley_status>,
    pub record: Option<unsafe extern "C" fn(host: *const parley_host, handle: u32, value: i64)>,
}
unsafe impl Sync for parley_host_metrics {}
impl parley_host_metrics {
    pub const EMPTY: Self = Self {
        struct_size: std::mem::size_of::<Self>() as u32,
        reserved0: 0,
        define: None,
        record: None,
    };
}

// ---- parley/http.h ----

pub const PARLEY_HEADER_SECRET: u64 = 1;

#[repr(C)]
#[derive(Clone, Copy)]
pub struct parley_header {
    pub name: parley_str,
    pub value: parley_str,
    pub flags: u64,
}
unsafe impl Sync for parley_header {}
impl parley_header {
    pub const EMPTY: Self = Self {
        name: parley_str::EMPTY,
        value: parley_str::EMPTY,
        flags: 0,
    };
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct parley_http_request {
    pub struct_size: u32,
    pub header_count: u32,
    pub headers: *const parley_header,
    pub method: parley_str,
    pub path: parley_str,
    pub query: parley_str,
    pub body: parley_bytes,
}
unsafe impl Sync for parley_http_request {}
impl parley_http_request {
    pub const EMPTY: Self = Self {
        struct_size: std::mem::size_of::<Self>() as u32,
        header_count: 0,
        headers: std::ptr::null(),
        method: parley_str::EMPTY,
        path: parley_str::EMPTY,
        query: parley_str::EMPTY,
        body: parley_bytes::EMPTY,
    };
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct parley_http_reply_head {
    pub struct_size: u32,
    pub status: u32,
    pub headers: *const parley_header,
    pub header_count: u64,
    pub content_type: parley_str,
}
unsafe impl Sync for parley_http_reply_head {}
impl parley_http_reply_head {
    pub const EMPTY: Self = Self {
        struct_size: std::mem::size_of::<Self>() as u32,
        status: 0,
        headers: std::ptr::null(),
        header_count: 0,
        content_type: parley_str::EMPTY,
    };
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct parley_http_reply {
    pub struct_size: u32,
    pub status: u32,
    pub headers: *const parley_header,
    pub header_count: u64,
    pub content_type: parley_str,
}
unsafe impl Sync for parley_http_reply {}
impl parley_http_reply {
    pub const EMPTY: Self = Self {
        struct_size: std::mem::size_of::<Self>() as u32,
        status: 0,
        headers: std::ptr::null(),
        header_count: 0,
        content_type: parley_str::EMPTY,
    };
}

// ---- parley/login.h ----

pub const PARLEY_KIND_LOGIN: &str = "parley.login/1";
pub const PARLEY_SECRET_REFRESHABLE: u32 = 1 << 0;
pub const PARLEY_SECRET_PENDING: u32 = 1 << 1;

#[repr(C)]
#[derive(Clone, Copy)]
pub struct parley_secret_facts {
    pub struct_size: u32,
    pub flags: u32,
    pub id: parley_str,
    pub label: parley_str,
    pub attributes: parley_str,
    pub expires_at_ms: i64,
    pub refresh_at_ms: i64,
}
unsafe impl Sync for parley_secret_facts {}
impl parley_secret_facts {
    pub const EMPTY: Self = Self {
        struct_size: std::mem::size_of::<Self>() as u32,
        flags: 0,
        id: parley_str::EMPTY,
        label: parley_str::EMPTY,
        attributes: parley_str::EMPTY,
        expires_at_ms: 0,
        refresh_at_ms: 0,
    };
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct parley_login_ask {
    pub struct_size: u32,
    pub reserved0: u32,
    pub provider: parley_str,
    pub params: parley_str,
    pub callback_origin: parley_str,
}
unsafe impl Sync for parley_login_ask {}
impl parley_login_ask {
    pub const EMPTY: Self = Self {
        struct_size: std::mem::size_of::<Self>() as u32,
        reserved0: 0,
        provider: parley_str::EMPTY,
        params: parley_str::EMPTY,
        callback_origin: parley_str::EMPTY,
    };
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct parley_login {
    pub struct_size: u32,
    pub reserved0: u32,
    pub params_schema: parley_str,
    pub ops: *const parley_op_table,
    pub providers: Option<unsafe extern "C" fn(instance: *mut parley_instance, count: *mut u32) -> *const parley_str>,
    pub parse: Option<unsafe extern "C" fn(instance: *mut parley_instance, secret: parley_str, arena: *const parley_arena, out: *mut parley_secret_facts, error: *mut parley_error) -> parley_status>,
    pub login_begin: Option<unsafe extern "C" fn(instance: *mut parley_instance, ask: *const parley_login_ask, out: *mut *mut parley_op, error: *mut parley_error) -> parley_status>,
    pub refresh_begin: Option<unsafe extern "C" fn(instance: *mut parley_instance, account: *const parley_account, out: *mut *mut parley_op, error: *mut parley_error) -> parley_status>,
    pub redact: Option<unsafe extern "C" fn(instance: *mut parley_instance, secret: parley_str, arena: *const parley_arena, out: *mut parley_str, error: *mut parley_error) -> parley_status>,
}
unsafe impl Sync for parley_login {}
impl parley_login {
    pub const EMPTY: Self = Self {
        struct_size: std::mem::size_of::<Self>() as u32,
        reserved0: 0,
        params_schema: parley_str::EMPTY,
        ops: std::ptr::null(),
        providers: None,
        parse: None,
        login_begin: None,
        refresh_begin: None,
        redact: None,
    };
}

// ---- parley/manifest.h ----

pub const PARLEY_ABI_TEXT: &str = "0.1";

// ---- parley/observer.h ----

pub const PARLEY_KIND_OBSERVER: &str = "parley.observer/1";
pub const PARLEY_OUTCOME_SUCCEEDED: u32 = 1;
pub const PARLEY_OUTCOME_FAILED: u32 = 2;
pub const PARLEY_OUTCOME_REFUSED: u32 = 3;
pub const PARLEY_OUTCOME_CANCELLED: u32 = 4;

#[repr(C)]
#[derive(Clone, Copy)]
pub struct parley_attempt_notice {
    pub struct_size: u32,
    pub outcome: u32,
    pub error_class: i32,
    pub scope: u32,
    pub http_status: u32,
    pub reused: u32,
    pub provider: parley_str,
    pub account: parley_str,
    pub model: parley_str,
    pub code: parley_str,
    pub start_ms: u64,
    pub connect_ms: u64,
    pub head_ms: u64,
    pub content_ms: u64,
    pub total_ms: u64,
    pub sent_bytes: u64,
    pub received_bytes: u64,
}
unsafe impl Sync for parley_attempt_notice {}
impl parley_attempt_notice {
    pub const EMPTY: Self = Self {
        struct_size: std::mem::size_of::<Self>() as u32,
        outcome: 0,
        error_class: 0,
        scope: 0,
        http_status: 0,
        reused: 0,
        provider: parley_str::EMPTY,
        account: parley_str::EMPTY,
        model: parley_str::EMPTY,
        code: parley_str::EMPTY,
        start_ms: 0,
        connect_ms: 0,
        head_ms: 0,
        content_ms: 0,
        total_ms: 0,
        sent_bytes: 0,
        received_bytes: 0,
    };
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct parley_notice {
    pub struct_size: u32,
    pub outcome: u32,
    pub error_class: i32,
    pub http_status: u32,
    pub finish: u32,
    pub reserved0: u32,
    pub exchange: *const parley_exchange,
    pub attempts: *const *const parley_attempt_notice,
    pub attempt_count: u64,
    pub usage: *const parley_usage,
    pub warnings: *const *const parley_warning,
    pub warning_count: u64,
    pub code: parley_str,
    pub started_ms: i64,
    pub read_ms: u64,
    pub commit_ms: u64,
    pub total_ms: u64,
    pub received_bytes: u64,
    pub sent_bytes: u64,
}
unsafe impl Sync for parley_notice {}
impl parley_notice {
    pub const EMPTY: Self = Self {
        struct_size: std::mem::size_of::<Self>() as u32,
        outcome: 0,
        error_class: 0,
        http_status: 0,
        finish: 0,
        reserved0: 0,
        exchange: std::ptr::null(),
        attempts: std::ptr::null(),
        attempt_count: 0,
        usage: std::ptr::null(),
        warnings: std::ptr::null(),
        warning_count: 0,
        code: parley_str::EMPTY,
        started_ms: 0,
        read_ms: 0,
        commit_ms: 0,
        total_ms: 0,
        received_bytes: 0,
        sent_bytes: 0,
    };
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct parley_notice_batch {
    pub struct_size: u32,
    pub reserved0: u32,
    pub notices: *const *const parley_notice,
    pub notice_count: u64,
    pub dropped: u64,
}
unsafe impl Sync for parley_notice_batch {}
impl parley_notice_batch {
    pub const EMPTY: Self = Self {
        struct_size: std::mem::size_of::<Self>() as u32,
        reserved0: 0,
        notices: std::ptr::null(),
        notice_count: 0,
        dropped: 0,
    };
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct parley_observer {
    pub struct_size: u32,
    pub reserved0: u32,
    pub observe: Option<unsafe extern "C" fn(instance: *mut parley_instance, batch: *const parley_notice_batch, cancel: *const parley_cancel, error: *mut parley_error) -> parley_status>,
}
unsafe impl Sync for parley_observer {}
impl parley_observer {
    pub const EMPTY: Self = Self {
        struct_size: std::mem::size_of::<Self>() as u32,
        reserved0: 0,
        observe: None,
    };
}

// ---- parley/op.h ----

pub const PARLEY_EFFECT_START: u32 = 0;
pub const PARLEY_EFFECT_HTTP: u32 = 1;
pub const PARLEY_EFFECT_TIMER: u32 = 2;
pub const PARLEY_EFFECT_SHOW_USER: u32 = 3;
pub const PARLEY_EFFECT_AWAIT_CALLBACK: u32 = 4;
pub const PARLEY_EFFECT_RANDOM: u32 = 5;
pub const PARLEY_EFFECT_CLOCK: u32 = 6;
pub const PARLEY_EFFECT_STORE_GET: u32 = 7;
pub const PARLEY_EFFECT_STORE_PUT: u32 = 8;
pub const PARLEY_EFFECT_PUBLISH: u32 = 9;
pub const PARLEY_RANDOM_MAX: u32 = 1024;
pub const PARLEY_HTTP_CALL_IDEMPOTENT: u32 = 1 << 0;

#[repr(C)]
#[derive(Clone, Copy)]
pub struct parley_http_call {
    pub struct_size: u32,
    pub flags: u32,
    pub method: parley_str,
    pub url: parley_str,
    pub headers: *const parley_header,
    pub header_count: u64,
    pub content_type: parley_str,
    pub body: parley_bytes,
    pub reply_max: u64,
    pub timeout_ms: u64,
}
unsafe impl Sync for parley_http_call {}
impl parley_http_call {
    pub const EMPTY: Self = Self {
        struct_size: std::mem::size_of::<Self>() as u32,
        flags: 0,
        method: parley_str::EMPTY,
        url: parley_str::EMPTY,
        headers: std::ptr::null(),
        header_count: 0,
        content_type: parley_str::EMPTY,
        body: parley_bytes::EMPTY,
        reply_max: 0,
        timeout_ms: 0,
    };
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct parley_show_user {
    pub struct_size: u32,
    pub reserved0: u32,
    pub url: parley_str,
    pub code: parley_str,
    pub message: parley_str,
    pub expires_in_ms: u64,
}
unsafe impl Sync for parley_show_user {}
impl parley_show_user {
    pub const EMPTY: Self = Self {
        struct_size: std::mem::size_of::<Self>() as u32,
        reserved0: 0,
        url: parley_str::EMPTY,
        code: parley_str::EMPTY,
        message: parley_str::EMPTY,
        expires_in_ms: 0,
    };
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct parley_await_callback {
    pub struct_size: u32,
    pub port: u32,
    pub path: parley_str,
    pub state: parley_str,
}
unsafe impl Sync for parley_await_callback {}
impl parley_await_callback {
    pub const EMPTY: Self = Self {
        struct_size: std::mem::size_of::<Self>() as u32,
        port: 0,
        path: parley_str::EMPTY,
        state: parley_str::EMPTY,
    };
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct parley_store_put {
    pub struct_size: u32,
    pub reserved0: u32,
    pub key: parley_str,
    pub value: parley_bytes,
    pub expected: u64,
}
unsafe impl Sync for parley_store_put {}
impl parley_store_put {
    pub const EMPTY: Self = Self {
        struct_size: std::mem::size_of::<Self>() as u32,
        reserved0: 0,
        key: parley_str::EMPTY,
        value: parley_bytes::EMPTY,
        expected: 0,
    };
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct parley_effects {
    pub struct_size: u32,
    pub reserved0: u32,
    pub ctx: *mut c_void,
    pub http: Option<unsafe extern "C" fn(effects: *const parley_effects, id: u64, call: *const parley_http_call) -> parley_status>,
    pub timer: Option<unsafe extern "C" fn(effects: *const parley_effects, id: u64, wait_ms: u64) -> parley_status>,
    pub show_user: Option<unsafe extern "C" fn(effects: *const parley_effects, id: u64, show: *const parley_show_user) -> parley_status>,
    pub await_callback: Option<unsafe extern "C" fn(effects: *const parley_effects, id: u64, callback: *const parley_await_callback) -> parley_status>,
    pub random: Option<unsafe extern "C" fn(effects: *const parley_effects, id: u64, size: u64) -> parley_status>,
    pub clock: Option<unsafe extern "C" fn(effects: *const parley_effects, id: u64) -> parley_status>,
    pub store_get: Option<unsafe extern "C" fn(effects: *const parley_effects, id: u64, key: parley_str) -> parley_status>,
    pub store_put: Option<unsafe extern "C" fn(effects: *const parley_effects, id: u64, put: *const parley_store_put) -> parley_status>,
    pub publish: Option<unsafe extern "C" fn(effects: *const parley_effects, result: parley_str) -> parley_status>,
}
unsafe impl Sync for parley_effects {}
impl parley_effects {
    pub const EMPTY: Self = Self {
        struct_size: std::mem::size_of::<Self>() as u32,
        reserved0: 0,
        ctx: std::ptr::null_mut(),
        http: None,
        timer: None,
        show_user: None,
        await_callback: None,
        random: None,
        clock: None,
        store_get: None,
        store_put: None,
        publish: None,
    };
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct parley_resume {
    pub struct_size: u32,
    pub kind: u32,
    pub id: u64,
    pub status: parley_status,
    pub reserved0: u32,
    pub error: *const parley_error,
    pub head: *const parley_http_reply_head,
    pub bytes: parley_bytes,
    pub query: parley_str,
    pub revision: u64,
    pub wall_ms: i64,
    pub monotonic_ms: i64,
}
unsafe impl Sync for parley_resume {}
impl parley_resume {
    pub const EMPTY: Self = Self {
        struct_size: std::mem::size_of::<Self>() as u32,
        kind: 0,
        id: 0,
        status: 0,
        reserved0: 0,
        error: std::ptr::null(),
        head: std::ptr::null(),
        bytes: parley_bytes::EMPTY,
        query: parley_str::EMPTY,
        revision: 0,
        wall_ms: 0,
        monotonic_ms: 0,
    };
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct parley_op_table {
    pub struct_size: u32,
    pub reserved0: u32,
    pub step: Option<unsafe extern "C" fn(op: *mut parley_op, resume: *const parley_resume, effects: *const parley_effects, error: *mut parley_error) -> parley_status>,
    pub destroy: Option<unsafe extern "C" fn(op: *mut parley_op)>,
}
unsafe impl Sync for parley_op_table {}
impl parley_op_table {
    pub const EMPTY: Self = Self {
        struct_size: std::mem::size_of::<Self>() as u32,
        reserved0: 0,
        step: None,
        destroy: None,
    };
}

// ---- parley/policy.h ----

pub const PARLEY_KIND_POLICY: &str = "parley.policy/1";
pub const PARLEY_PICK_ASK_AFFINITY: u32 = 1 << 0;
pub const PARLEY_PICK_INDEX: u32 = 1;
pub const PARLEY_PICK_DELEGATE: u32 = 2;
pub const PARLEY_PICK_REJECT: u32 = 3;

#[repr(C)]
#[derive(Clone, Copy)]
pub struct parley_candidate {
    pub struct_size: u32,
    pub weight: u32,
    pub priority: i32,
    pub in_flight: u32,
    pub number: u64,
    pub account: parley_str,
    pub provider: parley_str,
    pub model: parley_str,
    pub success_per_mille: u32,
    pub last_error_class: u32,
    pub content_ms: u64,
    pub idle_ms: u64,
    pub attempts: u64,
    pub quota_left: i64,
    pub quota_reset_ms: u64,
    pub session_count: u64,
}
unsafe impl Sync for parley_candidate {}
impl parley_candidate {
    pub const EMPTY: Self = Self {
        struct_size: std::mem::size_of::<Self>() as u32,
        weight: 0,
        priority: 0,
        in_flight: 0,
        number: 0,
        account: parley_str::EMPTY,
        provider: parley_str::EMPTY,
        model: parley_str::EMPTY,
        success_per_mille: 0,
        last_error_class: 0,
        content_ms: 0,
        idle_ms: 0,
        attempts: 0,
        quota_left: 0,
        quota_reset_ms: 0,
        session_count: 0,
    };
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct parley_pick_ask {
    pub struct_size: u32,
    pub flags: u32,
    pub attempt: u32,
    pub affinity: u32,
    pub exchange: *const parley_exchange,
    pub monotonic_ms: i64,
    pub random: u64,
}
unsafe impl Sync for parley_pick_ask {}
impl parley_pick_ask {
    pub const EMPTY: Self = Self {
        struct_size: std::mem::size_of::<Self>() as u32,
        flags: 0,
        attempt: 0,
        affinity: 0,
        exchange: std::ptr::null(),
        monotonic_ms: 0,
        random: 0,
    };
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct parley_pick {
    pub struct_size: u32,
    pub action: u32,
    pub index: u32,
    pub reserved0: u32,
    pub delegate: parley_str,
}
unsafe impl Sync for parley_pick {}
impl parley_pick {
    pub const EMPTY: Self = Self {
        struct_size: std::mem::size_of::<Self>() as u32,
        action: 0,
        index: 0,
        reserved0: 0,
        delegate: parley_str::EMPTY,
    };
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct parley_pick_report {
    pub struct_size: u32,
    pub error_class: i32,
    pub number: u64,
    pub scope: u32,
    pub attempt: u32,
    pub content_ms: u64,
    pub total_ms: u64,
    pub cool_down_ms: u64,
    pub usage: *const parley_usage,
    pub monotonic_ms: i64,
}
unsafe impl Sync for parley_pick_report {}
impl parley_pick_report {
    pub const EMPTY: Self = Self {
        struct_size: std::mem::size_of::<Self>() as u32,
        error_class: 0,
        number: 0,
        scope: 0,
        attempt: 0,
        content_ms: 0,
        total_ms: 0,
        cool_down_ms: 0,
        usage: std::ptr::null(),
        monotonic_ms: 0,
    };
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct parley_policy {
    pub struct_size: u32,
    pub reserved0: u32,
    pub pick: Option<unsafe extern "C" fn(instance: *mut parley_instance, ask: *const parley_pick_ask, candidates: *const *const parley_candidate, count: u32, out: *mut parley_pick, error: *mut parley_error) -> parley_status>,
    pub report: Option<unsafe extern "C" fn(instance: *mut parley_instance, report: *const parley_pick_report)>,
}
unsafe impl Sync for parley_policy {}
impl parley_policy {
    pub const EMPTY: Self = Self {
        struct_size: std::mem::size_of::<Self>() as u32,
        reserved0: 0,
        pick: None,
        report: None,
    };
}

// ---- parley/provider.h ----

pub const PARLEY_KIND_PROVIDER: &str = "parley.provider/1";
pub const PARLEY_PLAN_ANSWER: u32 = 1 << 0;
pub const PARLEY_PLAN_IDEMPOTENT: u32 = 1 << 1;
pub const PARLEY_WANT_AMEND: u32 = 1 << 0;
pub const PARLEY_WANT_CANONICAL: u32 = 1 << 1;
pub const PARLEY_WINDOW_REQUESTS: u32 = 1;
pub const PARLEY_WINDOW_TOKENS: u32 = 2;
pub const PARLEY_WINDOW_INPUT_TOKENS: u32 = 3;
pub const PARLEY_WINDOW_OUTPUT_TOKENS: u32 = 4;
pub const PARLEY_WINDOW_SHARE: u32 = 5;
pub const PARLEY_WINDOW_REFILLS: u32 = 1 << 0;

#[repr(C)]
#[derive(Clone, Copy)]
pub struct parley_account {
    pub struct_size: u32,
    pub reserved0: u32,
    pub id: parley_str,
    pub label: parley_str,
    pub secret: parley_str,
    pub attributes: parley_str,
    pub revision: u64,
    pub expires_at_ms: i64,
    pub base_url: parley_str,
}
unsafe impl Sync for parley_account {}
impl parley_account {
    pub const EMPTY: Self = Self {
        struct_size: std::mem::size_of::<Self>() as u32,
        reserved0: 0,
        id: parley_str::EMPTY,
        label: parley_str::EMPTY,
        secret: parley_str::EMPTY,
        attributes: parley_str::EMPTY,
        revision: 0,
        expires_at_ms: 0,
        base_url: parley_str::EMPTY,
    };
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct parley_plan_ask {
    pub struct_size: u32,
    pub operation: u32,
    pub stream: u32,
    pub attempt: u32,
    pub dialect: parley_str,
    pub model: parley_str,
    pub path: parley_str,
    pub query: parley_str,
    pub account: *const parley_account,
    pub client: *const parley_http_request,
}
unsafe impl Sync for parley_plan_ask {}
impl parley_plan_ask {
    pub const EMPTY: Self = Self {
        struct_size: std::mem::size_of::<Self>() as u32,
        operation: 0,
        stream: 0,
        attempt: 0,
        dialect: parley_str::EMPTY,
        model: parley_str::EMPTY,
        path: parley_str::EMPTY,
        query: parley_str::EMPTY,
        account: std::ptr::null(),
        client: std::ptr::null(),
    };
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct parley_plan {
    pub struct_size: u32,
    pub flags: u32,
    pub origin: parley_str,
    pub target: parley_str,
    pub headers: *const parley_header,
    pub header_count: u64,
    pub connect_ms: u32,
    pub head_ms: u32,
    pub content_ms: u32,
    pub idle_ms: u32,
}
unsafe impl Sync for parley_plan {}
impl parley_plan {
    pub const EMPTY: Self = Self {
        struct_size: std::mem::size_of::<Self>() as u32,
        flags: 0,
        origin: parley_str::EMPTY,
        target: parley_str::EMPTY,
        headers: std::ptr::null(),
        header_count: 0,
        connect_ms: 0,
        head_ms: 0,
        content_ms: 0,
        idle_ms: 0,
    };
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct parley_amendment {
    pub struct_size: u32,
    pub reserved0: u32,
    pub edits: *const parley_edit,
    pub edit_count: u64,
    pub warnings: *const *const parley_warning,
    pub warning_count: u64,
}
unsafe impl Sync for parley_amendment {}
impl parley_amendment {
    pub const EMPTY: Self = Self {
        struct_size: std::mem::size_of::<Self>() as u32,
        reserved0: 0,
        edits: std::ptr::null(),
        edit_count: 0,
        warnings: std::ptr::null(),
        warning_count: 0,
    };
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct parley_verdict {
    pub struct_size: u32,
    pub reserved0: u32,
    pub error: parley_error,
    pub cool_down_ms: u64,
}
unsafe impl Sync for parley_verdict {}
impl parley_verdict {
    pub const EMPTY: Self = Self {
        struct_size: std::mem::size_of::<Self>() as u32,
        reserved0: 0,
        error: parley_error::EMPTY,
        cool_down_ms: 0,
    };
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct parley_model_offer {
    pub struct_size: u32,
    pub reserved0: u32,
    pub pattern: parley_str,
}
unsafe impl Sync for parley_model_offer {}
impl parley_model_offer {
    pub const EMPTY: Self = Self {
        struct_size: std::mem::size_of::<Self>() as u32,
        reserved0: 0,
        pattern: parley_str::EMPTY,
    };
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct parley_window {
    pub struct_size: u32,
    pub kind: u32,
    pub flags: u32,
    pub scope: u32,
    pub name: parley_str,
    pub limit: u64,
    pub remaining: u64,
    pub reset_ms: u64,
    pub length_ms: u64,
}
unsafe impl Sync for parley_window {}
impl parley_window {
    pub const EMPTY: Self = Self {
        struct_size: std::mem::size_of::<Self>() as u32,
        kind: 0,
        flags: 0,
        scope: 0,
        name: parley_str::EMPTY,
        limit: 0,
        remaining: 0,
        reset_ms: 0,
        length_ms: 0,
    };
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct parley_answer {
    pub struct_size: u32,
    pub status: u32,
    pub content_type: parley_str,
    pub headers: *const parley_header,
    pub header_count: u64,
    pub wait_ms: u64,
}
unsafe impl Sync for parley_answer {}
impl parley_answer {
    pub const EMPTY: Self = Self {
        struct_size: std::mem::size_of::<Self>() as u32,
        status: 0,
        content_type: parley_str::EMPTY,
        headers: std::ptr::null(),
        header_count: 0,
        wait_ms: 0,
    };
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct parley_provider {
    pub struct_size: u32,
    pub reserved0: u32,
    pub dialects: Option<unsafe extern "C" fn(instance: *mut parley_instance, count: *mut u32) -> *const parley_str>,
    pub models: Option<unsafe extern "C" fn(instance: *mut parley_instance, count: *mut u32) -> *const parley_model_offer>,
    pub plan: Option<unsafe extern "C" fn(instance: *mut parley_instance, ask: *const parley_plan_ask, arena: *const parley_arena, out: *mut parley_plan, error: *mut parley_error) -> parley_status>,
    pub classify: Option<unsafe extern "C" fn(instance: *mut parley_instance, account: *const parley_account, head: *const parley_http_reply_head, body: parley_bytes, told: *const parley_error, arena: *const parley_arena, out: *mut parley_verdict) -> parley_status>,
    pub answer_open: Option<unsafe extern "C" fn(instance: *mut parley_instance, ask: *const parley_plan_ask, body: parley_bytes, out: *mut *mut parley_session, error: *mut parley_error) -> parley_status>,
    pub answer_step: Option<unsafe extern "C" fn(session: *mut parley_session, io: *mut parley_answer, out: *const parley_out) -> parley_status>,
    pub answer_close: Option<unsafe extern "C" fn(session: *mut parley_session)>,
    pub wants: Option<unsafe extern "C" fn(instance: *mut parley_instance, ask: *const parley_plan_ask) -> u32>,
    pub amend: Option<unsafe extern "C" fn(instance: *mut parley_instance, ask: *const parley_plan_ask, body: parley_bytes, arena: *const parley_arena, out: *mut parley_amendment, error: *mut parley_error) -> parley_status>,
    pub windows: Option<unsafe extern "C" fn(instance: *mut parley_instance, head: *const parley_http_reply_head, wall_ms: i64, out: *mut parley_window, capacity: u32) -> u32>,
}
unsafe impl Sync for parley_provider {}
impl parley_provider {
    pub const EMPTY: Self = Self {
        struct_size: std::mem::size_of::<Self>() as u32,
        reserved0: 0,
        dialects: None,
        models: None,
        plan: None,
        classify: None,
        answer_open: None,
        answer_step: None,
        answer_close: None,
        wants: None,
        amend: None,
        windows: None,
    };
}

// ---- parley/request.h ----

pub const PARLEY_SAYS_NO: u32 = 1;
pub const PARLEY_SAYS_YES: u32 = 2;
pub const PARLEY_WARNING_FIELD_DROPPED: &str = "field_dropped";
pub const PARLEY_WARNING_SAMPLING_DROPPED: &str = "sampling_dropped";
pub const PARLEY_WARNING_SAMPLING_CLAMPED: &str = "sampling_clamped";
pub const PARLEY_WARNING_EFFORT_CLAMPED: &str = "effort_clamped";
pub const PARLEY_WARNING_THINKING_DISABLED: &str = "thinking_disabled";
pub const PARLEY_WARNING_THINKING_DISABLED_MISSING_HISTORY: &str = "thinking_disabled_missing_history";
pub const PARLEY_WARNING_MAX_TOKENS_CLAMPED: &str = "max_tokens_clamped";
pub const PARLEY_WARNING_STRICT_DROPPED: &str = "strict_dropped";
pub const PARLEY_WARNING_SCHEMA_WEAKENED: &str = "schema_weakened";
pub const PARLEY_WARNING_JSON_MODE_PROMPTED: &str = "json_mode_prompted";
pub const PARLEY_WARNING_SCHEMA_VIA_TOOL: &str = "schema_via_tool";
pub const PARLEY_WARNING_TOOL_DROPPED: &str = "tool_dropped";
pub const PARLEY_WARNING_TOOL_RENAMED: &str = "tool_renamed";
pub const PARLEY_WARNING_PARALLEL_UNENFORCED: &str = "parallel_unenforced";
pub const PARLEY_WARNING_PREFILL_DROPPED: &str = "prefill_dropped";
pub const PARLEY_WARNING_LEADING_USER_ADDED: &str = "leading_user_added";
pub const PARLEY_WARNING_SYSTEM_DEMOTED: &str = "system_demoted";
pub const PARLEY_WARNING_TOOL_RESULT_SYNTHESISED: &str = "tool_result_synthesised";
pub const PARLEY_WARNING_ORPHAN_TOOL_RESULT: &str = "orphan_tool_result";
pub const PARLEY_WARNING_DUPLICATE_TOOL_RESULT: &str = "duplicate_tool_result";
pub const PARLEY_WARNING_TOOL_IMAGE_MOVED: &str = "tool_image_moved";
pub const PARLEY_WARNING_MEDIA_FETCHED: &str = "media_fetched";
pub const PARLEY_WARNING_SEAL_INVALID: &str = "seal_invalid";
pub const PARLEY_WARNING_SEAL_DROPPED: &str = "seal_dropped";
pub const PARLEY_WARNING_FINISH_APPROXIMATED: &str = "finish_approximated";
pub const PARLEY_WARNING_USAGE_REPAIRED: &str = "usage_repaired";
pub const PARLEY_WARNING_TOKEN_COUNT_ESTIMATED: &str = "token_count_estimated";
pub const PARLEY_WARNING_TOOL_CALL_DROPPED: &str = "tool_call_dropped";
pub const PARLEY_CITATION_URL: u32 = 1;
pub const PARLEY_CITATION_DOCUMENT: u32 = 2;
pub const PARLEY_CITATION_FILE: u32 = 3;
pub const PARLEY_CITATION_CONTAINER: u32 = 4;
pub const PARLEY_SOURCE_CHARS: u32 = 1;
pub const PARLEY_SOURCE_PAGES: u32 = 2;
pub const PARLEY_SOURCE_BLOCKS: u32 = 3;
pub const PARLEY_SPAN_CODEPOINTS: u32 = 1;
pub const PARLEY_SPAN_BYTES: u32 = 2;
pub const PARLEY_MEDIA_URL: u32 = 1;
pub const PARLEY_MEDIA_BASE64: u32 = 2;
pub const PARLEY_MEDIA_FILE: u32 = 3;
pub const PARLEY_MEDIA_TEXT: u32 = 4;
pub const PARLEY_MEDIA_PARTS: u32 = 5;
pub const PARLEY_DETAIL_AUTO: u32 = 1;
pub const PARLEY_DETAIL_LOW: u32 = 2;
pub const PARLEY_DETAIL_HIGH: u32 = 3;
pub const PARLEY_DETAIL_ORIGINAL: u32 = 4;
pub const PARLEY_REASONING_SUMMARY: u32 = 1;
pub const PARLEY_REASONING_RAW: u32 = 2;
pub const PARLEY_CACHE_MARK: u32 = 1;
pub const PARLEY_CACHE_5M: u32 = 2;
pub const PARLEY_CACHE_30M: u32 = 3;
pub const PARLEY_CACHE_1H: u32 = 4;
pub const PARLEY_CACHE_24H: u32 = 5;
pub const PARLEY_ROLE_SYSTEM: u32 = 1;
pub const PARLEY_ROLE_DEVELOPER: u32 = 2;
pub const PARLEY_ROLE_USER: u32 = 3;
pub const PARLEY_ROLE_ASSISTANT: u32 = 4;
pub const PARLEY_ROLE_TOOL: u32 = 5;
pub const PARLEY_PHASE_COMMENTARY: u32 = 1;
pub const PARLEY_PHASE_FINAL_ANSWER: u32 = 2;
pub const PARLEY_TOOL_FUNCTION: u32 = 1;
pub const PARLEY_TOOL_CUSTOM: u32 = 2;
pub const PARLEY_TOOL_SERVER: u32 = 3;
pub const PARLEY_TOOL_CLIENT: u32 = 4;
pub const PARLEY_CUSTOM_TEXT: u32 = 1;
pub const PARLEY_CUSTOM_LARK: u32 = 2;
pub const PARLEY_CUSTOM_REGEX: u32 = 3;
pub const PARLEY_CHOICE_AUTO: u32 = 1;
pub const PARLEY_CHOICE_NONE: u32 = 2;
pub const PARLEY_CHOICE_REQUIRED: u32 = 3;
pub const PARLEY_CHOICE_TOOL: u32 = 4;
pub const PARLEY_THINK_OFF: u32 = 1;
pub const PARLEY_THINK_AUTO: u32 = 2;
pub const PARLEY_THINK_EFFORT: u32 = 3;
pub const PARLEY_THINK_BUDGET: u32 = 4;
pub const PARLEY_EFFORT_MINIMAL: u32 = 1;
pub const PARLEY_EFFORT_LOW: u32 = 2;
pub const PARLEY_EFFORT_MEDIUM: u32 = 3;
pub const PARLEY_EFFORT_HIGH: u32 = 4;
pub const PARLEY_EFFORT_XHIGH: u32 = 5;
pub const PARLEY_EFFORT_MAX: u32 = 6;
pub const PARLEY_SUMMARY_NONE: u32 = 1;
pub const PARLEY_SUMMARY_AUTO: u32 = 2;
pub const PARLEY_SUMMARY_CONCISE: u32 = 3;
pub const PARLEY_SUMMARY_DETAILED: u32 = 4;
pub const PARLEY_FORMAT_TEXT: u32 = 1;
pub const PARLEY_FORMAT_JSON_OBJECT: u32 = 2;
pub const PARLEY_FORMAT_JSON_SCHEMA: u32 = 3;
pub const PARLEY_CACHE_MODE_AUTO: u32 = 1;
pub const PARLEY_CACHE_MODE_EXPLICIT: u32 = 2;
pub const PARLEY_CACHE_MODE_OFF: u32 = 3;
pub const PARLEY_EMBED_FLOAT: u32 = 1;
pub const PARLEY_EMBED_BASE64: u32 = 2;
pub const PARLEY_REQUEST_STREAM: u32 = 1 << 0;
pub const PARLEY_REQUEST_STREAM_USAGE: u32 = 1 << 1;
pub const PARLEY_REQUEST_HAS_TOOLS: u32 = 1 << 2;
pub const PARLEY_REQUEST_HAS_IMAGES: u32 = 1 << 3;
pub const PARLEY_REQUEST_HAS_DOCUMENTS: u32 = 1 << 4;
pub const PARLEY_REQUEST_HAS_AUDIO: u32 = 1 << 5;
pub const PARLEY_REQUEST_HAS_VIDEO: u32 = 1 << 6;
pub const PARLEY_REQUEST_HAS_SEALS: u32 = 1 << 7;
pub const PARLEY_REQUEST_WANTS_REASONING: u32 = 1 << 8;
pub const PARLEY_REQUEST_STREAM_ARRAY: u32 = 1 << 9;
pub const PARLEY_MODALITY_TEXT: u32 = 1 << 0;
pub const PARLEY_MODALITY_AUDIO: u32 = 1 << 1;
pub const PARLEY_MODALITY_IMAGE: u32 = 1 << 2;
pub const PARLEY_VERBOSITY_LOW: u32 = 1;
pub const PARLEY_VERBOSITY_MEDIUM: u32 = 2;
pub const PARLEY_VERBOSITY_HIGH: u32 = 3;
pub const PARLEY_TIER_AUTO: u32 = 1;
pub const PARLEY_TIER_DEFAULT: u32 = 2;
pub const PARLEY_TIER_FLEX: u32 = 3;
pub const PARLEY_TIER_PRIORITY: u32 = 4;
pub const PARLEY_TIER_SCALE: u32 = 5;
pub const PARLEY_TIER_BATCH: u32 = 6;
pub const PARLEY_EXCHANGE_STREAM: u32 = 1 << 0;
pub const PARLEY_EXCHANGE_RELAYED: u32 = 1 << 1;

#[repr(C)]
#[derive(Clone, Copy)]
pub struct parley_number {
    pub value: f64,
    pub text: parley_str,
}
unsafe impl Sync for parley_number {}
impl parley_number {
    pub const EMPTY: Self = Self {
        value: 0.0,
        text: parley_str::EMPTY,
    };
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct parley_extra {
    pub struct_size: u32,
    pub reserved0: u32,
    pub dialect: parley_str,
    pub json: parley_str,
}
unsafe impl Sync for parley_extra {}
impl parley_extra {
    pub const EMPTY: Self = Self {
        struct_size: std::mem::size_of::<Self>() as u32,
        reserved0: 0,
        dialect: parley_str::EMPTY,
        json: parley_str::EMPTY,
    };
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct parley_warning {
    pub struct_size: u32,
    pub reserved0: u32,
    pub code: parley_str,
    pub field: parley_str,
}
unsafe impl Sync for parley_warning {}
impl parley_warning {
    pub const EMPTY: Self = Self {
        struct_size: std::mem::size_of::<Self>() as u32,
        reserved0: 0,
        code: parley_str::EMPTY,
        field: parley_str::EMPTY,
    };
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct parley_seal {
    pub struct_size: u32,
    pub scheme: u32,
    pub family: parley_str,
    pub model: parley_str,
    pub data: parley_str,
}
unsafe impl Sync for parley_seal {}
impl parley_seal {
    pub const EMPTY: Self = Self {
        struct_size: std::mem::size_of::<Self>() as u32,
        scheme: 0,
        family: parley_str::EMPTY,
        model: parley_str::EMPTY,
        data: parley_str::EMPTY,
    };
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct parley_citation {
    pub struct_size: u32,
    pub kind: u32,
    pub source_unit: u32,
    pub span_unit: u32,
    pub source_start: u64,
    pub source_end: u64,
    pub span_start: u64,
    pub span_end: u64,
    pub document_index: u64,
    pub url: parley_str,
    pub title: parley_str,
    pub cited_text: parley_str,
    pub file_id: parley_str,
    pub dialect: parley_str,
    pub raw: parley_str,
}
unsafe impl Sync for parley_citation {}
impl parley_citation {
    pub const EMPTY: Self = Self {
        struct_size: std::mem::size_of::<Self>() as u32,
        kind: 0,
        source_unit: 0,
        span_unit: 0,
        source_start: 0,
        source_end: 0,
        span_start: 0,
        span_end: 0,
        document_index: 0,
        url: parley_str::EMPTY,
        title: parley_str::EMPTY,
        cited_text: parley_str::EMPTY,
        file_id: parley_str::EMPTY,
        dialect: parley_str::EMPTY,
        raw: parley_str::EMPTY,
    };
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct parley_media {
    pub struct_size: u32,
    pub source: u32,
    pub detail: u32,
    pub citations: u32,
    pub mime: parley_str,
    pub data: parley_str,
    pub file_owner: parley_str,
    pub parts: *const *const parley_part,
    pub part_count: u64,
    pub filename: parley_str,
    pub title: parley_str,
    pub context: parley_str,
    pub transcript: parley_str,
    pub start: parley_str,
    pub end: parley_str,
    pub fps: parley_number,
    pub expires_at_s: i64,
}
unsafe impl Sync for parley_media {}
impl parley_media {
    pub const EMPTY: Self = Self {
        struct_size: std::mem::size_of::<Self>() as u32,
        source: 0,
        detail: 0,
        citations: 0,
        mime: parley_str::EMPTY,
        data: parley_str::EMPTY,
        file_owner: parley_str::EMPTY,
        parts: std::ptr::null(),
        part_count: 0,
        filename: parley_str::EMPTY,
        title: parley_str::EMPTY,
        context: parley_str::EMPTY,
        transcript: parley_str::EMPTY,
        start: parley_str::EMPTY,
        end: parley_str::EMPTY,
        fps: parley_number::EMPTY,
        expires_at_s: 0,
    };
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct parley_tool_call {
    pub struct_size: u32,
    pub kind: u32,
    pub id: parley_str,
    pub name: parley_str,
    pub name_space: parley_str,
    pub arguments: parley_str,
    pub caller: parley_str,
}
unsafe impl Sync for parley_tool_call {}
impl parley_tool_call {
    pub const EMPTY: Self = Self {
        struct_size: std::mem::size_of::<Self>() as u32,
        kind: 0,
        id: parley_str::EMPTY,
        name: parley_str::EMPTY,
        name_space: parley_str::EMPTY,
        arguments: parley_str::EMPTY,
        caller: parley_str::EMPTY,
    };
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct parley_tool_result {
    pub struct_size: u32,
    pub is_error: u32,
    pub call_id: parley_str,
    pub name: parley_str,
    pub parts: *const *const parley_part,
    pub part_count: u64,
}
unsafe impl Sync for parley_tool_result {}
impl parley_tool_result {
    pub const EMPTY: Self = Self {
        struct_size: std::mem::size_of::<Self>() as u32,
        is_error: 0,
        call_id: parley_str::EMPTY,
        name: parley_str::EMPTY,
        parts: std::ptr::null(),
        part_count: 0,
    };
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct parley_reasoning_section {
    pub struct_size: u32,
    pub kind: u32,
    pub text: parley_str,
}
unsafe impl Sync for parley_reasoning_section {}
impl parley_reasoning_section {
    pub const EMPTY: Self = Self {
        struct_size: std::mem::size_of::<Self>() as u32,
        kind: 0,
        text: parley_str::EMPTY,
    };
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct parley_reasoning {
    pub struct_size: u32,
    pub redacted: u32,
    pub sections: *const *const parley_reasoning_section,
    pub section_count: u64,
}
unsafe impl Sync for parley_reasoning {}
impl parley_reasoning {
    pub const EMPTY: Self = Self {
        struct_size: std::mem::size_of::<Self>() as u32,
        redacted: 0,
        sections: std::ptr::null(),
        section_count: 0,
    };
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct parley_search_result {
    pub struct_size: u32,
    pub citations: u32,
    pub source: parley_str,
    pub title: parley_str,
    pub parts: *const *const parley_part,
    pub part_count: u64,
}
unsafe impl Sync for parley_search_result {}
impl parley_search_result {
    pub const EMPTY: Self = Self {
        struct_size: std::mem::size_of::<Self>() as u32,
        citations: 0,
        source: parley_str::EMPTY,
        title: parley_str::EMPTY,
        parts: std::ptr::null(),
        part_count: 0,
    };
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct parley_server_item {
    pub struct_size: u32,
    pub reserved0: u32,
    pub tool: parley_str,
    pub id: parley_str,
    pub status: parley_str,
    pub summary: parley_str,
    pub dialect: parley_str,
    pub raw: parley_str,
}
unsafe impl Sync for parley_server_item {}
impl parley_server_item {
    pub const EMPTY: Self = Self {
        struct_size: std::mem::size_of::<Self>() as u32,
        reserved0: 0,
        tool: parley_str::EMPTY,
        id: parley_str::EMPTY,
        status: parley_str::EMPTY,
        summary: parley_str::EMPTY,
        dialect: parley_str::EMPTY,
        raw: parley_str::EMPTY,
    };
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct parley_part {
    pub struct_size: u32,
    pub kind: u32,
    pub role: u32,
    pub cache: u32,
    pub text: parley_str,
    pub origin: parley_str,
    pub seal: *const parley_seal,
    pub media: *const parley_media,
    pub tool_call: *const parley_tool_call,
    pub tool_result: *const parley_tool_result,
    pub reasoning: *const parley_reasoning,
    pub search_result: *const parley_search_result,
    pub server_item: *const parley_server_item,
    pub citations: *const *const parley_citation,
    pub citation_count: u64,
    pub extras: *const *const parley_extra,
    pub extra_count: u64,
}
unsafe impl Sync for parley_part {}
impl parley_part {
    pub const EMPTY: Self = Self {
        struct_size: std::mem::size_of::<Self>() as u32,
        kind: 0,
        role: 0,
        cache: 0,
        text: parley_str::EMPTY,
        origin: parley_str::EMPTY,
        seal: std::ptr::null(),
        media: std::ptr::null(),
        tool_call: std::ptr::null(),
        tool_result: std::ptr::null(),
        reasoning: std::ptr::null(),
        search_result: std::ptr::null(),
        server_item: std::ptr::null(),
        citations: std::ptr::null(),
        citation_count: 0,
        extras: std::ptr::null(),
        extra_count: 0,
    };
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct parley_message {
    pub struct_size: u32,
    pub role: u32,
    pub phase: u32,
    pub reserved0: u32,
    pub name: parley_str,
    pub origin: parley_str,
    pub parts: *const *const parley_part,
    pub part_count: u64,
    pub extras: *const *const parley_extra,
    pub extra_count: u64,
}
unsafe impl Sync for parley_message {}
impl parley_message {
    pub const EMPTY: Self = Self {
        struct_size: std::mem::size_of::<Self>() as u32,
        role: 0,
        phase: 0,
        reserved0: 0,
        name: parley_str::EMPTY,
        origin: parley_str::EMPTY,
        parts: std::ptr::null(),
        part_count: 0,
        extras: std::ptr::null(),
        extra_count: 0,
    };
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct parley_server_tool {
    pub struct_size: u32,
    pub reserved0: u32,
    pub r#type: parley_str,
    pub allowed_domains: *const parley_str,
    pub allowed_domain_count: u64,
    pub blocked_domains: *const parley_str,
    pub blocked_domain_count: u64,
    pub max_uses: parley_number,
    pub user_location: parley_str,
    pub config: parley_str,
}
unsafe impl Sync for parley_server_tool {}
impl parley_server_tool {
    pub const EMPTY: Self = Self {
        struct_size: std::mem::size_of::<Self>() as u32,
        reserved0: 0,
        r#type: parley_str::EMPTY,
        allowed_domains: std::ptr::null(),
        allowed_domain_count: 0,
        blocked_domains: std::ptr::null(),
        blocked_domain_count: 0,
        max_uses: parley_number::EMPTY,
        user_location: parley_str::EMPTY,
        config: parley_str::EMPTY,
    };
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct parley_tool {
    pub struct_size: u32,
    pub kind: u32,
    pub strict: u32,
    pub cache: u32,
    pub defer_loading: u32,
    pub eager_stream: u32,
    pub custom_format: u32,
    pub reserved0: u32,
    pub name: parley_str,
    pub name_space: parley_str,
    pub description: parley_str,
    pub schema: parley_str,
    pub output_schema: parley_str,
    pub input_examples: parley_str,
    pub grammar: parley_str,
    pub wire_type: parley_str,
    pub origin_name: parley_str,
    pub origin: parley_str,
    pub server: *const parley_server_tool,
    pub extras: *const *const parley_extra,
    pub extra_count: u64,
}
unsafe impl Sync for parley_tool {}
impl parley_tool {
    pub const EMPTY: Self = Self {
        struct_size: std::mem::size_of::<Self>() as u32,
        kind: 0,
        strict: 0,
        cache: 0,
        defer_loading: 0,
        eager_stream: 0,
        custom_format: 0,
        reserved0: 0,
        name: parley_str::EMPTY,
        name_space: parley_str::EMPTY,
        description: parley_str::EMPTY,
        schema: parley_str::EMPTY,
        output_schema: parley_str::EMPTY,
        input_examples: parley_str::EMPTY,
        grammar: parley_str::EMPTY,
        wire_type: parley_str::EMPTY,
        origin_name: parley_str::EMPTY,
        origin: parley_str::EMPTY,
        server: std::ptr::null(),
        extras: std::ptr::null(),
        extra_count: 0,
    };
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct parley_tool_choice {
    pub struct_size: u32,
    pub mode: u32,
    pub name: parley_str,
    pub allowed: *const parley_str,
    pub allowed_count: u64,
}
unsafe impl Sync for parley_tool_choice {}
impl parley_tool_choice {
    pub const EMPTY: Self = Self {
        struct_size: std::mem::size_of::<Self>() as u32,
        mode: 0,
        name: parley_str::EMPTY,
        allowed: std::ptr::null(),
        allowed_count: 0,
    };
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct parley_sampling {
    pub struct_size: u32,
    pub reserved0: u32,
    pub temperature: parley_number,
    pub top_p: parley_number,
    pub top_k: parley_number,
    pub presence_penalty: parley_number,
    pub frequency_penalty: parley_number,
    pub seed: parley_number,
    pub logit_bias: parley_str,
}
unsafe impl Sync for parley_sampling {}
impl parley_sampling {
    pub const EMPTY: Self = Self {
        struct_size: std::mem::size_of::<Self>() as u32,
        reserved0: 0,
        temperature: parley_number::EMPTY,
        top_p: parley_number::EMPTY,
        top_k: parley_number::EMPTY,
        presence_penalty: parley_number::EMPTY,
        frequency_penalty: parley_number::EMPTY,
        seed: parley_number::EMPTY,
        logit_bias: parley_str::EMPTY,
    };
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct parley_reasoning_ask {
    pub struct_size: u32,
    pub mode: u32,
    pub effort: u32,
    pub summary: u32,
    pub interleaved: u32,
    pub include_encrypted: u32,
    pub budget: parley_number,
}
unsafe impl Sync for parley_reasoning_ask {}
impl parley_reasoning_ask {
    pub const EMPTY: Self = Self {
        struct_size: std::mem::size_of::<Self>() as u32,
        mode: 0,
        effort: 0,
        summary: 0,
        interleaved: 0,
        include_encrypted: 0,
        budget: parley_number::EMPTY,
    };
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct parley_format {
    pub struct_size: u32,
    pub kind: u32,
    pub strict: u32,
    pub reserved0: u32,
    pub name: parley_str,
    pub description: parley_str,
    pub schema: parley_str,
}
unsafe impl Sync for parley_format {}
impl parley_format {
    pub const EMPTY: Self = Self {
        struct_size: std::mem::size_of::<Self>() as u32,
        kind: 0,
        strict: 0,
        reserved0: 0,
        name: parley_str::EMPTY,
        description: parley_str::EMPTY,
        schema: parley_str::EMPTY,
    };
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct parley_cache {
    pub struct_size: u32,
    pub mode: u32,
    pub ttl: u32,
    pub reserved0: u32,
    pub key: parley_str,
}
unsafe impl Sync for parley_cache {}
impl parley_cache {
    pub const EMPTY: Self = Self {
        struct_size: std::mem::size_of::<Self>() as u32,
        mode: 0,
        ttl: 0,
        reserved0: 0,
        key: parley_str::EMPTY,
    };
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct parley_previous {
    pub struct_size: u32,
    pub store: u32,
    pub response_id: parley_str,
    pub conversation: parley_str,
}
unsafe impl Sync for parley_previous {}
impl parley_previous {
    pub const EMPTY: Self = Self {
        struct_size: std::mem::size_of::<Self>() as u32,
        store: 0,
        response_id: parley_str::EMPTY,
        conversation: parley_str::EMPTY,
    };
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct parley_identity {
    pub struct_size: u32,
    pub reserved0: u32,
    pub user: parley_str,
    pub safety_identifier: parley_str,
    pub session: parley_str,
    pub metadata: parley_str,
}
unsafe impl Sync for parley_identity {}
impl parley_identity {
    pub const EMPTY: Self = Self {
        struct_size: std::mem::size_of::<Self>() as u32,
        reserved0: 0,
        user: parley_str::EMPTY,
        safety_identifier: parley_str::EMPTY,
        session: parley_str::EMPTY,
        metadata: parley_str::EMPTY,
    };
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct parley_safety {
    pub struct_size: u32,
    pub reserved0: u32,
    pub category: parley_str,
    pub threshold: parley_str,
}
unsafe impl Sync for parley_safety {}
impl parley_safety {
    pub const EMPTY: Self = Self {
        struct_size: std::mem::size_of::<Self>() as u32,
        reserved0: 0,
        category: parley_str::EMPTY,
        threshold: parley_str::EMPTY,
    };
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct parley_embed {
    pub struct_size: u32,
    pub encoding: u32,
    pub inputs: *const parley_str,
    pub input_count: u64,
    pub dimensions: parley_number,
    pub task: parley_str,
    pub title: parley_str,
}
unsafe impl Sync for parley_embed {}
impl parley_embed {
    pub const EMPTY: Self = Self {
        struct_size: std::mem::size_of::<Self>() as u32,
        encoding: 0,
        inputs: std::ptr::null(),
        input_count: 0,
        dimensions: parley_number::EMPTY,
        task: parley_str::EMPTY,
        title: parley_str::EMPTY,
    };
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct parley_request {
    pub struct_size: u32,
    pub operation: u32,
    pub flags: u32,
    pub modalities: u32,
    pub parallel_tools: u32,
    pub logprobs: u32,
    pub verbosity: u32,
    pub service_tier: u32,
    pub dialect: parley_str,
    pub dialect_version: parley_str,
    pub model: parley_str,
    pub raw: parley_bytes,
    pub instructions: *const *const parley_part,
    pub instruction_count: u64,
    pub messages: *const *const parley_message,
    pub message_count: u64,
    pub tools: *const *const parley_tool,
    pub tool_count: u64,
    pub stop: *const parley_str,
    pub stop_count: u64,
    pub tool_choice: *const parley_tool_choice,
    pub sampling: *const parley_sampling,
    pub reasoning: *const parley_reasoning_ask,
    pub format: *const parley_format,
    pub cache: *const parley_cache,
    pub previous: *const parley_previous,
    pub identity: *const parley_identity,
    pub embed: *const parley_embed,
    pub max_output_tokens: parley_number,
    pub max_tool_calls: parley_number,
    pub choices: parley_number,
    pub top_logprobs: parley_number,
    pub audio_out: parley_str,
    pub image_out: parley_str,
    pub safety: *const *const parley_safety,
    pub safety_count: u64,
    pub truncation: parley_str,
    pub context_management: parley_str,
    pub prediction: parley_str,
    pub moderation: parley_str,
    pub prompt_template: parley_str,
    pub background: parley_str,
    pub extras: *const *const parley_extra,
    pub extra_count: u64,
    pub warnings: *const *const parley_warning,
    pub warning_count: u64,
}
unsafe impl Sync for parley_request {}
impl parley_request {
    pub const EMPTY: Self = Self {
        struct_size: std::mem::size_of::<Self>() as u32,
        operation: 0,
        flags: 0,
        modalities: 0,
        parallel_tools: 0,
        logprobs: 0,
        verbosity: 0,
        service_tier: 0,
        dialect: parley_str::EMPTY,
        dialect_version: parley_str::EMPTY,
        model: parley_str::EMPTY,
        raw: parley_bytes::EMPTY,
        instructions: std::ptr::null(),
        instruction_count: 0,
        messages: std::ptr::null(),
        message_count: 0,
        tools: std::ptr::null(),
        tool_count: 0,
        stop: std::ptr::null(),
        stop_count: 0,
        tool_choice: std::ptr::null(),
        sampling: std::ptr::null(),
        reasoning: std::ptr::null(),
        format: std::ptr::null(),
        cache: std::ptr::null(),
        previous: std::ptr::null(),
        identity: std::ptr::null(),
        embed: std::ptr::null(),
        max_output_tokens: parley_number::EMPTY,
        max_tool_calls: parley_number::EMPTY,
        choices: parley_number::EMPTY,
        top_logprobs: parley_number::EMPTY,
        audio_out: parley_str::EMPTY,
        image_out: parley_str::EMPTY,
        safety: std::ptr::null(),
        safety_count: 0,
        truncation: parley_str::EMPTY,
        context_management: parley_str::EMPTY,
        prediction: parley_str::EMPTY,
        moderation: parley_str::EMPTY,
        prompt_template: parley_str::EMPTY,
        background: parley_str::EMPTY,
        extras: std::ptr::null(),
        extra_count: 0,
        warnings: std::ptr::null(),
        warning_count: 0,
    };
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct parley_exchange {
    pub struct_size: u32,
    pub flags: u32,
    pub operation: u32,
    pub reserved0: u32,
    pub id: parley_str,
    pub trace: parley_str,
    pub caller: parley_str,
    pub dialect: parley_str,
    pub model: parley_str,
    pub route: parley_str,
    pub session_key: parley_str,
    pub deadline_ms: i64,
}
unsafe impl Sync for parley_exchange {}
impl parley_exchange {
    pub const EMPTY: Self = Self {
        struct_size: std::mem::size_of::<Self>() as u32,
        flags: 0,
        operation: 0,
        reserved0: 0,
        id: parley_str::EMPTY,
        trace: parley_str::EMPTY,
        caller: parley_str::EMPTY,
        dialect: parley_str::EMPTY,
        model: parley_str::EMPTY,
        route: parley_str::EMPTY,
        session_key: parley_str::EMPTY,
        deadline_ms: 0,
    };
}

// ---- parley/state.h ----

pub const PARLEY_STATE: &str = "parley.state/1";

#[repr(C)]
#[derive(Clone, Copy)]
pub struct parley_state {
    pub struct_size: u32,
    pub reserved0: u32,
    pub save: Option<unsafe extern "C" fn(instance: *mut parley_instance, out: *const parley_out, error: *mut parley_error) -> parley_status>,
    pub restore: Option<unsafe extern "C" fn(instance: *mut parley_instance, state: parley_bytes, version: parley_str, error: *mut parley_error) -> parley_status>,
}
unsafe impl Sync for parley_state {}
impl parley_state {
    pub const EMPTY: Self = Self {
        struct_size: std::mem::size_of::<Self>() as u32,
        reserved0: 0,
        save: None,
        restore: None,
    };
}

// ---- parley/store.h ----

pub const PARLEY_KIND_STORE: &str = "parley.store/1";
pub const PARLEY_REVISION_NONE: u32 = 0;
pub const PARLEY_REVISION_ANY: u64 = u64::MAX;
pub const PARLEY_STORE_CAS: u32 = 1 << 0;
pub const PARLEY_STORE_BATCH: u32 = 1 << 1;
pub const PARLEY_STORE_WATCH_POLL: u32 = 1 << 2;
pub const PARLEY_STORE_WATCH_PUSH: u32 = 1 << 3;
pub const PARLEY_STORE_LEASE: u32 = 1 << 4;
pub const PARLEY_STORE_DURABLE: u32 = 1 << 5;
pub const PARLEY_STORE_READ_ONLY: u32 = 1 << 6;
pub const PARLEY_WRITE_PUT: u32 = 1;
pub const PARLEY_WRITE_REMOVE: u32 = 2;

#[repr(C)]
#[derive(Clone, Copy)]
pub struct parley_store_facts {
    pub struct_size: u32,
    pub capabilities: u32,
    pub parallel_reads: u32,
    pub parallel_writes: u32,
    pub value_max: u64,
    pub poll_interval_ms: u64,
}
unsafe impl Sync for parley_store_facts {}
impl parley_store_facts {
    pub const EMPTY: Self = Self {
        struct_size: std::mem::size_of::<Self>() as u32,
        capabilities: 0,
        parallel_reads: 0,
        parallel_writes: 0,
        value_max: 0,
        poll_interval_ms: 0,
    };
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct parley_document {
    pub struct_size: u32,
    pub reserved0: u32,
    pub key: parley_str,
    pub value: parley_bytes,
    pub content_type: parley_str,
    pub revision: u64,
    pub modified_ms: i64,
}
unsafe impl Sync for parley_document {}
impl parley_document {
    pub const EMPTY: Self = Self {
        struct_size: std::mem::size_of::<Self>() as u32,
        reserved0: 0,
        key: parley_str::EMPTY,
        value: parley_bytes::EMPTY,
        content_type: parley_str::EMPTY,
        revision: 0,
        modified_ms: 0,
    };
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct parley_page {
    pub struct_size: u32,
    pub reserved0: u32,
    pub documents: *const *const parley_document,
    pub document_count: u64,
    pub cursor: parley_str,
}
unsafe impl Sync for parley_page {}
impl parley_page {
    pub const EMPTY: Self = Self {
        struct_size: std::mem::size_of::<Self>() as u32,
        reserved0: 0,
        documents: std::ptr::null(),
        document_count: 0,
        cursor: parley_str::EMPTY,
    };
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct parley_write {
    pub struct_size: u32,
    pub kind: u32,
    pub key: parley_str,
    pub value: parley_bytes,
    pub content_type: parley_str,
    pub expected: u64,
}
unsafe impl Sync for parley_write {}
impl parley_write {
    pub const EMPTY: Self = Self {
        struct_size: std::mem::size_of::<Self>() as u32,
        kind: 0,
        key: parley_str::EMPTY,
        value: parley_bytes::EMPTY,
        content_type: parley_str::EMPTY,
        expected: 0,
    };
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct parley_written {
    pub struct_size: u32,
    pub reserved0: u32,
    pub revision: u64,
    pub at: u64,
    pub revisions: *mut u64,
}
unsafe impl Sync for parley_written {}
impl parley_written {
    pub const EMPTY: Self = Self {
        struct_size: std::mem::size_of::<Self>() as u32,
        reserved0: 0,
        revision: 0,
        at: 0,
        revisions: std::ptr::null_mut(),
    };
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct parley_changes {
    pub struct_size: u32,
    pub reset: u32,
    pub keys: *const parley_str,
    pub key_count: u64,
    pub position: parley_str,
}
unsafe impl Sync for parley_changes {}
impl parley_changes {
    pub const EMPTY: Self = Self {
        struct_size: std::mem::size_of::<Self>() as u32,
        reset: 0,
        keys: std::ptr::null(),
        key_count: 0,
        position: parley_str::EMPTY,
    };
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct parley_lease {
    pub struct_size: u32,
    pub reserved0: u32,
    pub token: u64,
    pub expires_in_ms: u64,
}
unsafe impl Sync for parley_lease {}
impl parley_lease {
    pub const EMPTY: Self = Self {
        struct_size: std::mem::size_of::<Self>() as u32,
        reserved0: 0,
        token: 0,
        expires_in_ms: 0,
    };
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct parley_watcher {
    pub struct_size: u32,
    pub reserved0: u32,
    pub ctx: *mut c_void,
    pub changed: Option<unsafe extern "C" fn(watcher: *const parley_watcher, prefix: parley_str)>,
}
unsafe impl Sync for parley_watcher {}
impl parley_watcher {
    pub const EMPTY: Self = Self {
        struct_size: std::mem::size_of::<Self>() as u32,
        reserved0: 0,
        ctx: std::ptr::null_mut(),
        changed: None,
    };
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct parley_store {
    pub struct_size: u32,
    pub reserved0: u32,
    pub open: Option<unsafe extern "C" fn(instance: *mut parley_instance, watcher: *const parley_watcher, cancel: *const parley_cancel, out: *mut parley_store_facts, error: *mut parley_error) -> parley_status>,
    pub close: Option<unsafe extern "C" fn(instance: *mut parley_instance)>,
    pub get: Option<unsafe extern "C" fn(instance: *mut parley_instance, key: parley_str, arena: *const parley_arena, cancel: *const parley_cancel, out: *mut parley_document, error: *mut parley_error) -> parley_status>,
    pub list: Option<unsafe extern "C" fn(instance: *mut parley_instance, prefix: parley_str, cursor: parley_str, limit: u64, values: u32, arena: *const parley_arena, cancel: *const parley_cancel, out: *mut parley_page, error: *mut parley_error) -> parley_status>,
    pub put: Option<unsafe extern "C" fn(instance: *mut parley_instance, write: *const parley_write, cancel: *const parley_cancel, out: *mut parley_written, error: *mut parley_error) -> parley_status>,
    pub remove: Option<unsafe extern "C" fn(instance: *mut parley_instance, write: *const parley_write, cancel: *const parley_cancel, out: *mut parley_written, error: *mut parley_error) -> parley_status>,
    pub batch: Option<unsafe extern "C" fn(instance: *mut parley_instance, writes: *const *const parley_write, count: u64, cancel: *const parley_cancel, out: *mut parley_written, error: *mut parley_error) -> parley_status>,
    pub poll: Option<unsafe extern "C" fn(instance: *mut parley_instance, prefix: parley_str, position: parley_str, arena: *const parley_arena, cancel: *const parley_cancel, out: *mut parley_changes, error: *mut parley_error) -> parley_status>,
    pub watch: Option<unsafe extern "C" fn(instance: *mut parley_instance, cancel: *const parley_cancel, error: *mut parley_error) -> parley_status>,
    pub lease: Option<unsafe extern "C" fn(instance: *mut parley_instance, name: parley_str, owner: parley_str, ttl_ms: u64, cancel: *const parley_cancel, out: *mut parley_lease, error: *mut parley_error) -> parley_status>,
    pub renew: Option<unsafe extern "C" fn(instance: *mut parley_instance, name: parley_str, token: u64, ttl_ms: u64, cancel: *const parley_cancel, out: *mut parley_lease, error: *mut parley_error) -> parley_status>,
    pub release: Option<unsafe extern "C" fn(instance: *mut parley_instance, name: parley_str, token: u64, cancel: *const parley_cancel, error: *mut parley_error) -> parley_status>,
    pub health: Option<unsafe extern "C" fn(instance: *mut parley_instance, cancel: *const parley_cancel, error: *mut parley_error) -> parley_status>,
}
unsafe impl Sync for parley_store {}
impl parley_store {
    pub const EMPTY: Self = Self {
        struct_size: std::mem::size_of::<Self>() as u32,
        reserved0: 0,
        open: None,
        close: None,
        get: None,
        list: None,
        put: None,
        remove: None,
        batch: None,
        poll: None,
        watch: None,
        lease: None,
        renew: None,
        release: None,
        health: None,
    };
}

// ---- comfort: what the rest of a plugin reads better with ----

impl parley_str {
    /// Borrowed text: of static life, or as long as what it is given for needs it.
    pub const fn of(text: &str) -> Self {
        Self { ptr: text.as_ptr(), len: text.len() as u64 }
    }

    /// # Safety
    /// The text has to live as long as it is looked at: the call, unless its header says more.
    pub unsafe fn bytes<'a>(self) -> &'a [u8] {
        match self.len {
            0 => &[],
            _ => std::slice::from_raw_parts(self.ptr, self.len as usize),
        }
    }

    /// # Safety
    /// As of `bytes`.
    pub unsafe fn text<'a>(self) -> &'a str {
        std::str::from_utf8(self.bytes()).unwrap_or("")
    }
}

impl parley_bytes {
    pub const fn of(bytes: &[u8]) -> Self {
        Self { ptr: bytes.as_ptr(), len: bytes.len() as u64 }
    }

    /// # Safety
    /// As of `parley_str::bytes`.
    pub unsafe fn bytes<'a>(self) -> &'a [u8] {
        parley_str { ptr: self.ptr, len: self.len }.bytes()
    }
}

impl parley_arena {
    /// A copy that lives as long as the arena; None when its limit is reached.
    ///
    /// # Safety
    /// `arena` is the one that the call was given.
    pub unsafe fn copy(arena: *const Self, bytes: &[u8]) -> Option<parley_str> {
        let room = (*arena).alloc?(arena, bytes.len() as u64 + 1, 1) as *mut u8;
        if room.is_null() {
            return None;
        }
        std::ptr::copy_nonoverlapping(bytes.as_ptr(), room, bytes.len());
        Some(parley_str { ptr: room, len: bytes.len() as u64 })
    }

    /// Values that live as long as the arena; None when its limit is reached.
    ///
    /// # Safety
    /// As of `copy`.
    pub unsafe fn list<T: Copy>(arena: *const Self, values: &[T]) -> Option<*mut T> {
        let size = std::mem::size_of::<T>() * values.len().max(1);
        let room =
            (*arena).alloc?(arena, size as u64, std::mem::align_of::<T>() as u64) as *mut T;
        if room.is_null() {
            return None;
        }
        std::ptr::copy_nonoverlapping(values.as_ptr(), room, values.len());
        Some(room)
    }
}

/// Writes to an outlet.
///
/// # Safety
/// `out` is the one that the call was given.
pub unsafe fn write(out: *const parley_out, text: &[u8]) -> parley_status {
    match (*out).write {
        Some(write) if !text.is_empty() => write(out, parley_bytes::of(text)),
        _ => PARLEY_OK,
    }
}

/// Runs what may panic: no panic crosses the border.
pub fn guard(body: impl FnOnce() -> parley_status) -> parley_status {
    std::panic::catch_unwind(std::panic::AssertUnwindSafe(body)).unwrap_or(-PARLEY_E_INTERNAL)
}

/// A text as JSON spells it, quotes included.
pub fn json_quoted(text: &str) -> String {
    let mut json = String::from("\"");
    for c in text.chars() {
        match c {
            '"' => json += "\\\"",
            '\\' => json += "\\\\",
            c if c < ' ' => json += &format!("\\u{:04x}", c as u32),
            c => json.push(c),
        }
    }
    json + "\""
}

/// The manifest, an ELF note that the host reads before it runs anything.
#[repr(C)]
pub struct Note<const N: usize> {
    pub sizes: [u32; 3],
    pub owner: [u8; 8],
    pub json: [u8; N],
}

pub const fn note<const N: usize>(json: &str) -> Note<N> {
    let mut copy = [0; N];
    let mut i = 0;
    while i < N {
        copy[i] = json.as_bytes()[i];
        i += 1;
    }
    Note { sizes: [7, N as u32, PARLEY_NOTE_TYPE], owner: *b"PARLEY\0\0", json: copy }
}

/// `parley_plugin!("com.example.acme", "0.1.0", "provider", COMPONENT);` defines manifest and entry
/// of a plugin with one component. With `--cfg resident` it says that it cannot be unloaded.
#[macro_export]
macro_rules! parley_plugin {
    ($id:literal, $version:literal, $kind:literal, $component:expr) => {
        #[cfg(resident)]
        const MANIFEST: &str = $crate::parley_manifest!($id, $version, $kind, "\"resident\"");
        #[cfg(not(resident))]
        const MANIFEST: &str = $crate::parley_manifest!($id, $version, $kind, "");

        #[used]
        #[link_section = ".note.parley"]
        static NOTE: $crate::parley::Note<{ MANIFEST.len() }> = $crate::parley::note(MANIFEST);

        unsafe extern "C" fn component_count() -> u32 {
            1
        }

        unsafe extern "C" fn component(index: u32) -> *const $crate::parley::parley_component {
            if index == 0 {
                &$component
            } else {
                std::ptr::null()
            }
        }

        #[no_mangle]
        #[allow(non_upper_case_globals)]
        pub static parley_plugin_v0: $crate::parley::parley_entry = $crate::parley::parley_entry {
            abi_major: $crate::parley::PARLEY_ABI_MAJOR as u16,
            abi_minor: $crate::parley::PARLEY_ABI_MINOR as u16,
            flags: if cfg!(resident) { $crate::parley::PARLEY_PLUGIN_RESIDENT } else { 0 },
            id: $crate::parley::parley_str::of($id),
            version: $crate::parley::parley_str::of($version),
            vendor: $crate::parley::parley_str::of($id),
            component_count: Some(component_count),
            component: Some(component),
            ..$crate::parley::parley_entry::EMPTY
        };
    };
}

#[macro_export]
macro_rules! parley_manifest {
    ($id:literal, $version:literal, $kind:literal, $flags:literal) => {
        concat!(
            "{\"id\":\"", $id, "\",\"version\":\"", $version, "\",\"abi\":\"0.1\",",
            "\"min_host_minor\":1,\"kinds\":[\"", $kind, "\"],\"flags\":[", $flags, "]}"
        )
    };
}
