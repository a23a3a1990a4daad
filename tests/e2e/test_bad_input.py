# SPDX-License-Identifier: Apache-2.0
"""Bad input never crashes, hangs or gets lost: a clear error, or a reject with reason, offset and line."""
import gzip
import json
import os
import shutil

import tap

HEAD = '{"stream":"btcusdt@depth","data":{"e":"depthUpdate","E":1723161600000,"s":"BTCUSDT",'
GOOD = HEAD + '"U":1,"u":2,"b":[["1.5","2"]],"a":[]}}'
LINES = [  # text, reason
    (HEAD + '"U":1,"u":2,"b":[["1e400","2"]],"a":[]}}', "out_of_range"),
    (HEAD + '"U":1,"u":2,"b":[["--1","2"]],"a":[]}}', "bad_number"),
    (HEAD + '"U":1,"u":2,"b":[["123456789012345678901234567890","2"]],"a":[]}}', "out_of_range"),
    (HEAD + '"U":1,"u":2,"b":[["1.5","-2"]],"a":[]}}', "negative"),
    (HEAD + '"U":1,"u":2,"b":[["1.5","2"]]}}', "field_missing"),
    (HEAD + '"U":1,"U":1,"u":2,"b":[],"a":[]}}', "field_repeated"),
    (HEAD + '"U":1,"u":2,"b":[[["1.5","2"]]],"a":[]}}', "field_type"),
    (HEAD + '"U":1,"u":2,"b":{},"a":[]}}', "field_type"),
    (HEAD + '"U":"x","u":2,"b":[],"a":[]}}', "field_type"),
    (HEAD + '"U":1,"u":2,"b":[["1.5","2"]],"a":[]', "bad_json"),
    (HEAD + '"U":1,"u":2,"b":[["1.0000000001","2"]],"a":[]}}', "out_of_range"),
    ('{"e":"trade","E":1,"T":1,"s":"../etc","t":1,"p":"1","q":"1","m":true}', "bad_symbol"),
    ('{"e":"trade","E":1,"T":1,"s":"BTCUSDT","t":1,"p":null,"q":"1","m":true}', "null_value"),
    ('{"e":"trade","E":1,"T":1,"s":"BTCUSDT","t":1,"p":"1","q":"1","m":1}', "field_type"),
    ('[1,2,3]', "unknown_message"),
    ('"text"', "unknown_message"),
    ("[" * 100000, "unknown_message"),
]


def rejects(out):
    with open(os.path.join(out, "rejects.ndjson"), encoding="utf-8") as f:
        return [json.loads(line) for line in f]


def run_bytes(name, data, *options):
    path = os.path.join(tap.SCRATCH, name)
    with open(path, "wb") as f:
        f.write(data)
    out = path + ".out"
    return tap.run("run", path, "--out", out, "--json", *options), out


def check_lines():
    text = GOOD + "\n" + "".join(line + "\n" for line, _ in LINES)
    (code, stdout, err), out = run_bytes("lines.ndjson", text.encode())
    tap.check("bad lines do not stop a run", code == 0, err)
    found = rejects(out) if code == 0 else []
    tap.check("one reject a bad line", len(found) == len(LINES), found)
    offset = len(GOOD) + 1
    for number, ((line, reason), r) in enumerate(zip(LINES, found)):
        ok = r["reason"] == reason and r["line"] == number + 2 and r["offset"] == offset and r["bytes"] == len(line)
        tap.check(f"line {number + 2} is {reason}", ok and r["raw"] == line[:65536], str(r)[:300])
        offset += len(line) + 1
    summary = json.loads(stdout)
    tap.check("the good line is there", summary["levels"] == 1 and summary["written"]["deltas"] == 1, summary)


