#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""House rules that a program can check. Exit 1 and one line a finding: file:line: rule: what.

tools/layers.txt is the order of modules, tools/lint_allow.txt the exceptions, each with its reason.
lint.py [FOLDER] checks another tree (the tests do)."""
import fnmatch
import os
import re
import sys

FILE_MAX, LINE_MAX, BODY_MAX, PARAMS_MAX = 800, 100, 70, 8
SPDX = "SPDX-License-Identifier: Apache-2.0"
# no bound on what they write, hidden state, or errors that cannot be told
BANNED = set("""strcpy strcat strncpy strncat stpcpy stpncpy sprintf vsprintf gets strtok atoi atol atoll atof gmtime localtime
    ctime asctime system popen tmpnam tempnam mktemp alloca setjmp longjmp rand srand random srandom drand48""".split())
ENDS = set("exit _exit _Exit abort quick_exit atexit".split())
HEAP = set("""malloc calloc realloc reallocarray free strdup strndup asprintf vasprintf aligned_alloc posix_memalign memalign
    valloc getline getdelim open_memstream""".split())
SYSTEM = set("""open openat openat2 creat close read pread preadv readv write pwrite pwritev writev lseek fsync fdatasync
    sync_file_range sync syncfs rename renameat renameat2 unlink unlinkat remove rmdir mkdir mkdirat link linkat symlink
    symlinkat stat fstat lstat fstatat statx access faccessat truncate ftruncate fallocate posix_fallocate posix_fadvise
    readahead flock lockf fcntl ioctl dup dup2 dup3 pipe pipe2 mkstemp mkostemp mkdtemp tmpfile opendir fdopendir readdir
    closedir scandir ftw nftw glob fopen fdopen freopen fclose fread clock_gettime clock_getres gettimeofday clock time
    getrandom getentropy nanosleep clock_nanosleep usleep sleep mmap mmap64 munmap mremap mprotect pthread_create
    pthread_join pthread_detach pthread_cancel thrd_create fork vfork clone execve execvp execl posix_spawn waitpid kill
    socket connect bind listen accept send recv sendto recvfrom poll ppoll select epoll_create1 epoll_wait eventfd
    timerfd_create memfd_create syscall sched_yield""".split())
PRINT = set("printf puts putchar fputs fputc putc fprintf vprintf vfprintf fwrite perror".split())
WORDS = re.compile(r"/(tmp|work)/\w|\b(T[O]DO|F[I]XME|X[X]X)\b")
KEYWORDS = set("if for while switch return sizeof do else case defined".split())
TOKENS = re.compile(r'//(?:[^\n\\]|\\.|\\\n)*|/\*.*?\*/|"(?:[^"\\\n]|\\.)*"|\'(?:[^\'\\\n]|\\.)*\'', re.S)


def strip(text):
    """Source without comments and without what is in quotes; every line stays where it is."""
    def blank(match):
        s = match.group(0)
        return s[0] + s[0] if s[0] in "\"'" and "\n" not in s else re.sub(r"[^\n]", " ", s)
    return TOKENS.sub(blank, text)


def without_directives(code):
    """Preprocessor lines blanked, with the lines that continue them."""
    lines, inside = code.split("\n"), False
    for i, line in enumerate(lines):
        is_directive = inside or line.lstrip().startswith("#")
        inside = is_directive and line.endswith("\\")
        if is_directive:
            lines[i] = ""
    return "\n".join(lines)


class Function:
    def __init__(self, code, name_at, name, params, head, open_at, close_at):
        self.name, self.params = name, params
        self.line = code.count("\n", 0, name_at) + 1
        self.body = code[open_at + 1:close_at]
        # lines between the braces' own lines
        self.n_lines = max(self.body.count("\n") - 1, 0)
        self.is_static = re.search(r"\bstatic\b|\bHR_INLINE\b", head) is not None

    def n_params(self):
        depth, n = 0, 1
        for c in self.params:
            depth += (c == "(") - (c == ")")
            n += c == "," and depth == 0
        return n


def signature(head):
    """(offset of the name, name, parameters) of what ends in a parameter list, or None."""
    head = head.rstrip()
    if not head.endswith(")") or "=" in head:
        return None
    depth = 0
    for i in range(len(head) - 1, -1, -1):
        depth += (head[i] == ")") - (head[i] == "(")
        if depth == 0:
            name = re.search(r"(\w+)\s*$", head[:i])
            return (name.start(), name.group(1), head[i + 1:-1]) if name else None
    return None


def functions(code):
    """Each definition at file level, whatever its layout."""
    code = without_directives(code)
    start = depth = open_at = 0
    head = ""
    for match in re.finditer(r"[;{}]", code):
        c, at = match.group(0), match.start()
        if c == ";" and depth == 0:
            start = at + 1
        elif c == "{":
            if depth == 0:
                head, open_at = code[start:at], at
            depth += 1
        elif c == "}":
            depth -= 1
            if depth > 0:
                continue
            found = signature(head)
            if found:
                yield Function(code, start + found[0], found[1], found[2], head, open_at, at)
            start = at + 1


class Lint:
    def __init__(self, root):
        self.root, self.findings, self.seen, self.n_files = root, [], {}, 0
        self.allow, self.used = [], set()
        self.order = {name: i for i, name in enumerate(self.lines("layers.txt")[0].split())}
        for line in self.lines("lint_allow.txt"):
            entry, _, reason = line.partition("#")
            parts = entry.split()
            if len(parts) != 3 or not reason.strip():
                self.findings.append(f"tools/lint_allow.txt: allow: '{line}' is not: rule path name # reason")
            else:
                self.allow.append(tuple(parts))

    def lines(self, name):
        path = os.path.join(self.root, "tools", name)
        if not os.path.exists(path):
            return []
        with open(path, encoding="utf-8") as f:
            return [line.strip() for line in f if line.strip() and not line.startswith("#")]

    def say(self, path, line, rule, name, text):
        for entry in self.allow:
            if entry[0] == rule and fnmatch.fnmatch(path, entry[1]) and fnmatch.fnmatch(name, entry[2]):
                self.used.add(entry)
                return
        self.findings.append(f"{path}:{line}: {rule}: {text}")

    # ---- every text file ----

    def check_text(self, path, raw):
        lines = raw.split("\n")
        is_code = path.endswith((".c", ".h"))
        if (is_code or path.endswith((".py", ".sh")) or raw.startswith("#!")) and SPDX not in "\n".join(lines[:2]):
            self.say(path, 1, "spdx", "-", f"the first lines do not say {SPDX}")
        for number, line in enumerate(lines, 1):
            if WORDS.search(line):
                self.say(path, number, "word", WORDS.search(line).group(0), "a word that does not belong")
            if is_code and len(line) > LINE_MAX:
                self.say(path, number, "line-length", "-", f"{len(line)} columns, at most {LINE_MAX}")
            if line != line.rstrip() and not path.endswith(".md"):
                self.say(path, number, "blank-end", "-", "blanks at the end of the line")
        if is_code and len(lines) - 1 > FILE_MAX:
            self.say(path, len(lines), "file-size", "-", f"{len(lines) - 1} lines, at most {FILE_MAX}")

    # ---- C, wherever it is ----

    def check_c(self, path, raw, code):
        for number, line in enumerate(raw.split("\n"), 1):
            target = re.match(r'\s*#\s*include\s*"([^"]*)"', line)
            if target and ".." in target.group(1).split("/"):
                self.say(path, number, "include-path", target.group(1), "includes are relative to src or include")
        for number, line in enumerate(code.split("\n"), 1):
            for name in re.findall(r"(?<![\w.>])(\w+)\s*\(", line):
                if name in BANNED:
                    self.say(path, number, "banned", name, f"{name} is banned")
            if re.search(r"\bgoto\s+(?!fail\b)", line):
                self.say(path, number, "goto", "-", "the only label is fail")
            if re.match(r"\s*#\s*if\s+0\b", line):
                self.say(path, number, "dead-code", "-", "code that never compiles")
        for f in functions(code):
            if f.n_lines > BODY_MAX:
                self.say(path, f.line, "body", f.name, f"{f.name}: {f.n_lines} lines, at most {BODY_MAX}")
            if f.n_params() > PARAMS_MAX:
                self.say(path, f.line, "params", f.name, f"{f.name}: more than {PARAMS_MAX} parameters")
            if re.search(rf"(?<![\w.>]){f.name}\s*\(", f.body):
                self.say(path, f.line, "recursion", f.name, f"{f.name} calls itself")

    # ---- src and include ----

    def check_product(self, path, module, raw, code):
        for number, line in enumerate(raw.split("\n"), 1):
            target = re.match(r'\s*#\s*include\s*"(\w+)/', line)
            if target and self.order.get(target.group(1), 0) > self.order[module]:
                self.say(path, number, "layer", target.group(1), f"{module} may not include {target.group(1)}")
        own = {f.name for f in functions(code) if f.is_static}
        for number, line in enumerate(code.split("\n"), 1):
            for name in set(re.findall(r"(?<![\w.>])(\w+)\s*\(", line)) - own:
                if name in ENDS:
                    self.say(path, number, "ends", name, f"{name}: the library returns, it never ends the process")
                if name in HEAP and module != "mem":
                    self.say(path, number, "heap", name, f"{name}: heap calls live in src/mem")
                if name in SYSTEM and module != "base":
                    self.say(path, number, "system", name, f"{name}: goes through base/sys.h")
                if name in PRINT and module != "app":
                    self.say(path, number, "print", name, f"{name}: only the program prints")
            if re.search(r"\b__attribute__\b|\b__declspec\b", line) and path != "src/base/attr.h":
                self.say(path, number, "attribute", "-", "attributes are spelt in base/attr.h")
            if re.search(r"\bvolatile\b(?!\s+sig_atomic_t)", line):
                self.say(path, number, "volatile", "-", "stdatomic.h with explicit orders, not volatile")

    def check_names(self, path, code):
        for f in functions(code):
            if f.is_static and f.name.startswith("hr_"):
                self.say(path, f.line, "static-name", f.name, f"{f.name}: static functions drop the prefix")
            if not f.is_static and f.name != "main" and not f.name.startswith("hr_"):
                self.say(path, f.line, "public-name", f.name, f"{f.name}: public functions begin with hr_")

    def check_unique(self, path):
        name = os.path.basename(path)
        if name in self.seen:
            self.say(path, 1, "unique", name, f"file name used in {self.seen[name]} too")
        self.seen[name] = path

    def check_file(self, path):
        self.n_files += 1
        with open(os.path.join(self.root, path), encoding="utf-8") as f:
            raw = f.read()
        self.check_text(path, raw)
        if not path.endswith((".c", ".h")):
            return
        parts, code = path.split("/"), strip(raw)
        self.check_c(path, raw, code)
        self.check_unique(path)
        if path.endswith(".h"):
            tail = parts[1:] if parts[0] == "src" else parts[-2:]
            guard = re.sub(r"\W", "_", "/".join(tail)).upper()
            if not re.search(rf"#ifndef (\w+_)?{guard}\n", raw):
                self.say(path, 1, "guard", "-", f"no include guard that ends in {guard}")
        if parts[0] == "src":
            self.check_product(path, parts[1], raw, code)
            if path.endswith(".c"):
                self.check_names(path, code)

    def run(self):
        for top in (".ci", "bench", "docs", "examples", "include", "src", "tests", "tools"):
            for folder, dirs, files in os.walk(os.path.join(self.root, top)):
                dirs[:] = sorted(d for d in dirs if d not in ("corpus", "__pycache__") and "golden/" not in folder)
                for name in sorted(files):
                    if name.endswith((".c", ".h", ".py", ".sh", ".md", ".build", ".txt")) or name == "run":
                        self.check_file(os.path.relpath(os.path.join(folder, name), self.root))
        if os.path.exists(os.path.join(self.root, "dev")):
            self.check_file("dev")
        for entry in sorted(set(self.allow) - self.used):
            self.findings.append(f"tools/lint_allow.txt: allow: nothing needs '{' '.join(entry)}'")
        return self.findings


def main():
    root = os.path.abspath(sys.argv[1]) if len(sys.argv) > 1 else os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    lint = Lint(root)
    findings = lint.run()
    print("\n".join(findings) or f"lint: {lint.n_files} files, nothing found")
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())
