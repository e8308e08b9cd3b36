#!/usr/bin/env python3
"""The rules of parley/abi.h, as far as text can show them, over every public header.

  lint_tags.py              checks parley/*.h
  lint_tags.py --self-test  proves that each rule fires on its bad samples and on nothing good

A fault reads `header:line: where: what; cure`. A rule is a generator over one header; its bad
samples stand above it, each a change to the one good sample.
"""
import re
import sys

import headers
from headers import Field

# Structs that are values: they are copied, stand in arrays as they are, and never grow.
VIEWS = {
    "parley_str": "a view; passed in registers, counted in arrays",
    "parley_bytes": "a view, as parley_str",
    "parley_span": "a pair of numbers, counted in arrays of cuts",
    "parley_header": "a pair of views with flags, counted in arrays of headers",
    "parley_edit": "a span with its text, counted in arrays of edits",
    "parley_owned": "a pair of views, counted in arrays of what a request names",
    "parley_number": "a number with its text, held by value wherever a client may write one",
}

SIZES = {"uint8_t": 1, "uint16_t": 2, "uint32_t": 4, "uint64_t": 8, "int8_t": 1, "int16_t": 2,
         "int32_t": 4, "int64_t": 8, "double": 8, "parley_status": 4}
POINTED = {"void", "char"}  # only behind a pointer
OPAQUE = {"parley_host", "parley_instance", "parley_session", "parley_op"}

TAGS = ("thread", "need", "life", "null", "since")
THREAD = re.compile(r"ctl|loop|pool|any|the thread of the call that was given the \w+")
NEED = re.compile(r"required|optional: .+|with (?P<slot>\w+)")
LIFE = re.compile(r"static|instance|session|arena|call|none|until (the next call|(?P<slot>\w+))")
NULL = re.compile(r"none|may return NULL|(?P<params>\w+( and \w+)*) may be NULL")
SINCE = re.compile(r"(\d+)\.(\d+)")

GOOD = """#define PARLEY_ABI_MAJOR 0
#define PARLEY_ABI_MINOR 1
typedef struct parley_str {
    const char *ptr;
    uint64_t len;
} parley_str;

typedef struct parley_sample {
    uint32_t struct_size;
    uint32_t reserved0;
    parley_str text; /* of it */
    uint64_t reserved[2];
    void *ctx;

    /* Opens it, or does not.
     * @thread loop  @need optional: nothing to open  @life until sample_close
     * @null text and error may be NULL  @since 0.1 */
    int32_t (*sample_open)(const struct parley_sample *sample, const char *text,
                           parley_str *error);

    /* @thread pool  @need with sample_open  @life none  @null none  @since 0.1 */
    void (*sample_close)(parley_instance *instance);

    /* Finds a byte.
     * @thread the thread of the call that was given the sample  @need required  @life arena
     * @null may return NULL  @since 0.1 */
    const uint8_t *(*find)(void);
} parley_sample;
"""
RULES = []


def rule(*bad):
    """Each sample is (what stands in GOOD, what stands there instead)."""
    def add(check):
        RULES.append((check, bad))
        return check
    return add


