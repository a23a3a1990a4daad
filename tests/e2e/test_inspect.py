# SPDX-License-Identifier: Apache-2.0
"""inspect: format and why, schema, rows, span of time, instruments, gaps and first rows, for every format."""
import glob
import gzip
import json
import os

import tap


def path(name):
    return os.path.join(tap.SCRATCH, name)


def inspect(name, *args):
    code, out, err = tap.run("inspect", name, "--json", *args)
    try:
        return code, json.loads(out) if out else {"error": err}
    except ValueError as e:
        return code, {"not_json": str(e), "text": out}


def truth(*args):
    tap.run("gen", *args, "--truth", path("truth"))
    with open(path("truth"), encoding="utf-8") as f:
        return json.load(f)


def check_captures():
    want = truth("--levels", 20000, "--instruments", 3, "--gaps", 2, "--out", path("c.ndjson"))
    tap.run("convert", path("c.ndjson"), path("c2.ndjson.gz"))
    tap.run("convert", path("c.ndjson"), path("c3.jsonl.zst"), "--to", "capture")
    tap.run("convert", path("c.ndjson"), path("c4.parquet"))
    for name, form, container in (("c.ndjson", "capture", "plain"), ("c2.ndjson.gz", "capture-json", "gzip"),
                                  ("c3.jsonl.zst", "capture", "zstd"), ("c4.parquet", "parquet", "plain")):
        code, got = inspect(path(name), "--rows", 3)
        tap.check(f"{name}: {form}, {container}, and why", code == 0 and (got["format"], got["container"]) == (form, container) and got["why"], got)
        keys = ("messages", "levels", "trades", "tickers", "snapshots")
        tap.check(f"{name}: counts are the truth", [got[k] for k in keys] == [want[k] for k in keys] and got["gaps"] == 2, [got, want])
        tap.check(f"{name}: three instruments, two gaps between them", len(got["instruments"]) == 3 and got["complete"]
                  and sum(i["gaps"] for i in got["instruments"]) == 2, got)
        tap.check(f"{name}: span of time", 0 < got["first_ns"] < got["last_ns"] == max(i["last_ns"] for i in got["instruments"]), got)
        tap.check(f"{name}: first rows", len(got["head"]) == 3, got)
    tap.check("an events table says what it is read as", got["read_as"] == "capture" and "events" in got["why_read"]
              and [c["name"] for c in got["columns"]][:3] == ["ts_event", "ts_recv", "kind"], got)
    with open(path("c.ndjson"), encoding="utf-8") as f:
        code, got = inspect(path("c.ndjson"), "--rows", 1)
        line = f.readline().rstrip("\n")
        tap.check("the first line is shown", got["head"][0].rstrip(".")[:150] == line[:150], got["head"])
    code, got = inspect(path("c.ndjson"), "--head")
    tap.check("--head reads no further", code == 0 and "messages" not in got and len(got["head"]) == 10, got)


