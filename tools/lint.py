#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""House rules that a program can check. Exit 1 and one line a finding."""
import os
import re
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
FILE_MAX, LINE_MAX, BODY_MAX = 800, 100, 70
BANNED = "strcpy strcat sprintf vsprintf strtok atoi atol atof gmtime localtime system popen".split()
HEAP = "malloc calloc realloc free strdup".split()
SYSTEM = ("open openat read pread write pwrite fsync fdatasync rename renameat unlink unlinkat mkdir mkdirat opendir "
          "clock_gettime time getrandom mmap munmap pthread_create fopen nanosleep usleep sleep").split()
WORDS = re.compile(r"/(tmp|work)/\w|\b(TODO|FIXME|XXX)\b")


def strip(text):
    """Source without comments and string contents, line structure kept."""
    out, i, n = [], 0, len(text)
    while i < n:
        if text.startswith("/*", i):
            end = text.find("*/", i + 2)
            end = n if end < 0 else end + 2
            out.append(re.sub(r"[^\n]", " ", text[i:end]))
            i = end
        elif text[i] in "\"'":
            quote, j = text[i], i + 1
            while j < n and text[j] != quote:
                j += 2 if text[j] == "\\" else 1
            out.append(quote + quote)
            i = j + 1
        else:
            out.append(text[i])
            i += 1
    return "".join(out)


def functions(code):
    """(line, name, is_static, body lines) of each definition at file level."""
    lines = code.split("\n")
    for i, line in enumerate(lines):
        if line != "{":
            continue
        j = i - 1
        while j > 0 and lines[j].strip() and not lines[j].rstrip().endswith((";", "}")) and not lines[j].startswith("#"):
            j -= 1
        head = " ".join(lines[j + 1:i])
        match = re.search(r"(\w+)\s*\(", head)
        if not match or "=" in head.split("(")[0]:
            continue
        end = i + 1
        while end < len(lines) and lines[end] != "}":
            end += 1
        yield i + 1, match.group(1), "static" in head or "HR_INLINE" in head, end - i - 1


def layers():
    with open(os.path.join(ROOT, "tools", "layers.txt"), encoding="utf-8") as f:
        names = [line for line in f if not line.startswith("#")][0].split()
    return {name: i for i, name in enumerate(names)}


def check_code(path, module, raw, order, say):
    for number, line in enumerate(raw.split("\n"), 1):
        target = re.match(r'#include "(\w+)/', line)
        if target and order.get(target.group(1), 0) > order[module]:
            say(path, number, f"{module} may not include {target.group(1)}")
    for number, line in enumerate(strip(raw).split("\n"), 1):
        for name in re.findall(r"(?<![\w.>])(\w+)\s*\(", line):
            if name in BANNED:
                say(path, number, f"{name} is banned")
            if name in HEAP and module != "mem":
                say(path, number, f"{name}: heap calls live in src/mem")
            if name in SYSTEM and module != "base":
                say(path, number, f"{name}: goes through base/sys.h")
            if name in ("printf", "fputs", "fprintf", "puts") and module not in ("app", "base"):
                say(path, number, f"{name}: only the program prints")


def check_functions(path, raw, say):
    for number, fn, is_static, body in functions(strip(raw)):
        if body > BODY_MAX:
            say(path, number, f"{fn}: {body} lines, at most {BODY_MAX}")
        if is_static and fn.startswith("hr_"):
            say(path, number, f"{fn}: static functions drop the prefix")
        if not is_static and not fn.startswith(("hr_", "run_", "main")):
            say(path, number, f"{fn}: public functions begin with hr_")


def check_file(path, order, seen, say):
    with open(os.path.join(ROOT, path), encoding="utf-8") as f:
        raw = f.read()
    lines = raw.split("\n")
    parts = path.split("/")
    if not raw.startswith("/* SPDX-License-Identifier: Apache-2.0 */"):
        say(path, 1, "no SPDX line")
    if len(lines) > FILE_MAX:
        say(path, len(lines), f"{len(lines)} lines, at most {FILE_MAX}")
    for number, line in enumerate(lines, 1):
        if len(line) > LINE_MAX:
            say(path, number, f"{len(line)} columns, at most {LINE_MAX}")
        if WORDS.search(line):
            say(path, number, "a word that does not belong")
    if parts[0] != "src":
        return
    module, name = parts[1], parts[-1]
    if name in seen:
        say(path, 1, f"file name used in {seen[name]} too")
    seen[name] = path
    check_code(path, module, raw, order, say)
    if name.endswith(".h"):
        guard = "HR_" + re.sub(r"\W", "_", "/".join(parts[1:])).upper()
        if f"#ifndef {guard}" not in raw:
            say(path, 1, f"include guard is not {guard}")
    else:
        check_functions(path, raw, say)


def main():
    findings = []

    def say(path, line, text):
        findings.append(f"{path}:{line}: {text}")

    order, seen, n = layers(), {}, 0
    for top in ("src", "include", "tests", "bench"):
        for folder, _, files in os.walk(os.path.join(ROOT, top)):
            for name in sorted(files):
                if name.endswith((".c", ".h")):
                    n += 1
                    check_file(os.path.relpath(os.path.join(folder, name), ROOT), order, seen, say)
    print("\n".join(findings) or f"lint: {n} files, nothing found")
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())