class Border:
    """What a rule may need to know of the other headers."""

    def __init__(self, all_headers):
        self.structs = {s.name: s for header in all_headers for s in header.structs}
        self.slots = {slot.name for header in all_headers for _, slot in slots(header)}
        self.version = headers.version(all_headers)

    def measure(self, name):
        """Size and alignment by the LP64 rules; None when the type is not known."""
        if name is None:
            return None
        if name.endswith("*"):
            return 8, 8
        if name in SIZES:
            return SIZES[name], SIZES[name]
        if name not in self.structs:
            return None
        total, most = 0, 1
        for member in self.structs[name].fields:
            size, align = self.measure_field(member) or (0, 1)
            total, most = -(-total // align) * align + size, max(most, align)
        return -(-total // most) * most, most

    def measure_field(self, member: Field):
        if member.params is not None:
            return 8, 8
        found = self.measure(member.type)
        return found and (found[0] * max(member.count, 1), found[1])


def slots(header):
    return ((s, f) for s in header.structs for f in s.fields if f.params is not None)


def tag_faults(header, tag, check):
    """Runs check(struct, slot, value) on every value of a tag that is there."""
    for struct, slot in slots(header):
        for name, value in slot.tags:
            if name == tag and not check(struct, slot, value):
                yield slot.line, f"{struct.name}.{slot.name}", f'@{tag} says "{value}"'


@rule(("    /* Opens it, or does not.\n", "    /*\n"), ("    /* Finds a byte.", "    /*"),
      ("  @since 0.1 */\n    const uint8_t", "  @since 0.1 */\n\n    const uint8_t"))
def says_what_it_does(header, border):
    for struct, slot in slots(header):
        if not slot.text and not (slot.comment and slot.name.endswith("close")):
            yield (slot.line, f"{struct.name}.{slot.name}", "no comment directly above",
                   "say what it does and what happens when it fails")


@rule(("@thread loop  ", ""), ("@need with sample_open  ", ""), ("@life arena\n", "\n"),
      ("@null none", ""), ("  @since 0.1 */\n    void", " */\n    void"),
      ("@life none", "@life none  @life call"), ("@life none", "@lives none"))
def has_every_tag(header, border):
    for struct, slot in slots(header):
        names = [name for name, _ in slot.tags]
        for tag in TAGS:
            if names.count(tag) != 1:
                yield (slot.line, f"{struct.name}.{slot.name}", f"{names.count(tag)} times @{tag}",
                       "each of @" + " @".join(TAGS) + " stands once")
        for tag in set(names) - set(TAGS):
            yield slot.line, f"{struct.name}.{slot.name}", f"@{tag}", "no such tag"


@rule(("@thread loop", "@thread main"), ("@thread pool", "@thread pool or loop"))
def thread_is_known(header, border):
    for fault in tag_faults(header, "thread", lambda struct, slot, value: THREAD.fullmatch(value)):
        yield *fault, "ctl, loop, pool, any, or the thread of the call that was given the NAME"


@rule(("@need required", "@need yes"), ("optional: nothing to open", "optional"),
      ("with sample_open", "with open"))
def need_is_known(header, border):
    def known(struct, slot, value):
        m = NEED.fullmatch(value)
        return m and (not m["slot"] or m["slot"] in {f.name for _, f in slots(header)})
    for fault in tag_faults(header, "need", known):
        yield *fault, "required, optional: what its absence means, or with A_SLOT_OF_THIS_HEADER"


@rule(("@life arena", "@life forever"), ("until sample_close", "until nobody_knows"))
def life_is_known(header, border):
    def known(struct, slot, value):
        m = LIFE.fullmatch(value)
        return m and (not m["slot"] or m["slot"] in border.slots)
    for fault in tag_faults(header, "life", known):
        yield *fault, "static, instance, session, arena, call, none, until the next call or a SLOT"


@rule(("text and error may be NULL", "texts may be NULL"), ("@null may return NULL", "@null maybe"),
      ("@null none", "@null may return NULL"))
def null_is_known(header, border):
    def known(struct, slot, value):
        m = NULL.fullmatch(value)
        pointers = {name for kind, name in slot.params if kind and kind.endswith("*")}
        if m and m["params"]:
            return set(m["params"].split(" and ")) <= pointers
        return m and (value == "none" or slot.type.endswith("*"))
    for fault in tag_faults(header, "null", known):
        yield *fault, "none, may return NULL, or POINTER [and POINTER] may be NULL"


@rule(("@since 0.1", "@since 0.2"), ("@since 0.1", "@since first"))
def since_is_known(header, border):
    def known(struct, slot, value):
        m = SINCE.fullmatch(value)
        return m and (int(m[1]), int(m[2])) <= border.version
    for fault in tag_faults(header, "since", known):
        yield *fault, "the version of abi.h or an earlier one"


@rule(("    uint32_t struct_size;\n    uint32_t reserved0;\n", ""),
      ("    uint32_t struct_size;\n    uint32_t reserved0;\n", "    uint64_t struct_size;\n"),
      ("parley_str", "parley_text"))
def size_comes_first(header, border):
    for struct in header.structs:
        first = struct.fields[0] if struct.fields else None
        if struct.name not in VIEWS and \
                (first is None or (first.name, first.type) != ("struct_size", "uint32_t")):
            yield (struct.line, struct.name, "does not begin with uint32_t struct_size",
                   "begin with it, or give a reason in VIEWS")


@rule(*[("    uint32_t reserved0;", f"    {bad} reserved0;") for bad in (
          "bool", "long", "int", "unsigned", "size_t", "enum parley_kind", "float", "time_t",
          "char", "void", "parley_unknown", "parley_instance")],
      *[("const char *text", f"{bad} text") for bad in ("size_t", "const int *", "float", "bool")],
      ("int32_t (*sample_open)", "int (*sample_open)"), ("void *ctx", "long *ctx"))
def widths_are_fixed(header, border):
    def fixed(name, returned=False):
        base = re.sub(r"\bconst\b|\*", "", name or "").strip()
        pointed = "*" in (name or "")
        return base in SIZES or base in border.structs or pointed and base in OPAQUE | POINTED \
            or returned and base == "void"
    for struct in header.structs:
        for member in struct.fields:
            kinds = [] if member.type is None else [kind for kind, _ in member.params or []]
            returned = member.params is not None and member.type == "void"
            for kind in [member.type] * (member.type is not None) + kinds:
                if not fixed(kind, returned):
                    yield (member.line, f"{struct.name}.{member.name}", f'"{kind}"',
                           "use uint32_t, int64_t ..., double, a pointer or a struct of the border")


@rule(("    uint32_t reserved0;\n", ""), ("uint64_t reserved[2];", "uint32_t reserved[3];"),
      ("    void *ctx;\n", "    uint16_t a;\n    void *ctx;\n"),
      ("(*find)(void);\n", "(*find)(void);\n    uint32_t a;\n"))
def holes_are_named(header, border):
    for struct in header.structs:
        at, most = 0, 1
        for member in struct.fields:
            size, align = border.measure_field(member) or (0, 1)
            if at % align:
                yield (member.line, f"{struct.name}.{member.name}", f"{-at % align} bytes of "
                       "padding", "put a reservedN field in front of it")
            at, most = -(-at // align) * align + size, max(most, align)
        if at % 8:
            yield (struct.line, struct.name, f"ends {-at % 8} bytes before a multiple of 8",
                   "put a reservedN field at the end")


@rule(("uint32_t reserved0", "int32_t reserved0"), ("uint32_t reserved0", "uint32_t padding"),
      ("void *ctx", "void *reserved1"))
def reserved_is_plain(header, border):
    for struct in header.structs:
        for member in struct.fields:
            plain = re.fullmatch(r"reserved\d*", member.name) \
                and re.fullmatch(r"uint\d+_t", member.type or "")
            if not plain and re.match(r"reserved|_?pad|unused|dummy", member.name):
                yield (member.line, f"{struct.name}.{member.name}", f'"{member.type}"',
                       "spare room is an unsigned integer called reserved, or reserved0, 1 ...")


@rule(("uint32_t reserved0;", "uint32_t a : 1;"), ("uint32_t reserved0;", "uint16_t a, b;"),
      ("void *ctx;", "union { void *c; uint64_t n; } u;"), ("void *ctx;", "struct { void *c; } s;"),
      ("typedef struct parley_sample {", "enum parley_kind { A };\ntypedef struct parley_sample {"),
      ("typedef struct parley_sample {", "typedef struct {"))
def can_be_read(header, border):
    for m in re.finditer(r"\b(enum|union|_Bool|bool)\b|\bstruct\s*\{", header.code):
        yield header.code.count("\n", 0, m.start()) + 1, header.name, f'"{m[0]}"', \
            "use #define, fixed widths, and named structs that are not nested"
    for struct in header.structs:
        for member in struct.fields:
            if member.type is None:
                yield (member.line, struct.name, f'"{member.name[:40]}"',
                       "write one member a declaration, without bit-fields or nested types")


def check(all_headers, only=None):
    border = Border(all_headers)
    for header in all_headers:
        for test, _ in RULES:
            if only in (None, test):
                for line, where, what, cure in test(header, border):
                    yield f"{header.name}:{line}: {where}: {what}; {cure}"


def self_test():
    wrong = [f"good sample: {fault}" for fault in check([headers.read(GOOD)])]
    for test, bad in RULES:
        wrong += [] if bad else [f"{test.__name__}: has no bad samples"]
        for before, after in bad:
            sample = GOOD.replace(before, after, 1)
            if sample == GOOD or not list(check([headers.read(sample)], test)):
                wrong.append(f"{test.__name__}: silent when {before!r} becomes {after!r}")
    unused = set(VIEWS) - set(Border(headers.read_all()).structs)
    wrong += [f"VIEWS: {name}: there is no such struct" for name in sorted(unused)]
    return wrong, f"{len(RULES)} rules fire where they should and nowhere else"


def check_border():
    border = headers.read_all()
    count = sum(1 for header in border for _ in slots(header))
    return list(check(border)), f"{count} functions in {len(border)} headers keep the rules"


if __name__ == "__main__":
    faults, praise = self_test() if sys.argv[1:] == ["--self-test"] else check_border()
    print("\n".join(faults) if faults else f"abi: {praise}")
    sys.exit(bool(faults))
