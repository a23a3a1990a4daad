# SPDX-License-Identifier: Apache-2.0
"""convert: there and back gives the same; nothing is lost without leave; whole files or none."""
import filecmp
import gzip
import json
import os

import tap

CAPTURES = ["coinm_btcusd_perp_20240808", "coinm_btcusd_perp_20240809", "spot_btcusdt_20240808", "spot_ethusdt_20240809",
            "usdm_btcusdt_20240808"]


def path(name):
    return os.path.join(tap.SCRATCH, name)


def convert(*args, env=None):
    code, out, err = tap.run("convert", *args, "--json", env=env)
    return code, json.loads(out) if out else {}, err


def adds_up(r):
    return r["read"] == r["written"] + r["rejected"] + r["filtered"]


def tables(capture, name):
    tap.run_json(capture, "--out", path(name), "--force")
    kinds = "deltas trades tickers books features gaps".split()
    return [tap.digest(path(name) + "/" + k) for k in kinds if os.path.isdir(path(name) + "/" + k)]


def there_and_back(name, capture):
    """capture -> Parquet -> capture -> Parquet: equal tables, equal datasets."""
    first, text, second = path(name + ".parquet"), path(name + ".txt"), path(name + ".2.parquet")
    code, got, err = convert(capture, first, "--force")
    tap.check(f"{name}: to Parquet", code == 0 and adds_up(got) and got["lost"] == [], err)
    code, back, err = convert(first, text, "--to", "capture", "--force")
    tap.check(f"{name}: and back, exact", code == 0 and back["written"] == got["written"] and back["lost"] == [], err)
    code, again, err = convert(text, second, "--force")
    tap.check(f"{name}: the same Parquet again", code == 0 and again["written"] == got["written"] and filecmp.cmp(first, second, False), err)
    want = tables(capture, "want")
    for what in (first, text):
        tap.check(f"{name}: run reads the same from {os.path.basename(what)}", len(want) >= 3 and tables(what, "got") == want)


def check_generated():
    for name, options in {"spot": ["--bad", 5, "--gaps", 2, "--duplicates", 3], "futures": ["--futures"],
                          "nosnap": ["--no-snapshots", "--futures"]}.items():
        tap.run("gen", "--levels", 40000, "--instruments", 4, *options, "--out", path("c-" + name))
        there_and_back(name, path("c-" + name))
    with open(path("spot.parquet.rejects.ndjson"), encoding="utf-8") as f:
        rejects = [json.loads(line) for line in f]
    with open(path("c-spot"), encoding="utf-8") as f:
        lines = f.readlines()
    tap.check("rejects name their lines", len(rejects) == 5 and all(
        lines[r["line"] - 1].rstrip("\n") == r.get("raw", lines[r["line"] - 1].rstrip("\n")) for r in rejects), rejects)


def check_text():
    """Compression and framing by name; each text holds the same events."""
    src = path("c-futures")
    for name in ("o.ndjson", "o.ndjson.gz", "o.jsonl.zst"):
        code, got, err = convert(src, path(name))
        tap.check(f"{name}: written exactly", code == 0 and got["to"] == "capture-json" and got["lost"] == [], err)
    with open(path("o.ndjson"), "rb") as f, gzip.open(path("o.ndjson.gz")) as g:
        plain = f.read()
        tap.check("gzip holds the same bytes", g.read() == plain)
    rows = [json.loads(line) for line in plain.splitlines()]
    tap.check("every line is JSON with its receive time", all(r["capture_ns"] > 0 and r["data"] for r in rows))
    a, b = path("j.parquet"), path("k.parquet")
    convert(path("o.ndjson.gz"), a)
    convert(path("o.jsonl.zst"), b)
    tap.check("gzip and zstd read back equal", filecmp.cmp(a, b, False))


def check_csv():
    tap.run("gen", "--format", "tardis", "--levels", 30000, "--instruments", 3, "--out", path("t.csv"))
    code, got, err = convert(path("t.csv"), path("t.parquet"))
    tap.check("tardis to Parquet", code == 0 and got["from"] == "tardis" and adds_up(got), err)
    code, got, err = convert(path("t.parquet"), path("t2.csv.gz"))
    tap.check("and back, exact", code == 0 and got["to"] == "tardis" and got["lost"] == [], err)
    code, _, err = convert(path("t2.csv.gz"), path("t2.parquet"))
    tap.check("the same Parquet again", code == 0 and filecmp.cmp(path("t.parquet"), path("t2.parquet"), False), err)
    head = "exchange,symbol,timestamp,local_timestamp,id,side,price,amount\n"
    row = "bitmex,XBTUSD,1583020803145000,1583020803307160,{},{},8531.5,{}\n"
    with open(path("tr.csv"), "w", encoding="utf-8") as f:
        f.write(head + row.format("37f5-a1", "buy", 2152) + row.format(17, "sell", "0.5") + row.format("", "unknown", 1))
    convert(path("tr.csv"), path("tr.parquet"))
    code, got, err = convert(path("tr.parquet"), path("tr2.csv"))
    tap.check("trades: the same bytes", code == 0 and got["to"] == "tardis-trades" and filecmp.cmp(path("tr.csv"), path("tr2.csv"), False), err)


