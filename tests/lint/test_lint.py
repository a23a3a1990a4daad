# SPDX-License-Identifier: Apache-2.0
"""The lint itself: each rule finds its case once, and nothing in what only looks like it."""
import os
import sys
import tempfile

ROOT = os.environ.get("HR_SOURCE_ROOT", os.getcwd())
sys.path.insert(0, os.path.join(ROOT, "tools"))
import lint as rules  # noqa: E402
LAYERS = "# order\nbase mem conc prof kern text pipe app\n"
SPDX = "/* SPDX-License-Identifier: Apache-2.0 */\n"
_results = []


def check(name, ok, detail=""):
    _results.append(bool(ok))
    print(f"{'ok' if ok else 'not ok'} {len(_results)} - {name}", flush=True)
    if not ok:
        print("\n".join("# " + line for line in str(detail).splitlines()[:20]))


def lint(files, allow=""):
    """Findings in a tree of these files: {path: text}."""
    with tempfile.TemporaryDirectory(prefix="headrace-lint-") as root:
        for path, text in {"tools/layers.txt": LAYERS, "tools/lint_allow.txt": allow, **files}.items():
            full = os.path.join(root, path)
            os.makedirs(os.path.dirname(full), exist_ok=True)
            with open(full, "w", encoding="utf-8") as f:
                f.write(text)
        return rules.Lint(root).run()


def header(path, body):
    guard = "HR_" + path.split("/", 1)[1].replace("/", "_").replace(".", "_").upper()
    return f"{SPDX}#ifndef {guard}\n#define {guard}\n{body}#endif\n"


