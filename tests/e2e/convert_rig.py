# SPDX-License-Identifier: Apache-2.0
"""convert there and back, and what it refuses: for the scripts of its targets."""
import filecmp
import json
import os

import tap


def path(name):
    full = os.path.join(tap.SCRATCH, name)
    os.makedirs(os.path.dirname(full), exist_ok=True)
    return full


def write(name, head, rows):
    with open(path(name), "w", encoding="utf-8") as f:
        f.write("".join(",".join(r) + "\n" for r in [head] * bool(head) + rows))
    return path(name)


def lines(file):
    with open(file, encoding="utf-8") as f:
        return f.read().splitlines()


def convert(*args):
    code, out, err = tap.run("convert", *args, "--json")
    return code, json.loads(out) if out else {}, err


def lost(got):
    return {x["what"]: x["messages"] for x in got.get("lost", [])}


def there_and_back(what, file, back, to, same_bytes=True, kind=None):
    """file -> events -> the same format -> events: nothing lost, equal events, equal bytes."""
    first, second = path("a.parquet"), path("b.parquet")
    code, got, err = convert(file, first, "--force")
    tap.check(f"{what}: to events", code == 0 and got["from"] == (kind or to) and got["rejected"] == 0, err or got)
    code, out, err = convert(first, back, "--to", to, "--force")
    tap.check(f"{what}: and back, nothing lost", code == 0 and out["lost"] == [] and out["written"] == got["written"] > 0, err or out)
    code, again, err = convert(back, second, "--force")
    tap.check(f"{what}: the same events again", code == 0 and again["from"] == (kind or to) and filecmp.cmp(first, second, False), err or again)
    if same_bytes:
        tap.check(f"{what}: the same bytes", filecmp.cmp(file, back, False), [x for x in zip(lines(file), lines(back)) if x[0] != x[1]][:3])


def refused(what, src, out, to, *want):
    """Refused in words that say each of these; what --lossy says of it."""
    code, got, err = convert(src, out, "--to", to)
    tap.check(f"{what}: refused, and said", code == 2 and "--lossy" in err and all(w in err for w in want) and not os.path.exists(out), err)
    code, got, err = convert(src, out, "--to", to, "--lossy")
    tap.check(f"{what}: --lossy writes the rest", code == 0 and got["read"] == got["written"] + got["rejected"] + got["filtered"]
              and all(any(w in x for x in lost(got)) for w in want), err or got)
    return got
