#!/usr/bin/env python3
"""Holds the headers to the recorded border, as libabigail sees it.

  abidiff.py               fails unless the headers are what the newest abixml has
  abidiff.py --record      writes abi/v<major>_<minor>.abixml
  abidiff.py --self-test   proves that each kind of change is noticed

An anchor is compiled of the headers: a function for each struct, which takes it, and an
enumeration of the numbers. Its debug information is the border. No suppressions: they let a
reordered struct pass.
"""
import argparse
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import headers

HERE = Path(__file__).resolve().parent
# One change of each kind that a released border may not see, in any file of the headers.
CHANGES = {
    "append": ("typedef struct parley_plan {", "    uint32_t idle_ms;\n",
               "    uint32_t idle_ms;\n    uint64_t added;\n"),
    "reorder": None,  # below
    "remove": ("typedef struct parley_tap_open {", "    const parley_peek *peek;\n", ""),
    "retype": ("typedef struct parley_window {", "    uint64_t limit;", "    int64_t limit;"),
    "signature": ("typedef struct parley_provider {", "uint32_t *count", "uint64_t *count"),
    "number": ("#define PARLEY_FINISH_LENGTH 4", "PARLEY_FINISH_LENGTH 4",
               "PARLEY_FINISH_LENGTH 44"),
    "new number": ("#define PARLEY_FINISH_LENGTH 4", "#define PARLEY_FINISH_LENGTH 4",
                   "#define PARLEY_FINISH_LENGTH 4\n#define PARLEY_FINISH_BORED 99"),
}


def anchor_source(all_headers):
    lines = ['#include "parley/all.h"', ""]
    for header in all_headers:
        for struct in header.structs:
            lines.append(f"void anchor_{struct.name}(struct {struct.name} *it) {{ (void)it; }}")
    number = re.compile(r"\(?(-?\d+|0x[0-9a-fA-F]+|\(?1u? << \d+\)?)u?\)?")
    names = [name for header in all_headers for name, value in header.constants
             if number.fullmatch(value)]
    lines += ["enum numbers {"] + [f"    anchored_{name} = (int)({name})," for name in names]
    lines += ["};", "void anchor_numbers(enum numbers it) { (void)it; }"]
    return "\n".join(lines) + "\n"


def anchor(folder, include):
    """Compiles the anchor of the headers in include/parley; gives its path."""
    source, library = folder / "anchor.c", folder / "anchor.so"
    source.write_text(anchor_source(headers.read_all(include / "parley")))
    subprocess.run(["gcc", "-std=c11", "-g", "-O0", "-shared", "-fPIC", "-I", include.resolve(),
                    source.name, "-o", library.name], cwd=folder, check=True)
    return library


def record(library, out):
    subprocess.run(["abidw", "--no-architecture", "--no-corpus-path", "--no-comp-dir-path",
                    "--no-show-locs", "--no-elf-needed", "--no-parameter-names",
                    "--no-write-default-sizes", "--out-file", out, library], check=True)


def newest():
    def order(path):
        return [int(part) for part in re.findall(r"\d+", path.name)]
    return max(HERE.glob("v*.abixml"), key=order)


def compare(baseline, library):
    """What abidiff says, empty when nothing has changed. Both sides are as record() writes them, so
    that the machine does not matter."""
    now = library.with_suffix(".abixml")
    record(library, now)
    came = subprocess.run(["abidiff", "--harmless", "--no-show-locs", baseline, now],
                          capture_output=True, text=True)
    if came.returncode == 0:
        return ""
    return came.stdout + came.stderr or f"abidiff ended with {came.returncode}"


def changed(include, change):
    """Makes one change in the headers below include/parley."""
    behind, before, after = change
    for path in sorted((include / "parley").glob("*.h")):
        text = path.read_text()
        at = text.find(behind)
        place = text.find(before, at)
        if at < 0 or place < 0:
            continue
        path.write_text(text[:place] + after + text[place + len(before):])
        return
    raise SystemExit(f"abidiff: no header has {behind!r} and then {before!r}")


def reordered(include):
    """Two fields of one type change places: the layout stays, the meaning does not."""
    path = include / "parley" / "provider.h"
    text = path.read_text()
    swapped = re.sub(r"(struct parley_plan \{.*?)\borigin\b(.*?)\btarget\b",
                     r"\1target\2origin", text, count=1, flags=re.S)
    assert swapped != text
    path.write_text(swapped)


def self_test(folder, baseline):
    missed = []
    if compare(baseline, anchor(folder, headers.FOLDER.parent)):
        raise SystemExit("abidiff: a change is seen where there is none")
    for name, change in CHANGES.items():
        include = folder / name.replace(" ", "-")
        shutil.copytree(headers.FOLDER, include / "parley")
        if name == "reorder":
            reordered(include)
        else:
            changed(include, change)
        if not compare(baseline, anchor(include, include)):
            missed.append(name)
    if missed:
        raise SystemExit("abidiff: not noticed: " + ", ".join(missed))


def main():
    args = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    args.add_argument("--record", action="store_true")
    args.add_argument("--self-test", action="store_true")
    chosen = args.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        library = anchor(folder, headers.FOLDER.parent)
        if chosen.record:
            major, minor = headers.version(headers.read_all())
            return record(library, HERE / f"v{major}_{minor}.abixml")
        if chosen.self_test:
            return self_test(folder, newest())
        if told := compare(newest(), library):
            sys.exit(f"{told}\nabidiff: the border is not what {newest().name} has; before the"
                     " freeze: read the difference, write a line into HISTORY.md, run"
                     " abidiff.py --record")


if __name__ == "__main__":
    main()
