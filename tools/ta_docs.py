#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The table of docs/modules/ta.md, as the operators tell it. ta_docs.py [PROGRAM] renews it, PROGRAM being prop_calc_ta of a build folder;
that program checks it too."""
import os
import re
import subprocess
import sys

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..")
PAGE = os.path.join(ROOT, "docs/modules/ta.md")


def main():
    program = sys.argv[1] if len(sys.argv) > 1 else os.path.join(ROOT, "build/tests/prop/prop_calc_ta")
    rows = subprocess.run([program, "--table"], stdout=subprocess.PIPE, check=True, text=True).stdout
    head = "| name | inputs | arguments | outputs | value | start | first valid row |\n| --- | --- | --- | --- | --- | --- | --- |\n"
    with open(PAGE, encoding="utf-8") as f:
        old = f.read()
    new = re.sub(r"(<!-- ta:table -->\n).*?(<!-- /ta -->)", lambda m: m[1] + head + rows + m[2], old, flags=re.S)
    with open(PAGE, "w", encoding="utf-8") as f:
        f.write(new)


if __name__ == "__main__":
    main()