def check_long_lines():
    """A line longer than the buffers is one reject, wherever it stands; the lines around it are not touched."""
    plan = os.path.join(tap.SCRATCH, "long.yaml")
    with open(plan, "w", encoding="utf-8") as f:
        f.write("limits: {line: 1KiB}\n")
    long = HEAD + '"U":3,"u":4,"b":[' + ",".join(['["1.5","2"]'] * 80000) + '],"a":[]}}'
    next_good = GOOD.replace('"U":1,"u":2', '"U":5,"u":6')
    for name, lines in {"middle": [GOOD, long, "bad", next_good], "first": [long, "bad", GOOD, next_good],
                        "last": [GOOD, next_good, "bad", long]}.items():
        for ending in ("\n", ""):
            text = "\n".join(lines) + ending
            for pack in (lambda data: data, gzip.compress):
                (code, stdout, err), out = run_bytes(f"long-{name}", pack(text.encode()), plan)
                found = rejects(out) if code == 0 else []
                want = [(["bad_json", "line_too_long"][line is long], i + 1, text.index(line))
                        for i, line in enumerate(lines) if line in (long, "bad")]
                got = [(r["reason"], r["line"], r["offset"]) for r in found]
                tap.check(f"a long line, {name}, {pack.__name__}, {len(ending)}", got == want, f"{got} {err}")
                tap.check("the lines around it are there", json.loads(stdout or "{}").get("levels") == 2, stdout)
                shutil.rmtree(out, ignore_errors=True)


def main():
    check_lines()
    check_long_lines()
    (code, _, err), out = run_bytes("utf8.ndjson", (GOOD + "\n").encode() + b'{"s":"\xff\xfe"}\n')
    tap.check("invalid UTF-8 is kept as hex", code == 0 and rejects(out)[0]["reason"] == "bad_utf8"
              and bytes.fromhex(rejects(out)[0]["raw_hex"]) == b'{"s":"\xff\xfe"}', err)
    packed = gzip.compress((GOOD + "\n").encode() * 20000)
    for name, data in {"cut": packed[:len(packed) // 2], "garbage": packed + b"xyz",
                       "flipped": packed[:200] + bytes([packed[200] ^ 1]) + packed[201:]}.items():
        (code, _, err), _ = run_bytes(f"{name}.gz", data)
        tap.check(f"gzip {name}: exit 3 and a message", code == 3 and "gzip" in err and name + ".gz" in err, err)
    (code, _, err), _ = run_bytes("empty", b"")
    tap.check("empty file", code == 3 and "empty" in err, err)
    (code, _, err), _ = run_bytes("noise", bytes(range(256)) * 10)
    tap.check("unknown format names the known ones", code == 3 and "tardis" in err, err)
    (code, stdout, err), _ = run_bytes("no-newline.ndjson", GOOD.encode())
    tap.check("last line without its end", code == 0 and json.loads(stdout)["levels"] == 1, err)
    os.mkdir(os.path.join(tap.SCRATCH, "nothing"))
    code, _, err = tap.run("run", os.path.join(tap.SCRATCH, "nothing"), "--out", os.path.join(tap.SCRATCH, "d"))
    tap.check("a folder without files", code in (3, 4) and "nothing" in err, err)
    code, _, err = tap.run("run", os.path.join(tap.SCRATCH, "absent"))
    tap.check("an absent file", code == 4 and "absent" in err, err)
    code, _, err = tap.run("run", os.path.join(tap.SCRATCH, "no-newline.ndjson"), "--out",
                           os.path.join(tap.SCRATCH, "no-newline.ndjson.out"))
    tap.check("an existing dataset is refused", code == 2 and "--resume" in err and "--force" in err, err)
    code, _, err = tap.run("run", os.path.join(tap.SCRATCH, "no-newline.ndjson"), "--memory", "1MB")
    tap.check("too little memory is refused", code == 2, err)
    code, _, err = tap.run("run", "--wrong")
    tap.check("an unknown option", code == 2 and "--wrong" in err, err)
    plan = os.path.join(tap.SCRATCH, "p.yaml")
    with open(plan, "w", encoding="utf-8") as f:
        f.write("engine:\n  memmory: 1GB\n")
    code, _, err = tap.run("run", plan)
    tap.check("a plan's error has its place", code == 2 and "p.yaml:2:3" in err and "did you mean 'memory'" in err, err)
    tap.finish()


main()
