# SPDX-License-Identifier: Apache-2.0
"""What comes out of three small captures of our own generator, word by word: tables, columns, row counts, four first
rows and two further on, gaps, counts. A change of meaning shows as a changed line here. HR_GOLDEN_RENEW=1 writes the files anew."""
import glob
import json
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "e2e"))
import golden  # pylint: disable=wrong-import-position
import tap  # pylint: disable=wrong-import-position

COUNTS = ("lines", "messages", "levels", "trades", "tickers", "snapshots", "gaps", "duplicates", "stale", "rejected", "filtered", "written",
          "ticker_checks", "ticker_checks_equal", "synced", "never_synced")
CASES = {
    "spot": ("--gaps", "2", "--duplicates", "3", "--bad", "2"),
    "futures": ("--futures", "--gaps", "1", "--disorder", "2"),
    "tardis": ("--format", "tardis"),
}


def describe(case, options):
    capture = os.path.join(tap.SCRATCH, case + (".csv" if case == "tardis" else ".ndjson"))
    out = os.path.join(tap.SCRATCH, case)
    code, _, err = tap.run("gen", "--levels", 4000, "--instruments", 2, "--seed", 11, *options, "--out", capture)
    if code != 0:
        tap.check(f"{case}: gen", False, err)
    report = tap.run_json(capture, "--out", out, "--lanes", 1)
    lines = [json.dumps({k: report.get(k) for k in COUNTS})]
    for part in sorted(glob.glob(out + "/**/*.parquet", recursive=True)):
        code, text, err = tap.run("inspect", part, "--rows", 1000, "--json")
        if code != 0:
            tap.check(f"{case}: inspect", False, err)
            continue
        seen = json.loads(text)
        lines.append("")
        lines.append(f"{os.path.relpath(part, out)}: {seen['rows']} rows")
        lines.append(" ".join(c["name"] + ":" + c["type"].replace(" ", "") + ("?" if c["nullable"] else "") for c in seen["columns"]))
        rows = seen["head"]
        for row in rows[:4] + (rows[-2:] if len(rows) > 4 else []):
            lines.append(",".join("" if v is None else v for v in row))
    return "\n".join(lines) + "\n"


def main():
    for case, options in CASES.items():
        got = describe(case, options)
        golden.check(case, got, golden.kept(case + ".txt", got))
    tap.finish()


main()
