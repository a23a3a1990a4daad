# SPDX-License-Identifier: Apache-2.0
"""The example plugin is built as its page says, by Meson alone, and its header serves C++ as well."""
import os
import re
import shutil
import subprocess
import sys
import tempfile

ROOT = os.environ.get("HR_SOURCE_ROOT", os.getcwd())
EXAMPLE = os.path.join(ROOT, "examples", "plugin")
CXX = r"""
#include "headrace/plugin.h"
static void run(void *, void *, const headrace_rows *r)
{
    for (uint32_t i = 0; i < r->n; i++) r->out[0][i] = 2 * r->in[0][i];
}
static const char *const in[] = {"x"};
static const char *const out[] = {""};
static const uint32_t unit[] = {HEADRACE_UNIT_SAME};
static const headrace_op op = {sizeof op, 1, 0, 1, "twice", "2 x", in, nullptr, nullptr, out, unit, nullptr,
                               nullptr, nullptr, run, nullptr};
static const headrace_plugin_info info = {HEADRACE_PLUGIN_ABI, sizeof info, "twice", "1", 1, 0, &op, nullptr};
const headrace_plugin_info *headrace_plugin(uint32_t, const headrace_host *) { return &info; }
"""
_results = []


def check(name, ok, detail=""):
    _results.append(bool(ok))
    print(f"{'ok' if ok else 'not ok'} {len(_results)} - {name}", flush=True)
    if not ok:
        print("\n".join("# " + line for line in str(detail).splitlines()[:20]))


def exports(path):
    text = subprocess.run(["nm", "-D", "--defined-only", path], capture_output=True, text=True, check=True).stdout
    return [line.split()[-1] for line in text.splitlines() if line.split()[-1][0] != "_"]


def build(command, folder, made, **more):
    p = subprocess.run(command, cwd=folder, capture_output=True, text=True, **more)
    path = os.path.join(folder, made)
    ok = p.returncode == 0 and os.path.exists(path) and exports(path) == ["headrace_plugin"]
    return ok, p.stdout + p.stderr


def main():
    with open(os.path.join(EXAMPLE, "README.md"), encoding="utf-8") as f:
        line = re.search(r"^cc .*$", f.read(), re.M).group(0)
    with tempfile.TemporaryDirectory(prefix="headrace-test-") as top:
        shutil.copytree(EXAMPLE, os.path.join(top, "examples", "plugin"))
        shutil.copytree(os.path.join(ROOT, "include"), os.path.join(top, "include"))
        folder = os.path.join(top, "examples", "plugin")
        strict = " -std=c11 -Wall -Wextra -Wpedantic -Werror"
        check("as its page says", *build(["sh", "-c", line + strict], folder, "example.so"))
        if shutil.which("g++"):
            command = ["g++", "-std=c++17", "-Wall", "-Wextra", "-Werror", "-fPIC", "-shared", "-I", os.path.join(top, "include"),
                       "-x", "c++", "-", "-o", "twice.so"]
            check("C++", *build(command, folder, "twice.so", input=CXX))
        if shutil.which("meson") and shutil.which("ninja"):
            check("Meson", *build(["sh", "-c", "meson setup out && ninja -C out"], folder, "out/example.so"))
    print(f"1..{len(_results)}")
    sys.exit(0 if _results and all(_results) else 1)


main()
