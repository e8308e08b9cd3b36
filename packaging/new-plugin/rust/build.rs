// build.rs: how the library is linked, and whether it can be unloaded.
use std::process::Command;

// The standard libraries of older compilers register thread-local destructors in every library that
// uses them, which holds it in memory. Such a plugin has to say that it is resident: it is replaced
// under way like any other, but what it was replaced by stays beside it.
const UNLOADS_SINCE: u32 = 95; // of 1.x

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    println!("cargo:rustc-cdylib-link-arg=-Wl,-z,now,-z,relro,-z,defs,--build-id=sha1");
    if minor_version().map_or(true, |minor| minor < UNLOADS_SINCE) {
        println!("cargo:rustc-cfg=resident");
        println!("cargo:rustc-cdylib-link-arg=-Wl,-z,nodelete");
    }
    if minor_version().map_or(false, |minor| minor >= 80) {
        println!("cargo:rustc-check-cfg=cfg(resident)");
    }
}

fn minor_version() -> Option<u32> {
    let rustc = std::env::var("RUSTC").ok()?;
    let said = Command::new(rustc).arg("--version").output().ok()?;
    let said = String::from_utf8(said.stdout).ok()?;
    said.split('.').nth(1)?.parse().ok()
}
