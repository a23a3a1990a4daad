# SPDX-License-Identifier: Apache-2.0
"""What comes out of a small session of each venue (venue_captures.py), word by word: counts, and of each table the first rows
and the last. HR_GOLDEN_RENEW=1 writes venues.txt anew."""
import glob
import json
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "e2e"))
import golden  # pylint: disable=wrong-import-position
import tap  # pylint: disable=wrong-import-position
import venue_captures  # pylint: disable=wrong-import-position

COUNTS = ("lines", "messages", "levels", "trades", "tickers", "snapshots", "gaps", "duplicates", "stale", "crossed", "rejected", "other",
          "ticker_checks", "ticker_checks_equal", "checksums", "checksums_equal", "synced", "never_synced")


def describe(name):
    path = os.path.join(tap.SCRATCH, name + ".ws.1.0")
    out = os.path.join(tap.SCRATCH, name)
    with open(path, "w", encoding="utf-8") as f:
        f.write("\n".join(venue_captures.capture(name)) + "\n")
    report = tap.run_json(path, "--out", out, "--lanes", 1)
    lines = [f"== {name}", json.dumps({k: report.get(k) for k in COUNTS})]
    for part in sorted(glob.glob(out + "/**/*.parquet", recursive=True)):
        table = os.path.relpath(part, out)
        if table.startswith("features"):
            continue
        code, text, err = tap.run("inspect", part, "--rows", 1000, "--json")
        if code != 0:
            tap.check(f"{name}: inspect", False, err)
            continue
        seen = json.loads(text)
        lines.append(f"{table}: {seen['rows']} rows")
        for row in seen["head"][:3] + seen["head"][3:][-1:]:
            lines.append(",".join("" if v is None else v for v in row[:12]))
    return "\n".join(lines) + "\n"


def main():
    got = {name: describe(name) for name in venue_captures.writers()}
    want = golden.kept("venues.txt", "".join(got.values()))
    for name, text in got.items():
        begin = want.find(f"== {name}\n")
        end = want.find("\n== ", begin)
        golden.check(name, text, want[begin:len(want) if end < 0 else end + 1] if begin >= 0 else "")
    tap.finish()


main()
