# SPDX-License-Identifier: Apache-2.0
"""verify on files: clean captures pass; a changed quantity, a gap, wrong order, a bad line, a crossed book and
damaged bytes are each found with their place."""
import gzip
import json
import os
import re

import tap

CHECKS = {"coinm_btcusd_perp_20240808": 1124, "spot_btcusdt_20240808": 564, "usdm_btcusdt_20240808": 629,
          "coinm_btcusd_perp_20240809": 0, "spot_ethusdt_20240809": 0}


def path(name):
    return os.path.join(tap.SCRATCH, name)


def write(name, lines):
    with open(path(name), "w", encoding="utf-8") as f:
        f.writelines(lines)
    return path(name)


def verify(*files):
    code, out, err = tap.run("verify", *files, "--json")
    return code, json.loads(out) if out else {"error": err}


def body(line):
    m = json.loads(line.split(" ", 1)[1])
    return m.get("data", m)


def change_quantity(lines):
    """Changes the quantity of one best level in a depth update that a ticker confirms; (line, symbol, id)."""
    tickers = {}
    for line in lines:
        d = body(line)
        if "B" in d:
            tickers[d["s"], d["u"]] = d
    for i, line in enumerate(lines):
        d = body(line)
        t = tickers.get((d.get("s"), d.get("u"))) if d.get("e") == "depthUpdate" else None
        if t is None or i < len(lines) // 3:
            continue
        for key, px, qty in (("b", t["b"], t["B"]), ("a", t["a"], t["A"])):
            if [px, qty] in d[key]:
                text = f'["{px}","{qty}"]'
                other = f'["{px}","{float(qty) + 1:.3f}"]'
                lines[i] = line.replace(text, other)
                return i + 1, d["s"], d["u"], lines[i] != line
    return None


def check_changed(lines):
    changed = list(lines)
    at, symbol, update, is_changed = change_quantity(changed)
    code, got = verify(write("changed.ndjson", changed))
    found = [f for f in got["list"] if f["kind"] == "ticker"]
    tap.check("a changed quantity gives exit 1", is_changed and code == 1 and found, got)
    first = min(found, key=lambda f: f["line"])
    tap.check("at its update id and instrument", (first["symbol"], first["id"]) == (symbol, update), [first, at])
    tap.check("in its file, not before its line", first["file"] == path("changed.ndjson") and 0 <= first["line"] - at < 50, [first, at])
    with open(path("changed.ndjson"), "rb") as f:
        text = f.read()
    tap.check("the offset is that line's", text[:first["offset"]].count(b"\n") == first["line"] - 1
              and text[first["offset"] - 1:first["offset"]] == b"\n", first)
    code, _, err = tap.run("verify", path("changed.ndjson"))
    tap.check("and says so in words", code == 1 and f"changed.ndjson:{first['line']}: binance {symbol}: update {update}: ticker" in err, err)


def depth_lines(lines, symbol):
    return [i for i, line in enumerate(lines) if body(line).get("e") == "depthUpdate" and body(line)["s"] == symbol]