def check_losses():
    src = path("c-spot")
    code, got, err = convert(src, path("l.csv"))
    tap.check("CSV cannot hold a capture: refused", code == 2 and got == {} and "--lossy" in err and "sequence numbers" in err, err)
    tap.check("and nothing is written", not [f for f in os.listdir(tap.SCRATCH) if f.startswith(("l.csv", ".l.csv"))])
    code, got, err = convert(src, path("l.csv"), "--lossy")
    tap.check("--lossy converts what it can and says what is lost", code == 0 and adds_up(got) and got["filtered"] > 0 and got["lost"]
              and "sequence numbers" in err, got)
    code, got, _ = convert(src, path("l.parquet"), "--to", "deltas")
    tap.check("a table holds one instrument: refused", code == 2)
    tap.run("gen", "--levels", 9000, "--instruments", 1, "--no-tickers", "--no-trades", "--no-snapshots", "--out", path("one"))
    folder = path("venue=binance/symbol=BTCUSDT")
    os.makedirs(folder)
    code, got, err = convert(path("one"), folder + "/d.parquet", "--to", "deltas")
    tap.check("a table of one instrument, named in the path", code == 0 and got["lost"] == [] and got["written"] == got["read"], err)
    r = tap.run_json(folder + "/d.parquet", "--out", path("d-run"))
    tap.check("run reads it", r.get("messages") == got.get("written") and os.path.isdir(path("d-run/deltas/venue=binance/symbol=BTCUSDT")), r)
    for kind in ("trades", "tickers"):
        code, got, err = convert(path("c-spot"), path(kind + ".parquet"), "--to", kind, "--lossy")
        tap.check(f"the {kind} of the first instrument alone", code == 0 and adds_up(got) and 0 < got["written"] < got["read"], err)


def check_refusals():
    src, out = path("c-spot"), path("o.ndjson")
    before = tap.digest(tap.SCRATCH)
    code, _, err = convert(src, out)
    tap.check("an existing output is not touched", code == 2 and "--force" in err, err)
    code, _, err = convert(src, path("x.parquet"), env={"HEADRACE_FAULT": "call=write,nth=2,errno=ENOSPC"})
    tap.check("no space: exit 4", code == 4, f"{code} {err}")
    code, _, err = convert(src, path("x.parquet"), env={"HEADRACE_FAULT": "call=sync,nth=1,errno=EIO"})
    tap.check("a failed sync: exit 4", code == 4, f"{code} {err}")
    code, _, err = convert(src, path("x.parquet"), env={"HEADRACE_FAULT": "call=rename,nth=1,errno=EIO"})
    tap.check("a failed rename: exit 4", code == 4, f"{code} {err}")
    raw = gzip.compress(open(src, "rb").read())
    damaged = path("damaged.gz")
    with open(damaged, "wb") as f:
        f.write(raw[:-9] + b"\0" + raw[-8:])
    code, _, err = convert(damaged, path("x.parquet"))
    tap.check("a damaged input: exit 3", code == 3, f"{code} {err}")
    os.unlink(damaged)
    for args in ([src], [], [src, path("x.parquet"), "y"], [src, path("x.foo")], [src, path("x.parquet.gz")], [src, path("x"), "--to", "xml"],
                 [src, path("x.parquet"), "--price-decimals", 19], [src, path("x.parquet"), "--format", "nothing"]):
        code, _, err = convert(*args)
        tap.check(f"bad use: {' '.join(os.path.basename(str(a)) for a in args)}", code == 2 and err, err)
    code, _, err = convert(path("absent"), path("x.parquet"))
    tap.check("an absent input is named", code == 4 and "absent" in err, err)
    tap.check("none of these left or changed a file", tap.digest(tap.SCRATCH) == before, sorted(os.listdir(tap.SCRATCH)))
    code, got, err = convert(src, path("short.parquet"), env={"HEADRACE_FAULT": "call=write,short=61,eintr=3"})
    tap.check("short and interrupted writes change nothing", code == 0 and filecmp.cmp(path("short.parquet"), path("spot.parquet"), False), err)


def check_faults():
    """Every call that can fail does, in turn: a whole file or none, and no leftovers."""
    tap.run("gen", "--levels", 3000, "--instruments", 2, "--bad", 2, "--out", path("f.ndjson"))
    convert(path("f.ndjson"), path("f.parquet"))
    with open(path("f.parquet"), "rb") as f:
        want = f.read()
    folder = path("faults")
    os.makedirs(folder)
    out = os.path.join(folder, "o.parquet")
    failed = done = 0
    bad = []
    for call in ("open", "read", "pread", "write", "sync", "rename", "stat", "fstat", "close", "map", "thread_start", "aio_open"):
        for nth in range(1, 9):
            code, _, err = convert(path("f.ndjson"), out, env={"HEADRACE_FAULT": f"call={call},nth={nth},errno=EIO"})
            left = sorted(os.listdir(folder))
            # What fails after the rename (the folder's sync) leaves the whole file.
            whole = os.path.exists(out) and open(out, "rb").read() == want
            ok = left == ["o.parquet", "o.parquet.rejects.ndjson"] and whole if code == 0 or left else code in (3, 4, 5)
            failed, done = failed + (code != 0), done + (code == 0)
            if not ok:
                bad.append((call, nth, code, left, err))
            for name in left:
                os.unlink(os.path.join(folder, name))
    tap.check(f"{failed} failures and {done} that did not matter: whole files or none", not bad and failed > 15, bad)
    code, got, err = tap.run("verify", path("f.ndjson"), "--json", env={"HEADRACE_FAULT": "call=pread,nth=3,errno=EIO"})
    tap.check("a read error is no finding of verify", code in (0, 4), f"{code} {err}")


