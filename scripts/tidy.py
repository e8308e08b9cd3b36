#!/usr/bin/env python3
"""The laws of STYLE.md, as far as text can show them.

  scripts/tidy.py              checks every file that git tracks or would track
  scripts/tidy.py --self-test  proves that each rule fires on its bad samples, never on the good

A fault reads `path:line: what; cure`. What text cannot show, the test suite shows.
"""
import re
import subprocess
import sys
from pathlib import Path

LAYERS = ("command live manage pipeline routing accounts store check plugins http supervisor "
          "config base").split()
CODE = r"\.(cpp|hpp|h|c)$"
LAID_OUT = r"\.(cpp|hpp|h|c|py|sh|mjs|cmake)$|(^|/)CMakeLists\.txt$"
TESTS = r"^tests/|_test\.\w+$"
COMPUTING = r"^plugins/(?!store-|observer-)|^plugin-api/"
DATA = re.compile(r"(^|/)(cases|corpus|data|seeds)/")  # recorded bytes stay as they came

EXEMPT = {  # paths: (rules, reason)
    r"^tests/e2e/.*\.mjs$": ("columns", "prettier lays them out; texts of the wire stay whole"),
    TESTS: ("file_length", "grows with the cases it holds"),
    r"_table\.": ("file_length", "a table is read by row; halves of it hide gaps"),
    r"^plugin-api/": ("file_length", "an author reads one interface in one file"),
    r"^host/(precompiled\.hpp|boost\.cpp)$": ("sockets", "parses Boost once, for all"),
    r"^scripts/tidy\.py$": ("names unfinished places", "holds samples of them"),
}

# Laws 1 and 2. rule: (paths, includes allowed, cure); a plugin's own files are always allowed.
CPP = (r'<[a-z0-9_]+>|<(ctype|errno|inttypes|limits|math|std\w+|string|time)\.h>'
       r'|<(\w+intrin|arm_neon)\.h>|["<]parley/.*[">]')
STORE = (CPP + r"|<(openssl|git2|curl|boost)/.*>"
         r"|<(libpq-fe|git2|fcntl|unistd|dirent|spawn|sys/\w+)\.h>")
INCLUDES = {
    "border_includes": (r"^plugin-api/parley/\w+.h$", r'<(std(def|int)|string)\.h>|"parley/\w+.h"',
                        "the border knows stddef.h, stdint.h, string.h and parley/ alone"),
    "sdk_includes": (r"^plugin-api/(parley/)?sdk/", CPP,
                     "the sdk knows the C++ library and parley/ alone: authors vendor it"),
    "plugin_includes": (r"^plugins/(?!store-)(?!.*_test\.)", CPP,
                        "stay in <parley/...>, your own folder and the C++ library"),
    "store_includes": (r"^plugins/store-(?!.*_test\.)", STORE,
                       "a store adds Boost, OpenSSL, libpq, libgit2, libcurl, files, programs"),
    "plugin_test_includes": (r"^plugins/.*_test\.",
                             STORE + r'|<g(test|mock)/.*>|"(support|codec)/.*"',
                             "a plugin's test adds GoogleTest and tests/(support|codec), no host/"),
}

# Laws 3, 5, 6, 10 and the words. rule: (paths, pattern, what, cure).
SOCKET = (r"<boost/(asio(\.hpp|/(ip|local|ssl|generic)\b|/basic_\w*socket)|beast/websocket)"
          r"|<(sys/socket|netdb|netinet/|arpa/)|\bip::tcp\b|(?<![\w>])::(socket|bind|listen)\s*\(")
