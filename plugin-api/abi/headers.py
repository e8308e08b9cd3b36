"""Reads parley/*.h: the structs, their fields and functions, and the constants.

The headers keep to a small part of C (no unions, enums, bit-fields or nested structs, one field a
declaration), so that this reader stays small. What it cannot read it reports as a field of type
None, and lint_tags.py makes that a fault.
"""
import re
from dataclasses import dataclass, field
from pathlib import Path

FOLDER = Path(__file__).resolve().parent.parent / "parley"

COMMENT = re.compile(r"/\*.*?\*/", re.S)
DIRECTIVE = re.compile(r"^[ \t]*#(?:\\\n|[^\n])*", re.M)
DEFINE = re.compile(r"^[ \t]*#[ \t]*define[ \t]+(\w+)(\(?)((?:\\\n|[^\n])*)", re.M)
STRUCT = re.compile(r"\bstruct\s+(\w+)\s*\{([^{}]*(?:\{[^{}]*\}[^{}]*)*)\}")
SLOT = re.compile(r"(?P<returns>.+?)\(\s*\*\s*(?P<name>\w+)\s*\)\s*\((?P<params>.*)\)", re.S)
DATA = re.compile(r"(?P<type>.+?[\s*])(?P<name>\w+)\s*(?:\[\s*(?P<count>\d+)\s*\])?", re.S)
TAG = re.compile(r"@(\w+)\s+(.*?)\s*(?=@\w|$)")


@dataclass
class Field:
    """A member of a struct; `params` is None for data, a list of (type, name) for functions."""
    name: str
    type: str | None  # of the data, or what the function returns; None: not understood
    line: int
    comment: str = ""  # of the comment directly above, without stars
    count: int = 0  # of an array, otherwise 0
    params: list | None = None

    @property
    def tags(self):
        return TAG.findall(self.comment)

    @property
    def text(self):
        """The comment without its tags."""
        return self.comment.partition("@")[0].strip()

    @property
    def full_type(self):
        if self.params is None:
            return self.type
        params = ", ".join(kind for kind, _ in self.params) or "void"
        return f"{self.type}{'' if self.type.endswith('*') else ' '}(*)({params})"


@dataclass
class Struct:
    name: str
    line: int
    fields: list = field(default_factory=list)


@dataclass
class Header:
    name: str
    structs: list
    constants: list  # (name, value as written), functions and empty ones left out
    code: str  # without comments and directives, every character in its place


def blank(match):
    return re.sub(r"[^\n]", " ", match[0])


def plain(comment):
    """A comment's words in one line."""
    return " ".join(re.sub(r"^[ \t]*(/\*+|\*/|\*)?|\*/$", "", comment, flags=re.M).split())


def spelled(text):
    """A type in one spelling: "const parley_part *const *"."""
    words = re.findall(r"\w+|\*", re.sub(r"\bstruct\s+", "", text))
    return re.sub(r"\* (?=[\w*])", "*", " ".join(words))


def split(params):
    """Parameters as (type, name); the border has none that are functions themselves."""
    if params.strip() in ("void", ""):
        return []
    found = [re.fullmatch(r"(.+?[\s*])(\w+)", part.strip(), re.S) for part in params.split(",")]
    return [(spelled(m[1]), m[2]) if m else (None, "") for m in found]


def above(text, at):
    """The comment that stands on lines of its own directly above a declaration."""
    for m in COMMENT.finditer(text, 0, at):
        gap = text[m.end():at]
        own_line = not text[text.rfind("\n", 0, m.start()) + 1:m.start()].strip()
        if own_line and not gap.strip() and gap.count("\n") == 1:
            return plain(m[0])
    return ""


def read_field(text, declaration, at):
    line = text.count("\n", 0, at) + 1
    comment = above(text, at)
    if m := SLOT.fullmatch(declaration):
        return Field(m["name"], spelled(m["returns"]), line, comment, params=split(m["params"]))
    if (m := DATA.fullmatch(declaration)) and not re.search(r"[{}:,()]", declaration):
        return Field(m["name"], spelled(m["type"]), line, comment, count=int(m["count"] or 0))
    return Field(" ".join(declaration.split()), None, line, comment)


def read(text, name="sample.h"):
    code = DIRECTIVE.sub(blank, COMMENT.sub(blank, text))
    structs = []
    for m in STRUCT.finditer(code):
        struct = Struct(m[1], code.count("\n", 0, m.start()) + 1)
        for part in re.finditer(r"(?:[^;{}]|\{[^{}]*\})+(?=;)", m[2]):
            start = m.start(2) + part.start() + len(part[0]) - len(part[0].lstrip())
            struct.fields.append(read_field(text, part[0].strip(), start))
        structs.append(struct)
    constants = [(m[1], " ".join(COMMENT.sub(" ", m[3]).replace("\\\n", " ").split()))
                 for m in DEFINE.finditer(COMMENT.sub(blank, text)) if not m[2]]
    return Header(name, structs, [c for c in constants if c[1]], code)


def read_all(folder=FOLDER):
    return [read(path.read_text(), path.name) for path in sorted(folder.glob("*.h"))]


def version(headers):
    """The ABI version as abi.h has it."""
    found = {name: value for header in headers for name, value in header.constants}
    return int(found["PARLEY_ABI_MAJOR"]), int(found["PARLEY_ABI_MINOR"])