FAULTS = [("write", n, "ENOSPC") for n in (1, 2, 3)] + [("sync", n, "EIO") for n in (1, 2)] + [("rename", n, "EIO") for n in (1, 2)] + \
    [("open", n, "EIO") for n in (1, 2, 3, 4)]


def fault_target(src, name, *more):
    """Each fault in turn: the whole file and exit 0, or none and exit 4 with a message; nothing beside it."""
    folder = path("fault-" + name)
    os.makedirs(folder)
    out = os.path.join(folder, name)
    code, _, err = convert(src, out, *more, "--lossy")
    want = {n: read(os.path.join(folder, n)) for n in os.listdir(folder)}
    tap.check(f"{name}: written", code == 0 and want.get(name), err)
    bad, calls = [], set()
    for call, nth, errno in FAULTS:
        for n in os.listdir(folder):
            os.unlink(os.path.join(folder, n))
        code, _, err = convert(src, out, *more, "--lossy", env={"HEADRACE_FAULT": f"call={call},nth={nth},errno={errno}"})
        left = {n: read(os.path.join(folder, n)) for n in os.listdir(folder)}
        said = [line for line in err.splitlines() if line.startswith("headrace: ") and len(line) > 20]
        # What fails after the rename (the folder's sync) leaves the whole file.
        named = code == 4 and said and left in ({}, want)
        if not (left == want if code == 0 else named):
            bad.append((call, nth, code, sorted(left), err))
        calls.update([call] if code else [])
    tap.check(f"{name}: whole or not at all, and named", not bad and calls == {"write", "sync", "rename", "open"}, [bad, calls])


def read(file):
    with open(file, "rb") as f:
        return f.read()


def check_fault_targets():
    tap.run("gen", "--levels", 3000, "--instruments", 1, "--out", path("g.ndjson"))
    tap.run("gen", "--format", "itch", "--orders", 3000, "--instruments", 1, "--out", path("g_2024-05-07.itch"))
    convert(path("g.ndjson"), path("g.parquet"))
    for to, name in (("tardis-snapshot-5", "t.csv"), ("binance-bookticker", "b.csv"), ("lake-deltas", "l.parquet"), ("cryptofeed", "BINANCE.ws.1.0")):
        fault_target(path("g.parquet"), name, "--to", to)
    fault_target(path("g_2024-05-07.itch"), "log.txt", "--to", "bitstamp-orders")
    fault_target(path("g_2024-05-07.itch"), "e.dbn", "--to", "dbn")
    convert(path("g_2024-05-07.itch"), path("g.dbn"), "--lossy")
    code, got, err = convert(path("g.dbn"), path("g.records.parquet"))
    tap.check("records of those events", code == 0 and got["to"] == "records", err or got)
    fault_target(path("g.records.parquet"), "r.dbn", "--to", "dbn")


def check_named():
    tap.run("gen", "--levels", 2000, "--instruments", 1, "--no-snapshots", "--no-tickers", "--out", path("n.ndjson"))
    convert(path("n.ndjson"), path("n.parquet"), "--to", "trades", "--lossy")
    code, _, err = convert(path("n.parquet"), path("n2.ndjson"))
    tap.check("a table without a venue cannot become a capture", code == 2 and "venues" in err, err)
    code, got, err = convert(path("n.parquet"), path("n2.ndjson"), "--venue", "binance", "--symbol", "BTCUSDT")
    tap.check("unless the command line names it", code == 0 and got["written"] == got["read"] > 0, err)


def check_real():
    data = tap.data_dir()
    if data is None:
        print("# the captures' folder is absent")
        return
    for name in CAPTURES:
        there_and_back(name, os.path.join(data, "binance", name + ".gz"))
    for name in sorted(os.listdir(os.path.join(data, "tardis"))):
        src = os.path.join(data, "tardis", name)
        code, got, err = convert(src, path(name + ".parquet"))
        code2, back, err2 = convert(path(name + ".parquet"), path(name))
        code3, _, err3 = convert(path(name), path(name + ".2.parquet"))
        exact = "snapshot_5" in name or filecmp.cmp(path(name + ".parquet"), path(name + ".2.parquet"), False)
        tap.check(f"{name}: there and back", (code, code2, code3) == (0, 0, 0) and exact, [got, back, err, err2, err3])


def main():
    check_generated()
    check_text()
    check_csv()
    check_losses()
    check_refusals()
    check_faults()
    check_fault_targets()
    check_named()
    check_real()
    tap.finish()


main()
