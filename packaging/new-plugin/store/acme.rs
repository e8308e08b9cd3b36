// lib.rs: a store that keeps documents in memory, and so until Parley ends.
//
// A store runs on pool threads and may block, several calls at a time: hence the lock. What it
// returns are copies in the arena of the call. parley/store.h says what else one may offer: batches,
// watching, leases.
#[macro_use]
mod parley;
use parley::*;
use std::collections::BTreeMap;
use std::ops::Bound;
use std::os::raw::c_void;
use std::sync::Mutex;

#[derive(Default)]
struct Documents {
    by_key: BTreeMap<Vec<u8>, Document>,
    revisions: u64, // how many there have been
}

struct Document {
    value: Vec<u8>,
    content_type: Vec<u8>,
    revision: u64,
}

type Store = Mutex<Documents>;

unsafe extern "C" fn create(
    _host: *const parley_host,
    out: *mut *mut parley_instance,
    _error: *mut parley_error,
) -> parley_status {
    *out = Box::into_raw(Box::new(Store::default())) as *mut parley_instance;
    PARLEY_OK
}

unsafe extern "C" fn destroy(instance: *mut parley_instance) {
    drop(Box::from_raw(instance as *mut Store));
}

/// Does something to the documents, under their lock.
unsafe fn with(
    instance: *mut parley_instance,
    work: impl FnOnce(&mut Documents) -> parley_status,
) -> parley_status {
    let store = &*(instance as *const Store);
    guard(|| match store.lock() {
        Ok(mut documents) => work(&mut documents),
        Err(_) => -PARLEY_E_INTERNAL,
    })
}

unsafe fn show(
    key: &[u8],
    document: &Document,
    with_value: bool,
    arena: *const parley_arena,
) -> Option<parley_document> {
    let mut out = parley_document {
        key: parley_arena::copy(arena, key)?,
        content_type: parley_arena::copy(arena, &document.content_type)?,
        revision: document.revision,
        ..parley_document::EMPTY
    };
    if with_value {
        let value = parley_arena::copy(arena, &document.value)?;
        out.value = parley_bytes { ptr: value.ptr, len: value.len };
    }
    Some(out)
}

unsafe extern "C" fn open(
    _instance: *mut parley_instance,
    _watcher: *const parley_watcher,
    _cancel: *const parley_cancel,
    out: *mut parley_store_facts,
    _error: *mut parley_error,
) -> parley_status {
    (*out).capabilities = PARLEY_STORE_CAS;
    PARLEY_OK
}

/// The documents stay, should it be opened again.
unsafe extern "C" fn close(_instance: *mut parley_instance) {}

unsafe extern "C" fn get(
    instance: *mut parley_instance,
    key: parley_str,
    arena: *const parley_arena,
    _cancel: *const parley_cancel,
    out: *mut parley_document,
    _error: *mut parley_error,
) -> parley_status {
    with(instance, |documents| {
        let document = match documents.by_key.get(key.bytes()) {
            Some(document) => document,
            None => return -PARLEY_E_NOT_FOUND,
        };
        match show(key.bytes(), document, true, arena) {
            Some(shown) => *out = shown,
            None => return -PARLEY_E_BUDGET,
        }
        PARLEY_OK
    })
}

/// The cursor is the last key of the page before.
unsafe extern "C" fn list(
    instance: *mut parley_instance,
    prefix: parley_str,
    cursor: parley_str,
    limit: u64,
    values: u32,
    arena: *const parley_arena,
    _cancel: *const parley_cancel,
    out: *mut parley_page,
    _error: *mut parley_error,
) -> parley_status {
    let from = match cursor.len {
        0 => Bound::Included(prefix.bytes().to_vec()),
        _ => Bound::Excluded(cursor.bytes().to_vec()),
    };
    with(instance, |documents| {
        let mut rest = documents
            .by_key
            .range((from, Bound::Unbounded))
            .take_while(|(key, _)| key.starts_with(prefix.bytes()));
        let page: Option<Vec<_>> = rest
            .by_ref()
            .take(limit as usize)
            .map(|(key, document)| {
                let shown = show(key, document, values != 0, arena)?;
                Some(parley_arena::list(arena, &[shown])? as *const parley_document)
            })
            .collect();
        let page = match page {
            Some(page) => page,
            None => return -PARLEY_E_BUDGET,
        };
        (*out).documents = match parley_arena::list(arena, &page) {
            Some(list) => list,
            None => return -PARLEY_E_BUDGET,
        };
        (*out).document_count = page.len() as u64;
        if let (Some(last), Some(_)) = (page.last(), rest.next()) {
            (*out).cursor = (**last).key;
        }
        PARLEY_OK
    })
}

/// Whether the document in force is the one that a write expects to replace.
unsafe fn is_as_expected(
    documents: &Documents,
    write: *const parley_write,
    out: *mut parley_written,
) -> bool {
    let found = documents.by_key.get((*write).key.bytes());
    (*out).revision = found.map_or(PARLEY_REVISION_NONE as u64, |document| document.revision);
    (*write).expected == PARLEY_REVISION_ANY || (*write).expected == (*out).revision
}

unsafe extern "C" fn put(
    instance: *mut parley_instance,
    write: *const parley_write,
    _cancel: *const parley_cancel,
    out: *mut parley_written,
    _error: *mut parley_error,
) -> parley_status {
    with(instance, |documents| {
        if !is_as_expected(documents, write, out) {
            return -PARLEY_E_CONFLICT;
        }
        documents.revisions += 1;
        let document = Document {
            value: (*write).value.bytes().to_vec(),
            content_type: (*write).content_type.bytes().to_vec(),
            revision: documents.revisions,
        };
        (*out).revision = document.revision;
        documents.by_key.insert((*write).key.bytes().to_vec(), document);
        PARLEY_OK
    })
}

unsafe extern "C" fn remove(
    instance: *mut parley_instance,
    write: *const parley_write,
    _cancel: *const parley_cancel,
    out: *mut parley_written,
    _error: *mut parley_error,
) -> parley_status {
    with(instance, |documents| {
        if !is_as_expected(documents, write, out) {
            return -PARLEY_E_CONFLICT;
        }
        let gone = documents.by_key.remove((*write).key.bytes());
        if gone.is_none() && (*write).expected != PARLEY_REVISION_ANY {
            return -PARLEY_E_CONFLICT;
        }
        PARLEY_OK
    })
}

static TABLE: parley_store = parley_store {
    open: Some(open),
    close: Some(close),
    get: Some(get),
    list: Some(list),
    put: Some(put),
    remove: Some(remove),
    ..parley_store::EMPTY
};

static COMPONENT: parley_component = parley_component {
    kind: parley_str::of(PARLEY_KIND_STORE),
    id: parley_str::of("acme"),
    title: parley_str::of("keeps documents in memory"),
    table: &TABLE as *const _ as *const c_void,
    create: Some(create),
    destroy: Some(destroy),
    ..parley_component::EMPTY
};

parley_plugin!("com.example.acme", "0.1.0", "store", COMPONENT);
