# SPDX-License-Identifier: Apache-2.0
"""Each header compiles alone and twice, as C17 by gcc and clang; public headers as C++ too."""
import concurrent.futures
import os
import shutil
import subprocess
import sys

ROOT = os.environ.get("HR_SOURCE_ROOT", os.getcwd())
C = ["-std=c17", "-D_GNU_SOURCE", "-DHR_VERSION=\"0\"", "-include", "src/base/banned.h", "-march=x86-64-v2"]
CXX = ["-std=c++17", "-D_GNU_SOURCE"]
WARN = ["-Wall", "-Wextra", "-Wshadow", "-Wundef", "-Werror", "-Wno-psabi", "-fsyntax-only"]
FOLDERS = ["-Iinclude", "-Isrc", "-Itests/support"]


def headers(top):
    for folder, _, files in os.walk(os.path.join(ROOT, top)):
        yield from (os.path.relpath(os.path.join(folder, name), ROOT) for name in sorted(files) if name.endswith(".h"))


def compile_alone(job):
    compiler, language, path = job
    name = path.split("/", 1)[1] if not path.startswith("tests/") else os.path.basename(path)
    flags = C if language == "c" else CXX
    p = subprocess.run([compiler, "-x", language, *flags, *WARN, *FOLDERS, "-"], cwd=ROOT, text=True, capture_output=True,
                       input=f'#include "{name}"\n#include "{name}"\nint translation_unit;\n')
    return p.returncode == 0, p.stderr


def main():
    public, own = list(headers("include")), list(headers("src")) + list(headers("tests/support"))
    jobs = [(cc, "c", h) for cc in ("gcc", "clang") for h in public + own]
    jobs += [(cxx, "c++", h) for cxx in ("g++", "clang++") for h in public]
    all_ok = True
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        present = [job for job in jobs if shutil.which(job[0])]
        for number, (job, (ok, text)) in enumerate(zip(present, pool.map(compile_alone, present)), 1):
            all_ok = all_ok and ok
            print(f"{'ok' if ok else 'not ok'} {number} - {job[2]} alone, {job[0]}")
            if not ok:
                print("\n".join("# " + line for line in text.splitlines()[:8]))
    print(f"1..{len(present)}")
    sys.exit(0 if all_ok and present else 1)


main()