FUNCTION = "int hr_f(void)\n{\n%s}\n"
BAD = [  # name, path, text behind the SPDX line, what is said behind the path
    ("a call after an apostrophe in a // comment", "src/text/a.c", "// it's here\nint hr_x = strlen(strcpy(0, 0));\n", "3: banned: strcpy is banned"),
    ("a call behind // comments with apostrophes", "src/text/a.c", FUNCTION % "    int a = 1; // don't\n    return atoi(\"1\") + a; // can't\n", "5: banned: atoi is banned"),
    ("a call behind a quote in quotes", "src/text/a.c", "int hr_x = '\"' + atoi(\"'\");\n", "2: banned: atoi is banned"),
    ("a call behind a comment that ends in a backslash", "src/text/a.c", "// a \\\n   b\nint hr_x = rand();\n", "4: banned: rand is banned"),
    ("unbounded copies", "src/text/a.c", FUNCTION % "    sprintf(b, \"%d\", 1);\n", "4: banned: sprintf is banned"),
    ("banned in tests too", "tests/unit/a.c", FUNCTION % "    strncpy(a, b, 1);\n", "4: banned: strncpy is banned"),
    ("a stack without bound", "src/text/a.c", FUNCTION % "    return f(alloca(5));\n", "4: banned: alloca is banned"),
    ("the end of the process", "src/text/a.c", FUNCTION % "    exit(1);\n", "4: ends: exit: the library returns, it never ends the process"),
    ("the heap", "src/text/a.c", FUNCTION % "    return !malloc(5);\n", "4: heap: malloc: heap calls live in src/mem"),
    ("the heap, by an allocating helper", "src/app/a.c", FUNCTION % "    return asprintf(&p, \"\");\n", "4: heap: asprintf: heap calls live in src/mem"),
    ("a file", "src/pipe/a.c", FUNCTION % "    return open(\"x\", 0);\n", "4: system: open: goes through base/sys.h"),
    ("a vectored read", "src/pipe/a.c", FUNCTION % "    return preadv(1, v, 1, 0);\n", "4: system: preadv: goes through base/sys.h"),
    ("a clock", "src/mem/a.c", FUNCTION % "    return clock_gettime(0, &t);\n", "4: system: clock_gettime: goes through base/sys.h"),
    ("a socket", "src/app/a.c", FUNCTION % "    return socket(1, 1, 0);\n", "4: system: socket: goes through base/sys.h"),
    ("a raw call", "src/conc/a.c", FUNCTION % "    return syscall(202);\n", "4: system: syscall: goes through base/sys.h"),
    ("printing", "src/text/a.c", FUNCTION % "    printf(\"x\");\n", "4: print: printf: only the program prints"),
    ("a layer", "src/mem/a.c", '#include "text/b.h"\n', "2: layer: mem may not include text"),
    ("a layer, indented", "src/mem/a.c", '#  include "app/b.h"\n', "2: layer: mem may not include app"),
    ("a path upwards", "src/app/a.c", '#include "../text/b.h"\n', "2: include-path: includes are relative to src or include"),
    ("a path upwards in the middle", "tests/unit/a.c", '#include "x/../b.h"\n', "2: include-path: includes are relative to src or include"),
    ("an attribute", "src/text/a.c", "static int x __attribute__((unused));\n", "2: attribute: attributes are spelt in base/attr.h"),
    ("volatile", "src/text/a.c", "static volatile int x;\n", "2: volatile: stdatomic.h with explicit orders, not volatile"),
    ("a label", "src/text/a.c", FUNCTION % "    goto again;\n", "4: goto: the only label is fail"),
    ("dead code", "src/text/a.c", "#if 0\nint x;\n#endif\n", "2: dead-code: code that never compiles"),
    ("a static name", "src/text/a.c", "static int hr_f(void)\n{\n    return 1;\n}\n", "2: static-name: hr_f: static functions drop the prefix"),
    ("a public name", "src/text/a.c", "int f(void)\n{\n    return 1;\n}\n", "2: public-name: f: public functions begin with hr_"),
    ("a public name that begins with run_", "src/text/a.c", "int run_all(void)\n{\n    return 1;\n}\n", "2: public-name: run_all: public functions begin with hr_"),
    ("a public name that begins with main", "src/text/a.c", "int mainly(void)\n{\n    return 1;\n}\n", "2: public-name: mainly: public functions begin with hr_"),
    ("a function on one line", "src/text/a.c", "int f(void) { return 1; }\n", "2: public-name: f: public functions begin with hr_"),
    ("a static function on one line", "src/text/a.c", "static int hr_f(int a) { return a; }\n", "2: static-name: hr_f: static functions drop the prefix"),
    ("a function behind a macro's call", "src/text/a.c", "LIST(DEFINE)\n\nint f(void)\n{\n    return 1;\n}\n", "4: public-name: f: public functions begin with hr_"),
    ("a function with arguments on lines", "src/text/a.c", "int f(int a,\n      int b)\n{\n    return a + b;\n}\n", "2: public-name: f: public functions begin with hr_"),
    ("a long body", "src/text/a.c", FUNCTION % ("    a++;\n" * 71), "2: body: hr_f: 71 lines, at most 70"),
    ("a long body in a test", "tests/unit/a.c", FUNCTION % ("    a++;\n" * 71), "2: body: hr_f: 71 lines, at most 70"),
    ("many parameters", "src/text/a.c", "int hr_f(%s)\n{\n}\n" % ", ".join(f"int a{i}" for i in range(9)), "2: params: hr_f: more than 8 parameters"),
    ("recursion", "src/text/a.c", FUNCTION % "    return hr_f();\n", "2: recursion: hr_f calls itself"),
    ("a long line", "src/text/a.c", "int hr_%s;\n" % ("x" * 93), "2: line-length: 101 columns, at most 100"),
    ("a long file", "src/text/a.c", "int a;\n" * 800, "802: file-size: 801 lines, at most 800"),
    ("blanks at an end", "src/text/a.c", "int a; \n", "2: blank-end: blanks at the end of the line"),
    ("a word", "src/text/a.c", "/* T" "ODO: later */\n", "2: word: a word that does not belong"),
    ("a place", "docs/a.md", "see /t" "mp/x\n", "2: word: a word that does not belong"),
]
GOOD = [
    ("words in comments and texts", "src/text/a.c", '/* malloc(1) */ // strcpy(a)\nconst char *const hr_x = "exit(1) \\" open(2)";\nchar hr_c = \'"\';\n'),
    ("members and longer names", "src/text/a.c", FUNCTION % "    sys->open(1);\n    sys.read(2);\n    hr_sys_open(3);\n    my_malloc(1);\n"),
    ("a method of the table by an arrow", "src/pipe/a.c", FUNCTION % "    return sys->sleep_ns(sys->self, 5);\n"),
    ("a static function of one's own", "src/text/a.c", "static int send(void)\n{\n    return 1;\n}\nint hr_f(void)\n{\n    return send();\n}\n"),
    ("mem may use the heap", "src/mem/a.c", FUNCTION % "    return malloc(1) != free(0);\n"),
    ("base may call the system", "src/base/a.c", FUNCTION % "    return open(1) + clock_gettime(2);\n"),
    ("app may print", "src/app/a.c", FUNCTION % "    printf(\"x\");\n"),
    ("tests may print, allocate and end", "tests/unit/a.c", FUNCTION % "    printf(\"x\");\n    free(malloc(1));\n    abort();\n"),
    ("a body of 70 lines", "src/text/a.c", FUNCTION % ("    a++;\n" * 70)),
    ("tables and types are no functions", "src/text/a.c", "typedef struct hr_t {\n    int (*open)(void);\n} hr_t;\nstatic const int t[] = {(1), f(2)};\nenum hr_e { A, B };\n"),
    ("a macro that makes functions", "src/text/a.c", "#define DEFINE(w) \\\n    static void hr_##w(void) \\\n    { \\\n    }\nint hr_x;\n"),
    ("main", "src/app/a.c", "int main(void)\n{\n    return 0;\n}\n"),
    ("signals have volatile of their own", "src/app/a.c", "static volatile sig_atomic_t x;\n"),
    ("goto fail", "src/text/a.c", FUNCTION % "    goto fail;\nfail:\n    return 1;\n"),
    ("a header's inline function", "src/text/a.h", None),
]


