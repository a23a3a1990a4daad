# SPDX-License-Identifier: Apache-2.0
"""Generated captures of every text format: counts, gaps and books must equal what the generator knows."""
import json
import os

import tap


def one(name, *options, keys, lanes=4):
    suffix = "csv" if "tardis" in options else "ndjson.gz"
    capture = os.path.join(tap.SCRATCH, f"{name}.{suffix}")
    truth = os.path.join(tap.SCRATCH, f"{name}.truth")
    out = os.path.join(tap.SCRATCH, f"{name}.out")
    code, _, err = tap.run("gen", "--out", capture, "--truth", truth, "--levels", 150000, *options)
    tap.check(f"{name}: gen", code == 0, err)
    with open(truth, encoding="utf-8") as f:
        want = json.load(f)
    got = tap.run_json(capture, "--out", out, "--lanes", lanes)
    for key in keys:
        tap.check(f"{name}: {key} is {want[key]}", got.get(key) == want[key], got)
    if "tardis" not in options:
        tap.check(f"{name}: rejects", sum(got["rejected"].values()) == want["bad"], got)
        tap.check(f"{name}: every ticker check is equal",
                  got["ticker_checks"] == got["ticker_checks_equal"] > 5000, got)


def main():
    keys = ["lines", "messages", "levels", "trades", "tickers", "snapshots", "gaps", "duplicates"]
    faults = ["--gaps", 3, "--duplicates", 4, "--bad", 9]
    one("spot", *faults, keys=keys)
    one("futures", "--futures", "--seed", 2, *faults, keys=keys, lanes=1)
    one("json", "--format", "capture-json", "--seed", 3, *faults, keys=keys, lanes=2)
    one("bare", "--format", "ndjson", "--seed", 4, keys=keys)
    one("tardis", "--format", "tardis", "--seed", 5, keys=["lines", "levels", "snapshots", "gaps"])
    tap.finish()


main()
