#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Coverage by module from gcovr's JSON summary. cover.py SUMMARY MINIMUM [MINIMUM MODULE...]: exit 1 when all of src is below
the first minimum, or one of these modules below the second."""
import collections
import json
import sys

LOWEST = 15


def share(covered, total):
    return 100.0 * covered / total if total else 100.0


def main():
    with open(sys.argv[1], encoding="utf-8") as f:
        files = json.load(f)["files"]
    minimum = float(sys.argv[2])
    core = dict.fromkeys(sys.argv[4:], float(sys.argv[3])) if len(sys.argv) > 4 else {}
    low = []
    modules = collections.defaultdict(lambda: [0, 0])
    for entry in files:
        module = modules[entry["filename"].split("/")[1]]
        module[0] += entry["line_covered"]
        module[1] += entry["line_total"]
    print(f"{'module':<10} {'lines':>7} {'covered':>8}")
    for name, (covered, total) in sorted(modules.items()):
        is_low = share(covered, total) < core.get(name, 0)
        low += [name] if is_low else []
        wanted = f"  at least {core[name]:g}%{', missed' if is_low else ''}" if name in core else ""
        print(f"{name:<10} {total:>7} {share(covered, total):>7.1f}%{wanted}")
    print(f"\nlowest {LOWEST} files")
    for entry in sorted(files, key=lambda e: share(e["line_covered"], e["line_total"]))[:LOWEST]:
        missing = entry["line_total"] - entry["line_covered"]
        print(f"{share(entry['line_covered'], entry['line_total']):>6.1f}%  {missing:>4} lines missing  {entry['filename']}")
    covered, total = (sum(m[i] for m in modules.values()) for i in (0, 1))
    whole = share(covered, total)
    print(f"\nlines: {whole:.1f}% of {total} (at least {minimum:g}%)")
    sys.exit(0 if total and whole >= minimum and not low else 1)


if __name__ == "__main__":
    main()