TALK = r"(?<![\w>])::(connect|accept4?|recv\w*|send\w*)\s*\("
IN_CODE = {  # read without comments and without the insides of strings
    "sockets": (r"^host/(?!http/|supervisor/)|" + COMPUTING, f"{SOCKET}|{TALK}",
                "{} outside host/http", "go through its streams and its listener"),
    "supervisor_sockets": (r"^host/supervisor/(?!(link|notify)\.)", TALK, "{} in the supervisor",
                           "it binds for the worker, which does the talking"),
    "loading": (r"^(?!host/plugins/library\.cpp$)(host|plugins|plugin-api)/",
                r"\bdl(m?open|v?sym|close|fcn)\b|\bshared_library\b|\bboost/dll\b",
                "{} outside host/plugins/library.cpp", "load and resolve there alone"),
    "configuration": (r"^host/(?!config/|supervisor/notify\.)",
                      r"\b(secure_)?getenv\b|<toml\+\+/|\btoml::",
                      "{} outside host/config", "make it a checked value of the configuration"),
    "waiting": (COMPUTING, r"<(thread|future|condition_variable|semaphore)>|\bpthread_create\b"
                r"|\bstd::(j?thread|async|this_thread)\b|\b(u|nano|thrd_)?sleep\s*\(",
                "{} where nothing may wait", "answer from what you hold; the host waits"),
    "names": (r"", r"\A\S*(?<![a-z])(manager|helper|util|impl|handler|processor|executor)s?"
              r"(?![a-z])|(?<![<,])(?<![<,] )\b(class|struct|using)\s+"
              r"\w*(Manager|Helper|Util|Impl|Handler|Processor|Executor)s?\b",
              "the name {}", "say what it does: section Words of STYLE.md"),
    "skips": (TESTS, r'\bGTEST_SKIP\(\)(?!\s*<<\s*("[^"]|[\w(]))|\bDISABLED_\w+',
              "a skip without a reason", 'GTEST_SKIP() << "what is missing";'),
    "sleeps": (TESTS, r"\b(sleep_for|sleep_until|usleep|nanosleep|sleep)\s*\(|^\s*sleep\s+\S"
               r"|\bsetTimeout\b(?!.*// deadline)", "a wait for time to pass",
               "wait for the event or move the clock; a limit is marked // deadline"),
}
IN_TEXT = {
    "providers": (r"^host/", r"(?i)openai|anthropic|claude|gemini|codex|qwen|iflow",
                  'the host says "{}"', "ask the plugin, or speak of any provider, any dialect"),
    "file_length": (LAID_OUT, r"\A(.*\n){501}(?=.*\n)", "over 500 lines", "split it by subject"),
    "columns": (LAID_OUT, r"^.{101,}$", "over 100 columns", "break the line (make format)"),
    "blanks": (r"^(?!.*Makefile$)", r"\t|[ \r]+$", "a tab or trailing space", "spaces, inside"),
    "unfinished": (r"", r"\b(TODO|FIXME|XXX|HACK)\b", "{}", "finish it, or decide against it"),
    "places": (r"", r"(?<![\w.~}-])/(work|root|home)/|registry\.npmjs\.org|pypi\.org"
               r"|files\.pythonhosted\.org", "{} is true of one machine",
               "start at the tree's root, take a variable (npm: omit-lockfile-registry-resolved)"),
}

# What looks like code but is not: literals (a digit separator is none), comments, directives.
NOISE = re.compile(r'R"(\w*)\(.*?\)\1"|"(?:\\.|[^"\\\n])*"|(?<![0-9a-fA-F])\'(?:\\.|[^\'\\\n])*\''
                   r"|//[^\n]*|/\*.*?\*/", re.S)
INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*(<[^>]+>|"[^"]+")', re.M)
DIRECTIVE = re.compile(r"^[ \t]*#(?:\\\n|[^\n])*", re.M)
BRACKETS = re.compile(r"\((?:\(\)|\{\}|[^(){}])+\)|\{(?:\(\)|\{\}|[^(){}])+\}")
# What may stand before a co_await in its statement; how the head of a function ends.
BEFORE_AWAIT = re.compile(
    r"\s*((else|do|default\s*:|case\s+[\w:]+\s*:(?!:)|(if|for|while|if\s+constexpr)\s*\(\))\s*)*"
    r"(co_return|([\w:<>,&*.\s\[\]]|->)*[\w\]>]\s*=(?!=))?\s*")
FUNCTION = re.compile(r"\(\)\s*(const|volatile|noexcept(\(\))?|override|final|mutable|try|&&?|@.*"
                      r"|requires.*|\s)*(:(?!:).*[)}])?\Z", re.S)


def blank(match):
    """Spaces in place of words, so that lines and columns stay; a string keeps its quotes."""
    room = re.sub(r"[^\n]", " ", match[0])
    return room if match[0][0] in "/# \t" else '"' + room[1:-1] + '"'