def check_rules():
    for name, path, text, want in BAD:
        lead = SPDX if path.endswith((".c", ".h")) else "\n"
        found = lint({path: lead + text})
        check(f"found: {name}", found == [f"{path}:{want}"], found)
    for name, path, text in GOOD:
        whole = SPDX + text if text is not None else header(path, "HR_INLINE int hr_f(int a)\n{\n    return a;\n}\n")
        found = lint({path: whole})
        check(f"not found: {name}", found == [], found)


def check_files():
    found = lint({"src/text/a.c": "int hr_x;\n"})
    check("found: no licence line", found == ["src/text/a.c:1: spdx: the first lines do not say SPDX-License-Identifier: Apache-2.0"], found)
    found = lint({"tools/a.py": "#!/usr/bin/env python3\n# SPDX-License-Identifier: Apache-2.0\n", ".ci/run": "#!/bin/sh\n"})
    check("found: no licence line in a script", found == [".ci/run:1: spdx: the first lines do not say SPDX-License-Identifier: Apache-2.0"], found)
    found = lint({"src/text/a.h": SPDX + "#ifndef X_H\n#define X_H\n#endif\n"})
    check("found: a guard", found == ["src/text/a.h:1: guard: no include guard that ends in TEXT_A_H"], found)
    found = lint({"src/text/a.c": SPDX, "src/mem/a.c": SPDX})
    check("found: a name twice", found == ["src/text/a.c:1: unique: file name used in src/mem/a.c too"], found)


def check_allow():
    bad = {"src/text/a.c": SPDX + "int f(void)\n{\n    return 1;\n}\n"}
    check("allowed", lint(bad, "public-name src/text/*.c f # shared\n") == [])
    found = lint(bad, "public-name src/text/*.c f\n")
    check("an exception without a reason", len(found) == 2 and found[0].startswith("tools/lint_allow.txt: allow: "), found)
    found = lint(bad, "# note\npublic-name src/text/a.c f # shared\nheap src/text/a.c * # old\n")
    check("an exception that nothing needs", found == ["tools/lint_allow.txt: allow: nothing needs 'heap src/text/a.c *'"], found)
    found = lint(bad, "public-name src/text/a.c g # another\npublic-name src/text/b.c f # another\n")
    check("an exception of another place", len(found) == 3, found)


check_rules()
check_files()
check_allow()
code = os.system(f"{sys.executable} {ROOT}/tools/lint.py {ROOT}/tests/lint >{os.devnull} 2>&1")
check("no tree to check is an error", code != 0, code)
print(f"1..{len(_results)}")
sys.exit(0 if all(_results) else 1)
