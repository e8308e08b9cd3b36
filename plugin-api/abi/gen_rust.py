#!/usr/bin/env python3
"""Writes the border in Rust, for plugins that `parley plugin new --lang rust` begins.

  gen_rust.py                    writes packaging/new-plugin/rust/src/parley.rs
  gen_rust.py --compare          fails unless that file says what the headers say
  gen_rust.py --golden FILE --rustc PROGRAM
                                 fails unless a Rust compiler lays it out as the golden says

Structs keep their names and order, so that the C headers are the reference for both.
"""
import argparse
import re
import subprocess
import sys
import tempfile
from pathlib import Path

import headers

FILE = Path(__file__).resolve().parents[2] / "packaging/new-plugin/rust/src/parley.rs"
COMFORT = Path(__file__).resolve().parent / "comfort.rs"
NUMBERS = {"uint8_t": "u8", "uint16_t": "u16", "uint32_t": "u32", "uint64_t": "u64",
           "int8_t": "i8", "int16_t": "i16", "int32_t": "i32", "int64_t": "i64",
           "double": "f64", "char": "u8", "void": "c_void"}
OPAQUE = ("parley_instance", "parley_session", "parley_op")
WORDS = {"type": "r#type", "in": "r#in", "ref": "r#ref", "match": "r#match", "move": "r#move"}

INTRODUCTION = """\
// parley.rs: the border between Parley and its plugins, version {0}.{1}. Written by gen_rust.py of
// parley/*.h, which say what each function may do, on which thread and how long.
#![allow(dead_code, non_camel_case_types, non_upper_case_globals)]
#![allow(clippy::all)]

use std::os::raw::c_void;
"""


def rust_type(text):
    """A type of C in Rust: `const parley_part *const *` is `*const *const parley_part`."""
    out, is_const = None, False
    for word in re.findall(r"\w+|\*", text):
        if word == "const":
            is_const = True
        elif word == "*":
            out, is_const = f"*{'const' if is_const else 'mut'} {out}", False
        else:
            out = NUMBERS.get(word, word)
    return out


def field_type(member):
    if member.params is None:
        kind = rust_type(member.type)
        return f"[{kind}; {member.count}]" if member.count else kind
    params = ", ".join(f"{WORDS.get(name, name)}: {rust_type(kind)}"
                       for kind, name in member.params)
    returns = "" if member.type == "void" else f" -> {rust_type(member.type)}"
    return f"Option<unsafe extern \"C\" fn({params}){returns}>"


def empty(member):
    """What a cleared member is; a struct inside of a struct has its own."""
    if member.params is not None:
        return "None"
    kind = rust_type(member.type)
    if kind.startswith("*"):
        value = "std::ptr::null()" if kind.startswith("*const") else "std::ptr::null_mut()"
    elif kind in NUMBERS.values() or kind == "parley_status":
        value = "0.0" if kind == "f64" else "0"
    else:
        value = f"{kind}::EMPTY"
    return f"[{value}; {member.count}]" if member.count else value


def constant(name, value):
    if value.startswith('"'):
        return f"pub const {name}: &str = {value};"
    if not re.fullmatch(r"\(?(\d[\w<|]*|UINT64_MAX)[\w <|()]*", value):
        return None
    if "UINT64_MAX" in value:
        return f"pub const {name}: u64 = u64::MAX;"
    is_status = re.match(r"PARLEY_(E_|(OK|AGAIN|DECLINED|PENDING|DONE|CLOSED|NO_CHANGE)$)", name)
    kind = "parley_status" if is_status else "u64" if "ull" in value.lower() else "u32"
    plain = re.sub(r"(?<=[0-9a-fA-F])[uUlL]+", "", value).strip("()")
    return f"pub const {name}: {kind} = {plain};"