def flat(text, brackets=BRACKETS):
    """Empties all brackets, innermost first: `f(a(1), {2})` becomes `f()`."""
    while (flatter := brackets.sub(lambda m: m[0][0] + m[0][-1], text)) != text:
        text = flatter
    return text


class File:
    def __init__(self, path, text, tree):
        self.path, self.tree = path, tree
        self.folder = "/".join(path.split("/")[:2]) + "/"
        self.text = f"{path}\n{text}"  # so that rules see the path, and line n is the n-th
        self.code = NOISE.sub(blank, self.text) if re.search(CODE, path) else self.text
        self.includes = [(m.start(1), m[1]) for m in INCLUDE.finditer(self.text)]


def layers(file):  # law 4
    me = file.path.split("/")[1]
    below = LAYERS[LAYERS.index(me):] if me in LAYERS else [me, "config", "base"]
    below += ["parley"]
    for at, name in file.includes:
        if name[0] == '"' and name[1:].split("/")[0] not in below:
            yield at, f"{me} includes {name}", f"from host/ and downwards: {' > '.join(LAYERS)}"


def plugin_shape(file):
    inside = {path[len(file.folder):] for path in file.tree if path.startswith(file.folder)}
    if file.path == file.folder + min(inside):
        # A plugin may be written in C.
        entry = "plugin.c" if "plugin.c" in inside else "plugin.cpp"
        for name in sorted({"README.md", entry} - inside):
            yield 0, f"no {file.folder}{name}", "plugin folders look alike: see plugins/example"


def await_fault(code, at):
    start, depth = at, 0
    while start and depth >= 0 and (depth or code[start - 1] not in ";{}"):
        start -= 1
        depth += (code[start] in ")]}") - (code[start] in "([{")
    if depth < 0 or not BEFORE_AWAIT.fullmatch(flat(code[start:at])):
        return "inside another expression"
    operand = re.match(r"[^;{[?]*(.)", code[at + len("co_await"):], re.S)
    if not operand or operand[1] != ";":
        return "with a brace, a bracket or a ? in its operand"
    rest = re.sub(r"<[\w\s:,*&()]*>", "", flat(operand[0][:-1]).replace("->", "."))
    return re.search(r"[&|=!+<>,%^)}]", rest.lstrip("& ").replace("()", "")) and "as half a value"


def await_law(file):  # law 9
    code = DIRECTIVE.sub(blank, file.code)
    for m in re.finditer(r"(?<!operator )\bco_await\b", code):
        if fault := await_fault(code, m.start()):
            yield m.start(), f"co_await {fault} (g++ 12 miscompiles such)", \
                "name the parts on lines above, then `const auto value = co_await ...;`"


def opens(head):
    """What a brace after this text opens: a scope, the body of a function or an initialiser."""
    head = re.sub(r"operator\s*[^\s\w(]+", "operator", flat(head)).replace("->", "@").strip()
    head = flat(head, re.compile(r"<(?:<>|[^<>])+>")).replace("<>", "")
    if re.match(r'(inline\s+)?namespace\b|extern\s*" *"\Z', head):
        return "scope"
    if "=" not in head and FUNCTION.search(head):
        return "body"
    named = re.match(r"(typedef\s+|template\s+)*(class|struct|union|enum)\b", head)
    return "scope" if named and "=" not in head else "initialiser"


def function_length(file):  # at namespace and class level
    code = DIRECTIVE.sub(blank, file.code)
    head, start, depth = code.index("\n"), None, 0
    for m in re.finditer(r"[{};]|\b(?:public|private|protected)\s*:(?!:)", code):
        if depth:  # in a body, or in an initialiser, after which its head goes on
            depth += (m[0] == "{") - (m[0] == "}")
            if not depth and start is not None:
                if (lines := code.count("\n", start, m.end()) + 1) > 70:
                    yield start, f"a function of {lines} lines", "70 at most: give its parts names"
                head, start = m.end(), None
        elif m[0] == "{" and (kind := opens(code[head:m.start()])) != "scope":
            depth, start = 1, re.compile(r"\s*").match(code, head).end() if kind == "body" else None
        else:
            head = m.end()


