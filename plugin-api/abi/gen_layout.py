#!/usr/bin/env python3
"""Writes the layout golden: size, alignment, every field and every constant of the border.

  gen_layout.py                    writes abi/layout_v<major>_<minor>.inc
  gen_layout.py --out FILE         writes FILE instead
  gen_layout.py --compare FILE     writes to --out, then fails unless FILE says the same

The numbers come from a C program that a compiler makes of the headers, the names and types from
their text. layout_check.c turns each line of the golden into static assertions.
"""
import argparse
import difflib
import re
import subprocess
import sys
import tempfile
from pathlib import Path

import headers

HERE = Path(__file__).resolve().parent
NO_VALUE = {"PARLEY_EXTERN_C_BEGIN", "PARLEY_EXTERN_C_END", "PARLEY_EXPORT", "PARLEY_PLUGIN_ENTRY"}

INTRODUCTION = """\
/* The layout of the plugin border, version {0}.{1}: a golden. Written by gen_layout.py from the
 * headers; README.md beside it says when it may change. Included by layout_check.c.
 *
 *   PARLEY_LAYOUT_STRUCT(struct, size, alignment)
 *   PARLEY_LAYOUT_FIELD(struct, field, type, offset, size)
 *   PARLEY_LAYOUT_ARRAY(struct, field, element type, count, offset, size)
 *   PARLEY_LAYOUT_NUMBER(constant, value)
 *   PARLEY_LAYOUT_TEXT(constant, value)
 */
"""

PROGRAM = """\
#include <stdio.h>
#include "parley/all.h"
#define STRUCT(s) printf("%zu, %zu\\n", sizeof(s), _Alignof(s));
#define FIELD(s, f) printf("%zu, %zu\\n", offsetof(s, f), sizeof(((s *)0)->f));
#define NUMBER(n) printf((n) > INT64_MAX ? "%lluull\\n" : "%lld\\n", (unsigned long long)(n));
int main(void) {
    CALLS
    return 0;
}
"""


def kind(name, value):
    """Whether a constant is a number or a text; what is neither must be known."""
    if value.startswith('"'):
        return "TEXT"
    if re.fullmatch(r"\(?(\d[\w<|]*|UINT64_MAX)[\w <|()]*", value):
        return "NUMBER"
    if name in NO_VALUE:
        return None
    sys.exit(f"gen_layout.py: {name} is neither number nor text; a macro belongs in NO_VALUE")


def entries(header):
    """(what C prints the numbers, what the golden says around them) for one header."""
    for name, value in header.constants:
        found = kind(name, value)
        if found == "NUMBER":
            yield f"NUMBER({name})", f"PARLEY_LAYOUT_NUMBER({name}, %s)"
        elif found == "TEXT":
            yield None, f"PARLEY_LAYOUT_TEXT({name}, {value})"
    for struct in header.structs:
        yield f"STRUCT({struct.name})", f"\nPARLEY_LAYOUT_STRUCT({struct.name}, %s)"
        for member in struct.fields:
            place = f"{struct.name}, {member.name}"
            shape = f"ARRAY({place}, {member.type}, {member.count}" if member.count \
                else f"FIELD({place}, {member.full_type}"
            yield f"FIELD({place})", f"PARLEY_LAYOUT_{shape}, %s)"


def measure(calls, compiler):
    """The numbers, one text for each call."""
    with tempfile.TemporaryDirectory() as folder:
        source, program = Path(folder, "layout.c"), Path(folder, "layout")
        source.write_text(PROGRAM.replace("CALLS", "\n    ".join(calls)))
        include = ["-I", headers.FOLDER.parent]
        subprocess.run([compiler, "-std=c11", "-w", *include, source, "-o", program], check=True)
        return iter(subprocess.run([program], check=True, capture_output=True, text=True)
                    .stdout.splitlines())


def golden(border, compiler):
    found = [(header.name, list(entries(header))) for header in border]
    numbers = measure([call for _, lines in found for call, _ in lines if call], compiler)
    text = INTRODUCTION.format(*headers.version(border))
    for name, lines in found:
        if lines:
            text += f"\n/* {name} */\n"
            text += "".join((line % next(numbers) if call else line) + "\n" for call, line in lines)
    return text


def main():
    border = headers.read_all()
    own = HERE / "layout_v{}_{}.inc".format(*headers.version(border))
    options = argparse.ArgumentParser()
    options.add_argument("--compiler", default="cc", help="a C compiler")
    options.add_argument("--out", type=Path, default=own)
    options.add_argument("--compare", type=Path)
    options = options.parse_args()

    text = golden(border, options.compiler)
    options.out.parent.mkdir(parents=True, exist_ok=True)
    options.out.write_text(text)
    if options.compare is None:
        return 0
    if options.compare.name != own.name or not options.compare.exists():
        sys.exit(f"gen_layout.py: abi.h says {own.name}, but the golden is {options.compare}")
    difference = list(difflib.unified_diff(
        options.compare.read_text().splitlines(), text.splitlines(), "golden", "headers",
        lineterm="", n=0))
    print("\n".join(difference) or "abi: the headers say what the golden says")
    if difference:
        print("abi: the border changed; plugin-api/abi/README.md says when that is allowed")
    return bool(difference)


if __name__ == "__main__":
    sys.exit(main())
