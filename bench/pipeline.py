#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The whole pipeline on captures of our own generator: medians of level updates a second, where the
lanes' time went, bytes a level, and the peak of memory.

    bench/pipeline.py build/src/app/headrace [RUNS [LEVELS]]
"""
import glob
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile

LEVELS = 5000000
HEAD = ["input", "M levels/s", "read, decode, merge, apply, encode, commit, idle (%)", "bytes a level written", "peak MB"]
FEATURES = """book: {rows: bbo}
output: {deltas: false, books: false, trades: false, tickers: false}
"""


def generate(program, folder, levels):
    def gen(name, *options):
        path = os.path.join(folder, name)
        subprocess.run([program, "gen", "--levels", str(levels), "--out", path, *options], check=True, stdout=subprocess.DEVNULL)
        return path

    gen("c.ndjson")
    gen("c.ndjson.gz")
    gen("c.csv", "--format", "tardis")
    gen("many.ndjson", "--instruments", "500", "--no-tickers", "--rate", "200000")
    gen("lake", "--format", "lake", "--no-tickers", "--no-trades")
    plan = os.path.join(folder, "features.yaml")
    with open(plan, "w", encoding="utf-8") as f:
        f.write(FEATURES)
    tables = sorted(glob.glob(os.path.join(folder, "lake/book_delta_v2/**/*.parquet"), recursive=True))
    return [
        ("capture (NDJSON), everything written", ["c.ndjson"]),
        ("the same, gzip", ["c.ndjson.gz"]),
        ("the same, books and features only where the touch changes, features written", ["features.yaml", "c.ndjson"]),
        ("Tardis CSV, everything written", ["c.csv"]),
        ("500 instruments, NDJSON, 128 MB, everything written", ["many.ndjson", "--memory", "128MB"]),
        ("deltas (Parquet), everything written", tables),
        ("the same, features only where the touch changes", ["features.yaml", *tables]),
    ]


def measure(program, folder, arguments, runs):
    reports = []
    for _ in range(runs):
        out = os.path.join(folder, "out")
        shutil.rmtree(out, ignore_errors=True)
        done = subprocess.run([program, "run", *arguments, "--out", out, "--json"], cwd=folder, check=True, capture_output=True)
        reports.append(json.loads(done.stdout))
    return reports


def rows(program, runs, levels):
    """The table's rows, a text a cell."""
    program, out = os.path.abspath(program), []
    folder = tempfile.mkdtemp(prefix="headrace-bench-")
    try:
        for name, arguments in generate(program, folder, levels):
            reports = measure(program, folder, arguments, runs)
            rate = statistics.median(r["levels"] / r["seconds"] for r in reports)
            r = min(reports, key=lambda x: abs(x["levels"] / x["seconds"] - rate))
            lanes = sum(r["stages"].values())
            shares = " ".join(f"{100 * t / lanes:.0f}" for t in r["stages"].values())
            written = r["counters"]["bytes_written"] / r["levels"]
            peak = max(x["peak_rss_bytes"] for x in reports) / 1e6
            out.append([name, f"{rate / 1e6:.2f}", shares, f"{written:.1f}", f"{peak:.0f}"])
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return out


def main():
    runs = int(sys.argv[2]) if len(sys.argv) > 2 else 5
    levels = int(sys.argv[3]) if len(sys.argv) > 3 else LEVELS
    for row in [HEAD, ["---"] * len(HEAD), *rows(sys.argv[1], runs, levels)]:
        print("| " + " | ".join(row) + " |")


if __name__ == "__main__":
    main()
