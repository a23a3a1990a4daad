# SPDX-License-Identifier: Apache-2.0
"""tested.py BUILD SUITE...: the targets that the tests of these suites run, for ninja: what nobody runs is not built."""
import json
import os
import subprocess
import sys


def introspect(build, what):
    return json.loads(subprocess.run(["meson", "introspect", what, build], capture_output=True, text=True, check=True).stdout)


def main(build, *suites):
    needed = set()
    for test in introspect(build, "--tests"):
        if {s.rpartition(":")[2] for s in test["suite"]} & set(suites):
            needed.update(test["depends"])
    for target in introspect(build, "--targets"):
        if target["id"] in needed:
            print("\n".join(os.path.relpath(f, os.path.abspath(build)) for f in target["filename"]))


if __name__ == "__main__":
    main(*sys.argv[1:])
