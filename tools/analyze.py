#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Static analysis of src/: cppcheck, and gcc -fanalyzer with the flags of a build folder. analyze.py [BUILD]

Prints TAP. What the tools get wrong is in tools/analyze_allow.txt, a line each: rule, path, a word of the message, # reason;
an entry that nothing needs fails too. Objects go through ccache where the build uses it, so only what changed is read again."""
import concurrent.futures
import fnmatch
import json
import os
import re
import shlex
import shutil
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
CPPCHECK = ["cppcheck", "--enable=warning,portability,performance", "--std=c11", "--library=posix", "--quiet", "-I", "src", "-I", "include",
            "--suppress=missingIncludeSystem", "--template={file}:{line}:0: warning: {message} [{id}]"]
FINDING = re.compile(r"^(?:\.\./)*(?:.*/)?(src/[^:]+):(\d+):\d+: (?:warning|error): (.*) \[(?:-W)?([\w-]+)\]$", re.M)
_results = []


def check(name, findings):
    _results.append(not findings)
    print(f"{'not ok' if findings else 'ok'} {len(_results)} - {name}")
    print("".join(f"# {line}\n" for line in findings), end="", flush=True)


class Allow:
    def __init__(self):
        self.entries, self.used = [], set()
        with open(os.path.join(ROOT, "tools", "analyze_allow.txt"), encoding="utf-8") as f:
            for line in f:
                entry, _, reason = line.partition(" # ")
                parts = entry.split(None, 2)
                if line.strip() and not line.startswith("#"):
                    assert len(parts) == 3 and reason.strip(), line
                    self.entries.append(tuple(parts))

    def filter(self, text):
        """One line a finding that no entry allows."""
        found = set()
        for path, line, message, rule in FINDING.findall(re.sub(r"\x1b\[[0-9;]*[mK]", "", text)):
            for entry in self.entries:
                if rule == entry[0] and fnmatch.fnmatch(path, entry[1]) and entry[2].strip() in message:
                    self.used.add(entry)
                    break
            else:
                found.add(f"{path}:{line}: {message} [{rule}]")
        return sorted(found)

    def unused(self, prefix):
        return [" ".join(e) for e in self.entries if e not in self.used and e[0].startswith("analyzer") == (prefix == "analyzer")]


def run_cppcheck():
    p = subprocess.run([*CPPCHECK, "-j", str(os.cpu_count()), "src"], cwd=ROOT, capture_output=True, text=True)
    return p.stderr + ("" if p.returncode == 0 else f"src/none.c:1:0: error: cppcheck ended with {p.returncode} [cppcheck]\n")


def analyze(entry, folder):
    words = shlex.split(entry["command"])
    words = [w for w in words if not w.startswith("-O") and w not in ("-MD", "-Werror")]
    for option in ("-MQ", "-MF"):
        if option in words:
            del words[words.index(option):words.index(option) + 2]
    name = re.sub(r"\W", "_", entry["file"]) + ".o"
    words[words.index("-o") + 1] = os.path.join(folder, name)
    p = subprocess.run([*words, "-O1", "-fanalyzer", "-fdiagnostics-plain-output"], cwd=entry["directory"], capture_output=True, text=True)
    return p.stderr + ("" if p.returncode == 0 else f"{entry['file']}:1:0: error: did not compile [gcc]\n")


def run_gcc(build):
    """None where the build is not gcc's."""
    with open(os.path.join(build, "compile_commands.json"), encoding="utf-8") as f:
        entries = [e for e in json.load(f) if re.search(r"(^|/)src/.*\.c$", e["file"])]
    compiler = [w for w in shlex.split(entries[0]["command"])[:2] if "ccache" not in w][0]
    if "Free Software" not in subprocess.run([compiler, "--version"], capture_output=True, text=True).stdout:
        return None
    folder = os.path.join(os.path.abspath(build), "analyze")
    os.makedirs(folder, exist_ok=True)
    entries.sort(key=lambda e: -os.path.getsize(os.path.join(e["directory"], e["file"])))  # the long ones first
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        return len(entries), "".join(pool.map(lambda e: analyze(e, folder), entries))


def main():
    build = sys.argv[1] if len(sys.argv) > 1 else os.path.join(ROOT, "build")
    allow = Allow()
    if shutil.which("cppcheck"):
        check("cppcheck", allow.filter(run_cppcheck()))
        check("cppcheck: every exception is needed", allow.unused("cppcheck"))
    else:
        print("# no cppcheck")
    got = run_gcc(build)
    if got is not None:
        check(f"gcc -fanalyzer: {got[0]} files", allow.filter(got[1]))
        check("gcc -fanalyzer: every exception is needed", allow.unused("analyzer"))
    print(f"1..{len(_results)}")
    sys.exit(0 if _results and all(_results) else 1)


main()
