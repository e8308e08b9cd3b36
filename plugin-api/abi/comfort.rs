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
            "{\"id\":\"", $id, "\",\"version\":\"", $version, "\",\"abi\":\"ABI_VERSION\",",
            "\"min_host_minor\":1,\"kinds\":[\"", $kind, "\"],\"flags\":[", $flags, "]}"
        )
    };
}
