# SPDX-License-Identifier: Apache-2.0
"""Programs built by different compilers, with different optimisation, give the same bytes: the capture, and the dataset made from it.

compare_builds.py PROGRAM PROGRAM..."""
import os
import subprocess
import sys

import tap

CAPTURES = {"spot.ndjson": ["--gaps", "2", "--duplicates", "3", "--bad", "4"],
            "futures.ndjson": ["--futures", "--seed", "7"],
            "table.csv": ["--format", "tardis", "--seed", "5"]}
MASKS = [[], ["--cpu-mask", "scalar"], ["--lanes", "1"], ["--lanes", "8"]]


def run(exe, *args):
    return subprocess.run([exe, *args], capture_output=True, text=True, timeout=300)


def main():
    first, others = os.path.abspath(sys.argv[1]), [os.path.abspath(p) for p in sys.argv[2:]]
    for name, options in CAPTURES.items():
        digests = {}
        for number, exe in enumerate([first, *others]):
            folder = os.path.join(tap.SCRATCH, name, str(number))
            os.makedirs(folder)
            made = run(exe, "gen", "--levels", "60000", "--instruments", "5", *options, "--out", os.path.join(folder, name))
            tap.check(f"{name}: made by program {number}", made.returncode == 0, made.stderr)
            with open(os.path.join(folder, name), "rb") as f:
                digests.setdefault("capture", set()).add(hash(f.read()))
            for i, mask in enumerate(MASKS):
                out = os.path.join(folder, f"out{i}")
                p = run(exe, "run", os.path.join(folder, name), "--out", out, *mask)
                tap.check(f"{name}: {' '.join(['run', *mask])} by program {number}", p.returncode == 0, p.stderr)
                digests.setdefault("dataset", set()).add(tap.digest(out))
        for what, found in digests.items():
            tap.check(f"{name}: one {what} by all of them", len(found) == 1, found)
    tap.finish()


main()