def check_where():
    """Rows of our own tables by their values, against all rows and Python."""
    tap.run("gen", "--levels", 300, "--instruments", 1, "--no-trades", "--no-snapshots", "--out", path("w.ndjson"))
    tap.run("run", path("w.ndjson"), "--out", path("w"))
    file = sorted(glob.glob(path("w/deltas/**/*.parquet"), recursive=True))[0]
    _, all_rows = inspect(file, "--rows", 1000)
    names, rows = [c["name"] for c in all_rows["columns"]], all_rows["head"]
    tap.check("all rows fit", 100 < len(rows) < 1000 and len(rows) == sum(1 for r in rows if r[names.index("px")]), len(rows))

    def column(name):
        return [r[names.index(name)] for r in rows]
    mid = sorted(column("px"), key=float)[len(rows) // 2]
    seq, late = column("seq")[len(rows) // 2], column("ts_recv")[len(rows) // 2]
    for condition, meets in ((f"px={mid}", lambda r: r("px") == mid), (f"px={mid}..", lambda r: float(r("px")) >= float(mid)),
                             (f"px=..{mid}", lambda r: float(r("px")) <= float(mid)), ("side=bid", lambda r: r("side") == "bid"),
                             ("side=b..bz", lambda r: r("side") == "bid"), (f"seq={seq}", lambda r: r("seq") == seq),
                             (f"ts_recv={late}", lambda r: r("ts_recv") == late), (f"ts_recv={late}..", lambda r: r("ts_recv") >= late),
                             ("ts_recv=2001-01-01..2001-01-02", lambda r: False), ("seq=9..8", lambda r: False)):
        code, got = inspect(file, "--where", condition, "--rows", 1000)
        want = [r for r in rows if meets(lambda name, r=r: r[names.index(name)])]
        tap.check(f"where {condition}: {len(want)} rows", code == 0 and got["head"] == want and got["where"]["matches"] == len(want), got.get("where"))
    code, got = inspect(file, "--where", "ts_recv=2001-01-01..2001-01-02")
    tap.check("bounds leave out all", got["where"]["out_by_bounds"] == got["where"]["row_groups"] > 0 == got["where"]["rows_read"], got)
    code, out, _ = tap.run("inspect", file, "--where", f"px={mid}", "--rows", 1)
    tap.check("in words", code == 0 and f"px={mid}: " in out and " bytes read" in out and out.count("\n") == 6, out)
    for condition, word in (("px", "is not COLUMN=VALUE"), ("=1", "is not COLUMN=VALUE"), ("pxx=1", "did you mean 'px'"), ("px=a", "a number"),
                            ("px=", "a value"), ("ts_recv=noon", "a time such as"), ("seq=1.5", "a whole number")):
        code, _, err = tap.run("inspect", file, "--where", condition)
        tap.check(f"where {condition}: usage, and what is meant", code == 2 and word in err and err.count("\n") == 1, err)
    code, _, err = tap.run("inspect", path("w.ndjson"), "--where", "px=1")
    tap.check("where of a text: usage", code == 2 and "is no table" in err, err)


def check_csv():
    want = truth("--format", "tardis", "--levels", 5000, "--instruments", 2, "--out", path("t.csv"))
    code, got = inspect(path("t.csv"))
    tap.check("tardis: format, columns, counts", code == 0 and got["format"] == "tardis" and got["levels"] == want["levels"]
              and [c["name"] for c in got["columns"]][-2:] == ["price", "amount"], got)


def check_tables():
    out = path("d")
    got_run = tap.run_json(path("c.ndjson"), "--out", out)
    for kind in "deltas trades tickers books features gaps".split():
        part = sorted(glob.glob(f"{out}/{kind}/**/*.parquet", recursive=True))[0]
        symbol = part.split("symbol=")[1].split("/")[0]
        code, got = inspect(part, "--rows", 2)
        names = [c["name"] for c in got.get("columns", [])]
        tap.check(f"{kind}: schema", code == 0 and got["format"] == "parquet" and "ts_recv" in names, got)
        tap.check(f"{kind}: rows, span of time, instrument", got["rows"] > 0 and got["first_ns"] <= got["last_ns"]
                  and got["instruments"][0]["symbol"] == symbol, got)
        tap.check(f"{kind}: first rows, a value a column", 0 < len(got["head"]) <= 2 and all(len(r) == len(names) for r in got["head"]), got)
        tap.check(f"{kind}: rows after a gap", "gap_rows" in got and (kind == "gaps") == (got["gap_rows"] is None), got)
    tap.check("the dataset had two gaps", got_run["gaps"] == 2, got_run)
    types = {c["name"]: c["type"] for c in inspect(sorted(glob.glob(out + "/books/**/*.parquet", recursive=True))[0])[1]["columns"]}
    tap.check("types", types["ts_recv"] == "timestamp(ns, UTC)" and types["bid_px_0"] == "decimal(18,9)", types)


def check_bad():
    with open(path("c.ndjson"), "rb") as f:
        raw = gzip.compress(f.read())
    with open(path("cut.gz"), "wb") as f:
        f.write(raw[:len(raw) * 3 // 4])
    code, got = inspect(path("cut.gz"))
    tap.check("a cut file: what there is, and exit 3", code == 3 and got["complete"] is False, got)
    with open(path("bytes.ndjson"), "wb") as f:
        f.write(b'1723161600000000000 {"e":"trade","E":1,"s":"A\xff"}\n{"quote\\": \x01\n')
    code, got = inspect(path("bytes.ndjson"), "--format", "capture", "--head")
    tap.check("bytes that are no text are still JSON", "not_json" not in got, got)
    for name, what in ((tap.SCRATCH, "folder"), (path("absent"), "absent")):
        code, _, err = tap.run("inspect", name)
        tap.check(f"{what} is refused by name", code in (3, 4) and what in err, f"{code} {err}")
    with open(path("noise"), "wb") as f:
        f.write(b"nothing that is known\n" * 50)
    code, _, err = tap.run("inspect", path("noise"))
    tap.check("an unknown format: exit 3, and what it begins with", code == 3 and "nothing that" in err, f"{code} {err}")
    code, out, err = tap.run("inspect", path("c.ndjson"), "--rows", 1)
    tap.check("the same in words", code == 0 and "3 instruments" in out and "time: 20" in out and "2 gaps" in out, out + err)


def check_real():
    data = tap.data_dir()
    if data is None:
        print("# the captures' folder is absent")
        return
    files = [f for d in ("binance", "tardis", "tables") for f in sorted(glob.glob(f"{data}/{d}/*"))]
    for f in files:
        code, got = inspect(f, "--rows", 2)
        ok = code == 0 and got["rows"] > 0 and got["complete"] if code == 0 else code == 3 and "error" in got
        tap.check(f"{os.path.basename(f)}: shown or refused", ok, got)


def main():
    check_captures()
    check_where()
    check_csv()
    check_tables()
    check_bad()
    check_real()
    tap.finish()


main()