def check_gap(lines):
    at = depth_lines(lines, body(lines[-1]).get("s") or "BTCUSDT")
    lost, after = at[len(at) // 2], at[len(at) // 2 + 1]
    kept = lines[:lost] + lines[lost + 1:]
    code, got = verify(write("gap.ndjson", kept))
    gaps = [f for f in got["list"] if f["kind"] == "gap"]
    want = dict(line=after, id=body(lines[after])["U"], symbol=body(lines[after])["s"])
    tap.check("a lost message is one gap", code == 1 and got["gaps"] == 1 == len(gaps), got)
    tap.check("at the message that shows it", gaps and {k: gaps[0][k] for k in want} == want, [gaps, want])
    expected = body(lines[lost])["U"]
    tap.check("with the id that was expected", gaps and f"update {expected} was expected" in gaps[0]["text"], gaps)


def check_order(lines):
    two = [(body(a), body(b), int(a.split()[0]) < int(b.split()[0])) for a, b in zip(lines, lines[1:])]
    one = next(i for i, (a, b, rises) in enumerate(two) if i > 100 and rises and a.get("s") == b.get("s")
               and "depthUpdate" not in (a.get("e"), b.get("e")))
    swapped = lines[:one] + [lines[one + 1], lines[one]] + lines[one + 2:]
    code, got = verify(write("order.ndjson", swapped))
    late = [f["line"] for f in got["list"] if f["kind"] == "time"]
    tap.check("wrong order is found at its line", code == 1 and late == [one + 2] and got["findings"] == 1, [got, one])


def check_bad(lines):
    bad = lines[:100] + ["12 {not json\n"] + lines[100:]
    code, got = verify(write("bad.ndjson", bad))
    tap.check("a line that is no message", code == 1 and [(f["kind"], f["line"]) for f in got["list"]] == [("reject", 101)], got)
    raw = gzip.compress("".join(lines).encode())
    for name, data in (("short.gz", raw[:len(raw) // 2]), ("flip.gz", raw[:-6] + bytes([raw[-6] ^ 1]) + raw[-5:])):
        with open(path(name), "wb") as f:
            f.write(data)
        code, got = verify(path(name))
        tap.check(f"{name}: damaged bytes are a finding", code == 1 and not got["complete"] and got["list"][-1]["kind"] == "damaged", got)


def check_table():
    tap.run("gen", "--levels", 20000, "--instruments", 1, "--out", path("t.ndjson"))
    tap.run_json(path("t.ndjson"), "--out", path("t"))
    folder = os.path.join(path("t"), "deltas")
    part = [os.path.join(d, f) for d, _, files in os.walk(folder) for f in files][0]
    code, got = verify(part)
    tap.check("a deltas table of our own is clean", code == 0 and got["findings"] == 0 and got["levels"] > 20000 - 100, got)
    with open(part, "r+b") as f:
        f.seek(os.path.getsize(part) // 2)
        byte = f.read(1)
        f.seek(-1, 1)
        f.write(bytes([byte[0] ^ 0x40]))
    code, got = verify(part)
    tap.check("a flipped bit in it is found", code == 1 and got["list"][-1]["kind"] == "damaged", got)


def check_other_tables():
    """Books are no events: such a table is decoded whole, and its order and touch are looked at."""
    part = [os.path.join(d, f) for d, _, files in os.walk(os.path.join(path("t"), "books")) for f in files][0]
    code, got = verify(part)
    tap.check("a books table of our own is clean", code == 0 and got["rows"] > 100 and got["findings"] == 0, got)
    size = os.path.getsize(part)
    for at in (size // 4, size // 2, size * 3 // 4, size - 6):
        with open(part, "rb") as f:
            data = bytearray(f.read())
        data[at] ^= 0x10
        with open(path("books.parquet"), "wb") as f:
            f.write(data)
        code, _, err = tap.run("verify", path("books.parquet"))
        tap.check(f"a flipped bit at {at} of {size} is found and named", code == 1 and "books.parquet" in err, f"{code} {err}")


def check_across(lines):
    """Order is that of the file, whatever the instruments."""
    two = [(body(a), body(b), int(a.split()[0]) < int(b.split()[0])) for a, b in zip(lines, lines[1:])]
    one = next(i for i, (a, b, rises) in enumerate(two) if i > 100 and rises and a.get("s") != b.get("s") and a.get("s") and b.get("s"))
    code, got = verify(write("across.ndjson", lines[:one] + [lines[one + 1], lines[one]] + lines[one + 2:]))
    tap.check("wrong order across instruments is found at its line", code == 1
              and [(f["kind"], f["line"]) for f in got["list"]] == [("time", one + 2)], [got, one])


def check_crossed():
    head = "exchange,symbol,timestamp,local_timestamp,is_snapshot,side,price,amount\n"
    rows = ["t,S,1600000000000000,1600000000000100,true,bid,9,1\n", "t,S,1600000000000000,1600000000000100,true,ask,10,1\n",
            "t,S,1600000001000000,1600000001000100,false,bid,10.5,1\n"]
    code, got = verify(write("cross.csv", [head] + rows))
    tap.check("a crossed book is found at its row", code == 1 and [(f["kind"], f["line"]) for f in got["list"]] == [("crossed", 4)], got)


def check_captures():
    data = tap.data_dir()
    if data is None:
        print("# the captures' folder is absent")
        return
    for name, checks in CHECKS.items():
        code, got = verify(os.path.join(data, "binance", name + ".gz"))
        tap.check(f"{name}: clean, {checks} ticker checks", code == 0 and got["findings"] == 0
                  and got["ticker_checks"] == checks == got["ticker_checks_equal"], got)
    code, got = verify(*[os.path.join(data, "binance", f"coinm_btcusd_perp_2024080{day}.gz") for day in (8, 9)])
    tap.check("two days are one stream: the second day's book is checked too", code == 0 and got["findings"] == 0
              and got["never_synced"] == 0 and got["ticker_checks"] == got["ticker_checks_equal"] > 1124, got)


def main():
    capture = path("c.ndjson")
    tap.run("gen", "--levels", 40000, "--instruments", 3, "--out", capture)
    with open(capture, encoding="utf-8") as f:
        lines = f.readlines()
    code, got = verify(capture)
    tap.check("a generated capture is clean", code == 0 and got["findings"] == 0 and got["ticker_checks"] > 100, got)
    tap.check("every message is counted", got["lines"] == len(lines) and len(got["instruments"]) == 3
              and sum(i["messages"] for i in got["instruments"]) == got["messages"], got)
    reports = [re.sub(r'"seconds":[0-9.]+', "", tap.run("verify", capture, "--json", "--lanes", n)[1]) for n in (1, 3)]
    tap.check("one lane and three report the same", reports[0] == reports[1], reports)
    check_changed(lines)
    check_gap(lines)
    check_order(lines)
    check_across(lines)
    check_bad(lines)
    check_crossed()
    check_table()
    check_other_tables()
    check_captures()
    code, _, err = tap.run("verify")
    tap.check("no file is bad use", code == 2 and "verify -h" in err, err)
    code, _, err = tap.run("verify", "--nothing", capture)
    tap.check("an unknown option is bad use", code == 2 and "--nothing" in err, err)
    code, _, err = tap.run("verify", path("absent"))
    tap.check("an absent file is named", code == 4 and "absent" in err, f"{code} {err}")
    tap.finish()


main()