def include_rule(allowed, cure):
    def check(file):
        for at, name in file.includes:
            own = file.path.startswith("plugins/") and file.folder + name[1:-1] in file.tree
            if not own and not re.fullmatch(allowed, name):
                yield at, f"includes {name}", cure
    return check


def ban_rule(part, pattern, what, cure):
    return lambda file: ((m.start(), what.replace("{}", m[0].strip()), cure)
                         for m in re.finditer(pattern, getattr(file, part), re.M))


RULES = {
    "layers": (r"^host/\w+/", layers), "plugin_shape": (r"^plugins/[^/]+/", plugin_shape),
    "await_law": (CODE, await_law), "function_length": (CODE, function_length),
    **{name: (where, include_rule(*rest)) for name, (where, *rest) in INCLUDES.items()},
    **{name: (where, ban_rule("code", *rest)) for name, (where, *rest) in IN_CODE.items()},
    **{name: (where, ban_rule("text", *rest)) for name, (where, *rest) in IN_TEXT.items()},
}


def faults(file):
    exempt = [rules for path, (rules, _) in EXEMPT.items() if re.search(path, file.path)]
    for name, (where, check) in RULES.items():
        if re.search(where, file.path) and name not in " ".join(exempt).split():
            for at, what, cure in check(file):
                line = max(file.text.count("\n", 0, at), 1)
                yield name, f"{file.path}:{line}: {what}; {cure}"


# Each line: the rule that must fire (`-`: none may), the path, texts parted by ¦.
# In a text ~ ends a line; INC, CALLS, ROWS, WIDE, TAB stand for what would not fit here.
SAMPLES = """
border_includes plugin-api/parley/a.h INC <stdio.h> ¦ INC "parley/sdk/a.hpp"
sdk_includes plugin-api/parley/sdk/a.hpp INC <boost/json.hpp> ¦ INC <unistd.h>
plugin_includes plugins/a/a.cpp INC "base/log.hpp" ¦ INC "../b/b.hpp" ¦ INC <zlib.h>
store_includes plugins/store-a/a.cpp INC "base/log.hpp" ¦ INC <gtest/gtest.h>
plugin_test_includes plugins/a/a_test.cpp INC "base/log.hpp" ¦ INC "../b/b.hpp"
layers host/http/a.cpp INC "pipeline/b.hpp" ¦ INC "b.hpp" ¦ INC "../tests/b.hpp"
layers host/supervisor/a.cpp INC "http/b.hpp" ¦ INC "command/b.hpp"
sockets host/base/a.cpp INC <boost/asio/ip/tcp.hpp> ¦ ip::tcp::socket s; ¦ ::recv(f); ¦ ::bind(f);
supervisor_sockets host/supervisor/a.cpp ::send(fd, p, 9, 0); ¦ ::recv(fd, p, 9, 0);
loading host/plugins/border.cpp dlopen(p, 1); ¦ boost::dll::shared_library l;
configuration host/http/a.cpp getenv("X"); ¦ INC <toml++/toml.h>
waiting plugins/a/a.cpp INC <thread> ¦ usleep(5); ¦ auto f = std::async(g);
names host/http/http_utils.cpp text
names a.hpp class PluginManager { ¦ using FooHandler = int; ¦ struct ConfigImpl;
skips tests/a.cpp GTEST_SKIP(); ¦ GTEST_SKIP() << ""; ¦ TEST(A, DISABLED_b)
sleeps tests/a.mjs std::this_thread::sleep_for(1s); ¦ setTimeout(f, 9) ¦ sleep 1 ¦ time.sleep(1)
providers host/base/a.cpp // as OpenAI does ¦ "codex"
providers host/http/claude.cpp text
plugin_shape plugins/b/plugin.cpp text
file_length a.cpp CALLSCALLSCALLSCALLSCALLSCALLS
columns a.py WIDE
blanks a.md word ~ ¦ aTABb
unfinished a.md TODO: more ¦ FIXME
places a.md see /work/x ¦ cd /root/ ¦ "https://registry.npmjs.org/x"
await_law a.cpp {if (co_await f()) g();} ¦ {while (!co_await f()) g();} ¦ {g(co_await f());}
await_law a.cpp {co_await f(A{1});} ¦ {co_await f([s] {});} ¦ {co_await f(a ? b : c);}
await_law a.cpp {const bool b = !co_await f();} ¦ {T t{co_await f()};} ¦ {n += co_await f();}
await_law a.cpp {const bool b = co_await f() == 2;} ¦ {auto n = (co_await f()).size();}
await_law a.cpp {for (auto x : co_await f()) g();} ¦ {co_await f(v[1]);} ¦ {co_await f(), g();}
function_length a.cpp void f(int a = 1) {CALLS} ¦ TEST(A, b) {CALLS} ¦ int f() {} A f() {CALLS}
function_length a.cpp template <class T, class U = V<T>>~auto f(T t) -> V<T> {CALLS}
function_length a.cpp bool A::operator==(A a) const {CALLS} ¦ struct A : B<C()> {A() : a_{1} {CALLS}
- a.cpp {co_await f();} ¦ {co_return co_await f();} ¦ {if (a[1]) co_await f<int, S>(g(1), 2);}
- a.cpp {auto [e, n] = co_await s->read(b);} ¦ {this->n_ = co_await (f() || g());} // co_await {}
- a.cpp {for (int i = 0; i < n; ++i) co_await f();} ¦ {switch (a) { case K::kB: co_await f(); }}
- a.cpp const Row kRows[] = {ROWS}; ¦ constexpr auto kR = std::to_array<R>({ROWS}); ¦ Map m{ROWS};
- a.cpp struct A {int f() {return 1;}~R r_{ROWS};~A() : r_{} {}}; ¦ enum class A : int {ROWS};
- tests/a.cpp CALLSCALLSCALLSCALLSCALLSCALLSCALLS ¦ // sleep_for(1) ¦ GTEST_SKIP() << "no node";
- tests/a.mjs setTimeout(f, 9) // deadline
- host/pipeline/a.cpp INC "pipeline/b.hpp" ¦ INC "base/b.hpp" ¦ INC "parley/abi.h"
- host/http/a.cpp ::recv(fd, p, 9, 0); ¦ // dlopen ¦ std::bind(g); A::send(1); ¦ 1'000; '"';
- host/plugins/library.cpp dlopen(p, 1); boost::dll::shared_library l;
- host/supervisor/a.cpp ::bind(fd, p, 9); ¦ INC "config/b.hpp"
- plugins/a/plugin.cpp INC <parley/abi.h> ¦ INC <vector> ¦ INC "plugin.cpp" ¦ // no sleep ()
- plugins/a/README.md work/x, https://example.org/home, mktemp XXXXXX, all to do
"""
SHORT = {"~": "\n", "INC": "#include", "TAB": "\t", "WIDE": "x" * 101,
         "CALLS": "\n    g();" * 90 + "\n", "ROWS": "\n    {1, f(2)}," * 90}