def struct(s):
    yield "#[repr(C)]"
    yield "#[derive(Clone, Copy)]"
    yield f"pub struct {s.name} {{"
    for member in s.fields:
        yield f"    pub {WORDS.get(member.name, member.name)}: {field_type(member)},"
    yield "}"
    yield f"unsafe impl Sync for {s.name} {{}}"
    yield f"impl {s.name} {{"
    yield "    pub const EMPTY: Self = Self {"
    for member in s.fields:
        value = "std::mem::size_of::<Self>() as u32" if member.name == "struct_size" \
            else empty(member)
        yield f"        {WORDS.get(member.name, member.name)}: {value},"
    yield "    };"
    yield "}"


def bindings(border):
    lines = [INTRODUCTION.format(*headers.version(border)),
             "pub type parley_status = i32;"]
    for name in OPAQUE:
        lines.append(f"#[repr(C)]\npub struct {name} {{\n    _own: [u8; 0],\n}}")
    for header in border:
        lines.append(f"\n// ---- parley/{header.name} ----\n")
        lines += [line for c in header.constants if (line := constant(*c))]
        for s in header.structs:
            lines += ["", *struct(s)]
    abi = "{}.{}".format(*headers.version(border))
    return "\n".join(lines) + "\n\n" + COMFORT.read_text().replace("ABI_VERSION", abi)


def layout(border):
    """A program that prints size and alignment of each struct, offset and size of each field."""
    out = [f'#[path = "{FILE}"]\nmod parley;\nuse parley::*;\nfn main() {{']
    for header in border:
        for s in header.structs:
            out.append(f"    println!(\"{s.name} {{}} {{}}\", std::mem::size_of::<{s.name}>(), "
                       f"std::mem::align_of::<{s.name}>());")
            out.append(f"    let e = {s.name}::EMPTY;\n    let at = &e as *const _ as usize;")
            for member in s.fields:
                name = WORDS.get(member.name, member.name)
                out.append(f"    println!(\"{s.name}.{member.name} {{}} {{}}\", &e.{name} as "
                           f"*const _ as usize - at, std::mem::size_of_val(&e.{name}));")
    for header in border:
        for name, value in header.constants:
            if line := constant(name, value):
                out.append(f"    println!(\"{name} {{}}\", {name});" if '"' not in line else
                           f"    println!(\"{name} \\\"{{}}\\\"\", {name});")
    return "\n".join(out) + "\n}\n"


def expected(golden):
    """What the program has to print, by the golden of the C headers."""
    for line in golden.splitlines():
        if not (m := re.fullmatch(r"PARLEY_LAYOUT_(\w+)\((\w+), (.*)\)", line)):
            continue
        kind, name, rest = m[1], m[2], m[3]
        if kind == "STRUCT":
            yield f"{name} {rest.replace(',', '')}"
        elif kind in ("FIELD", "ARRAY"):
            field, *_, at, size = rest.split(", ")
            yield f"{name}.{field} {at} {size}"
        elif kind == "NUMBER":
            yield f"{name} {int(rest.rstrip('ul'), 0)}"
        elif kind == "TEXT":
            yield f"{name} {rest}"


def printed(border, rustc):
    with tempfile.TemporaryDirectory() as folder:
        source, program = Path(folder, "layout.rs"), Path(folder, "layout")
        source.write_text(layout(border))
        subprocess.run([rustc, "--edition", "2021", source, "-o", program], check=True)
        return subprocess.run([program], check=True, capture_output=True, text=True).stdout


def main():
    options = argparse.ArgumentParser()
    options.add_argument("--compare", action="store_true")
    options.add_argument("--golden", type=Path)
    options.add_argument("--rustc", default="rustc")
    options = options.parse_args()
    border = headers.read_all()
    if options.golden:
        wanted = set(expected(options.golden.read_text()))
        found = set(printed(border, options.rustc).splitlines())
        print("\n".join(sorted(wanted ^ found)) or f"rust: {len(found)} sizes, places and values")
        return bool(wanted ^ found) or not found
    if not options.compare:
        FILE.write_text(bindings(border))
    elif FILE.read_text() != bindings(border):
        sys.exit(f"{FILE.name} is not what the headers say; run plugin-api/abi/gen_rust.py")
    return 0


if __name__ == "__main__":
    sys.exit(main())