def self_test():
    samples = [line.split(" ", 2) for line in SAMPLES.strip().split("\n")]
    tree = {path for rule, path, _ in samples if rule == "-"}
    wrong = [f"{rule}: has no sample" for rule in RULES.keys() - {rule for rule, *_ in samples}]
    for rule, path, texts in samples:
        for text in texts.split(" ¦ "):
            whole = re.sub("|".join(SHORT), lambda m: SHORT[m[0]], text)
            found = dict(faults(File(path, whole, tree | {path})))
            if (rule not in found) if rule != "-" else found:
                wrong.append(f"self-test: {rule} {path} {text}: found {found or 'nothing'}")
    return wrong, f"{len(RULES)} rules fire where they should and nowhere else"


def check_tree():
    root = Path(__file__).resolve().parent.parent
    git = ["git", "-C", root, "ls-files", "-zco", "--exclude-standard"]
    listed = subprocess.run(git, stdout=subprocess.PIPE, check=True, text=True).stdout.split("\0")
    tree, found = {path for path in listed if (root / path).is_file()}, []
    for path in sorted(path for path in tree if not DATA.search(path)):
        if b"\0" not in (text := (root / path).read_bytes()):
            found += [fault for _, fault in faults(File(path, text.decode(errors="replace"), tree))]
    return found, f"{len(tree)} files keep the laws"


if __name__ == "__main__":
    problems, praise = self_test() if sys.argv[1:] == ["--self-test"] else check_tree()
    print("\n".join(problems) if problems else f"tidy: {praise}")
    sys.exit(bool(problems))
