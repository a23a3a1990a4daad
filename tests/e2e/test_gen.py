# SPDX-License-Identifier: Apache-2.0
"""The generator against itself, a plain Python reader and the engine: its truth file must name every fault, count and
final book that the reader finds in what it wrote, and `headrace run` must find the same."""
import glob
import hashlib
import json
import os
import statistics

import capture
import parquet
import tap

FAULTS = ["--gaps", 5, "--duplicates", 6, "--disorder", 4]
COUNTS = "lines messages levels trades tickers snapshots snapshot_levels".split()
DEPTH = 10


def path_of(name):
    return os.path.join(tap.SCRATCH, name)


def gen(name, *options, suffix=".ndjson"):
    """Generates; (path, truth)."""
    path, truth = path_of(name + suffix), path_of(name + ".truth")
    code, _, err = tap.run("gen", "--out", path, "--truth", truth, *options)
    tap.check(f"{name}: gen", code == 0, err)
    with open(truth, encoding="utf-8") as f:
        return path, json.load(f)


def sum_of(path):
    h = hashlib.sha256()
    for file in [path] if os.path.isfile(path) else sorted(glob.glob(path + "/**/*.parquet", recursive=True)):
        with open(file, "rb") as f:
            h.update(f.read())
    return h.hexdigest()


def truth_top(t, symbol):
    i = t["instruments"][symbol]
    return [[(capture.units(px, 2), capture.units(qty, 3)) for px, qty in i[key]] for key in ("bids", "asks")]


def check_tops(name, t, tops):
    want = {s: truth_top(t, s) for s, i in t["instruments"].items() if i["whole"]}
    wrong = [s for s in want if [list(x) for x in tops.get(s, [])] != want[s]]
    tap.check(f"{name}: best {DEPTH} of {len(want)} final books", want and not wrong and set(want) == set(tops), wrong)


def rows_of(out, kind, columns=None):
    """{symbol: table}, parts joined."""
    tables = {}
    for path in sorted(glob.glob(f"{out}/{kind}/**/*.parquet", recursive=True), key=lambda p: (len(p), p)):
        symbol = path.split("symbol=")[1].split("/")[0]
        part = parquet.read(path, columns)
        whole = tables.setdefault(symbol, {})
        for key, values in part.items():
            whole.setdefault(key, []).extend(values)
    return tables


def final_rows(out):
    """The last book row of each instrument, in the generator's units."""
    tops = {}
    columns = [f"{s}_{x}_{i}" for s in ("bid", "ask") for x in ("px", "qty") for i in range(DEPTH)]
    for symbol, t in rows_of(out, "books", columns).items():
        side = []
        for s in ("bid", "ask"):
            px = [t[f"{s}_px_{i}"][-1] for i in range(DEPTH)]
            qty = [t[f"{s}_qty_{i}"][-1] for i in range(DEPTH)]
            side.append([(p // 10**7, q // 10**5) for p, q in zip(px, qty) if p is not None])
        tops[symbol.replace("-PERP", "").replace("-", "")] = side
    return tops


def check_run(name, t, inputs, keys=COUNTS, has_books=True):
    """`headrace run` against the truth; its output folder."""
    out = path_of(name + ".out")
    got = tap.run_json(*inputs, "--out", out, "--force")
    tap.check(f"{name}: run", "lines" in got, got)
    if "lines" not in got:
        return out
    wrong = {k: (t[k], got[k]) for k in keys if t[k] != got[k]}
    got["rejected"] = sum(got["rejected"].values())
    wrong.update({k: (v, got[k]) for k, v in t["expect"].items() if v != got[k]})
    tap.check(f"{name}: run's counts are the truth's", not wrong, wrong)
    tap.check(f"{name}: run's ticker checks are equal", got["ticker_checks"] == got["ticker_checks_equal"], got)
    if has_books:
        check_tops(f"{name}: run", t, final_rows(out))
    return out


# ---- Binance ----

def check_binance(name, *options, kind="capture", suffix=".ndjson"):
    futures = "--futures" in options
    path, t = gen(name, "--format", kind, *options, suffix=suffix)
    r = capture.Binance(futures)
    r.read(capture.read_bytes(path), kind)
    wrong = {k: (t[k], r.counts[k]) for k in [*COUNTS, "bad"] if t[k] != r.counts[k]}
    tap.check(f"{name}: counts", not wrong, wrong)
    tap.check(f"{name}: nothing contradicts the venue's rules", not r.errors, "\n".join(r.errors))
    made = sorted((f["symbol"], f["last"]) for f in t["gap_list"] + t["disorder_list"])
    tap.check(f"{name}: {len(made)} gaps, each where it was made", sorted(g[0:3:2] for g in r.gaps) == made, r.gaps)
    first = {(f["symbol"], f["last"]): f["first"] for f in t["gap_list"] + t["disorder_list"]}
    tap.check(f"{name}: their first ids", all(
        last < first[s, miss] and (futures or last + 1 == first[s, miss]) for s, last, miss, _ in r.gaps), first)
    for key, found in (("duplicate_list", r.duplicates), ("disorder_list", r.stale)):
        listed = sorted((f["symbol"], f["first"], f["last"], f["line"]) for f in t[key])
        tap.check(f"{name}: {key} of {len(listed)}", sorted(found) == listed, found)
    tap.check(f"{name}: {t['ticker_checks'] if 'ticker_checks' in t else r.checks} ticker checks",
              r.checks == t["expect"]["ticker_checks"] > 500, r.checks)
    tap.check(f"{name}: trades take the touch", r.trade_checks > 300, r.trade_checks)
    tap.check(f"{name}: {t['snapshots_inside']} of {t['snapshots']} snapshots lie inside an event",
              r.snapshots_inside <= t["snapshots_inside"] >= t["snapshots"] // 2, r.snapshots_inside)
    check_tops(name, t, {s: i.book.top(DEPTH) for s, i in r.inst.items()})
    out = check_run(name, t, [path])
    rows = []
    for symbol, g in rows_of(out, "gaps").items():
        rows += [(symbol, a, b) for a, b, cause in zip(g["seq_last_good"], g["seq_next"], g["cause"])
                 if cause == "seq_hole"]
    tap.check(f"{name}: run's gap rows", sorted(rows) == sorted((s, last, at) for s, last, _, at in r.gaps), rows)
    return r, t


# ---- Tardis ----

def check_tardis(name, *options, suffix=".csv"):
    path, t = gen(name, "--format", "tardis", *options, suffix=suffix)
    books, counts = capture.read_tardis(capture.read_bytes(path))
    wrong = {k: (t[k], counts[k]) for k in counts if t[k] != counts[k]}
    tap.check(f"{name}: counts", not wrong, wrong)
    check_tops(name, t, {s: b.top(DEPTH) for s, b in books.items()})
    check_run(name, t, [path])
    trades, tt = gen(name + "-trades", "--format", "tardis-trades", *options[:options.index("--gaps")], suffix=".csv.gz")
    rows = capture.read_bytes(trades).decode().splitlines()[1:]
    tap.check(f"{name}: trades", len(rows) == tt["trades"] > 300, tt)
    check_run(name + "-trades", tt, [trades], has_books=False)
    return [row.split(",") for row in rows]


# ---- Crypto Lake ----

def check_lake(name, *options, kind="lake"):
    path, t = gen(name, "--format", kind, *options, suffix="")
    event, recv = ("timestamp", "receipt_timestamp") if kind == "lake-raw" else ("origin_time", "received_time")
    size, ident = ("amount", "id") if kind == "lake-raw" else ("quantity", "trade_id")
    tops, counts, files = {}, {"snapshots": 0, "stale": 0, "levels": 0, "trades": 0}, []
    for file in sorted(glob.glob(path + "/book_delta_v2/**/*.parquet", recursive=True)):
        symbol = file.split("symbol=")[1].split("/")[0].replace("-PERP", "").replace("-", "")
        table = parquet.read(file)
        book, n_snapshots, n_stale = capture.read_lake(table, [event, recv, "sequence_number", "side_is_bid", "price", "size"])
        tops[symbol] = book.top(DEPTH)
        counts["snapshots"] += n_snapshots
        counts["stale"] += n_stale
        counts["levels"] += sum(x != 0 for x in table[event])
        files.append(file)
        trades = parquet.read(file.replace("book_delta_v2", "trades"))
        ids = trades[ident]
        counts["trades"] += len(ids)
        tap.check(f"{name}: {symbol} trades", ids == list(range(1, len(ids) + 1)) and set(trades["side"]) <= {"buy", "sell"}
                  and all(x > 0 for x in trades[size]))
        files.append(file.replace("book_delta_v2", "trades"))
        rows = parquet.read(file.replace("book_delta_v2", "book"))
        last = [[(round(rows[f"{s}_{i}_price"][-1] * 100), round(rows[f"{s}_{i}_size"][-1] * 1000)) for i in range(DEPTH)]
                for s in ("bid", "ask")]
        tap.check(f"{name}: {symbol} book row", last == truth_top(t, symbol), last)
        order = list(rows)
        tap.check(f"{name}: {symbol} columns", list(table) == [event, recv, "sequence_number", "side_is_bid", "price", "size"]
                  and order[:5] == [event, recv, "sequence_number", "bid_0_price", "bid_0_size"] and len(order) == 83
                  and order[43] == "ask_0_price", order)
    want = {"snapshots": t["snapshots"], "stale": t["disorder"], "levels": t["levels"], "trades": t["trades"]}
    tap.check(f"{name}: counts", counts == want, (counts, want))
    check_tops(name, t, tops)
    files = files[::2] + files[1::2] if kind == "lake" else files[::-1]  # whichever begins, the books are the same
    check_run(name, t, files, keys=["levels", "trades", "snapshots", "snapshot_levels"])
    return t


# ---- what the generator promises ----

def check_determinism():
    small = ["--levels", 30000, "--instruments", 3, *FAULTS, "--bad", 0]
    for kind, suffix in tap.share((("capture", ".ndjson"), ("capture", ".zst"), ("capture", ".gz"), ("tardis", ".csv"), ("lake", "")), 2):
        sums = {sum_of(gen(f"same-{kind}{suffix}-{k}", "--format", kind, *small, suffix=suffix)[0]) for k in (1, 2)}
        tap.check(f"{kind}{suffix}: the same seed gives the same bytes", len(sums) == 1)
    path, t = gen("short", "--levels", 20000, "--instruments", 3)
    longer, _ = gen("longer", "--levels", 40000, "--instruments", 3)
    with open(path, "rb") as f, open(longer, "rb") as g:
        a, b = f.read().splitlines(), g.read().splitlines()
    n = t["lines"] - t["drain_lines"]
    tap.check(f"a longer run begins with the shorter: {n} lines", a[:n] == b[:n] and n > 1000 and len(b) > len(a))
    other, _ = gen("other", "--levels", 20000, "--instruments", 3, "--seed", 2)
    tap.check("another seed gives another venue", sum_of(other) != sum_of(path))
    plain = {kind: gen(f"venue-{kind}", "--format", kind, "--levels", 20000, "--instruments", 3)[1]["instruments"]
             for kind in ("capture", "ndjson", "tardis", "lake")}
    tap.check("one venue in every format", all(
        plain[k][s][x] == plain["capture"][s][x] for k in plain for s in plain[k] for x in ("bids", "asks", "last_id")))


def check_without():
    """Less is sent: the counts that are left still hold."""
    for k, (kind, *options) in enumerate((("capture", "--no-snapshots"), ("capture", "--no-tickers"), ("capture", "--no-trades"),
                                          ("ndjson", "--no-snapshots", "--futures"), ("tardis", "--no-snapshots"))):
        name = f"without-{k}"
        path, t = gen(name, "--format", kind, *options, "--levels", 20000, "--instruments", 3, *FAULTS)
        wanted = not any(t[x[5:]] for x in options if x.startswith("--no-")) and t["levels"] >= 20000
        tap.check(f"{name}: {kind} {options}", wanted, t)
        check_run(name, t, [path], has_books=False)


def autocorrelation(x):
    mean = statistics.fmean(x)
    var = sum((v - mean) ** 2 for v in x)
    return sum((a - mean) * (b - mean) for a, b in zip(x, x[1:])) / var


def check_realism(r, path):
    """Wide bounds: they tell a venue from a metronome, not one venue from another."""
    sizes = sorted(r.sizes, reverse=True)
    top = sum(sizes[:len(sizes) // 100]) / sum(sizes)
    tap.check(f"sizes have a heavy tail: the largest 1 % hold {top:.0%}, the largest is {sizes[0] / statistics.median(sizes):.0f} medians",
              top > 0.05 and sizes[0] > 50 * statistics.median(sizes))
    with open(path, encoding="utf-8") as f:
        times = [int(line.split(" ", 1)[0]) for line in f if "depthUpdate" in line]
    gaps = [b - a for a, b in zip(times, times[1:])]
    mean = statistics.fmean(gaps)
    spread = statistics.stdev(gaps) / mean
    window = 50 * mean
    counts = [0] * (int((times[-1] - times[0]) / window) + 1)
    for at in times:
        counts[int((at - times[0]) / window)] += 1
    fano = statistics.variance(counts[:-1]) / statistics.fmean(counts[:-1])
    tap.check(f"arrivals cluster: deviation {spread:.2f} of the mean gap, variance of counts {fano:.1f} of their mean",
              spread > 1.15 and 2 < fano < 200)
    tap.check(f"the mean rate is the asked one: a message in {mean / 1000:.0f} us", 25000 < mean < 100000)
    signs = [m for s, m in r.takers if s == "BTCUSDT"]
    tap.check(f"order flow persists: autocorrelation {autocorrelation(signs):.2f}", autocorrelation(signs) > 0.3)
    tap.check(f"the spread is small: median {statistics.median(r.spreads)}, largest {max(r.spreads)} ticks",
              statistics.median(r.spreads) <= 12 and max(r.spreads) < 400)


def check_faults():
    def failed(what, fault, path, codes, *options):
        code, _, err = tap.run("gen", "--levels", 300000, *options, "--out", path, env={"HEADRACE_FAULT": fault} if fault else None)
        left = [f for f in glob.glob(path_of("fault*") + "/**/*", recursive=True) + glob.glob(path_of(".fault*"))
                if os.path.isfile(f)]
        tap.check(what, code in codes and err.startswith("headrace: ") and not os.path.isfile(path) and not left,
                  f"exit {code}: {err} {left}")

    for suffix in (".ndjson", ".gz", ".zst"):
        failed(f"{suffix}: disk full", "call=write,nth=2,errno=ENOSPC,forever=1", path_of("fault1" + suffix), (4, 5))
    failed("sync fails", "call=sync,nth=1,errno=EIO", path_of("fault2.ndjson"), (4,))
    failed("rename fails", "call=rename,nth=1,errno=EROFS", path_of("fault3.ndjson"), (4,))
    failed("no such folder", None, path_of("none/fault4.ndjson"), (3, 4))
    failed("tables: disk full", "call=write,nth=9,errno=ENOSPC,forever=1", path_of("fault5"), (4, 5), "--format", "lake")
    failed("tables: close fails", "call=close,nth=9,errno=EIO", path_of("fault6"), (4,), "--format", "lake")
    tap.check("tables: no folder is left behind", not os.path.exists(path_of("fault5")))
    if os.path.exists("/dev/full"):
        code, _, err = tap.run("gen", "--levels", 300000, "--out", "/dev/full")
        tap.check("a full device", code in (4, 5) and "No space" in err and not os.path.isfile("/dev/full"), err)
    wrong, hit = [], 0
    whole = sum_of(gen("calls", "--levels", 20000, suffix=".zst")[0])
    for call in ("open", "write", "sync", "close", "rename", "stat"):
        for nth in range(1, 5):
            path, truth = path_of(f"fault-{call}-{nth}.zst"), path_of(f"fault-{call}-{nth}.truth")
            code, _, err = tap.run("gen", "--levels", 20000, "--out", path, "--truth", truth,
                                   env={"HEADRACE_FAULT": f"call={call},nth={nth},errno=EIO"})
            hit += code != 0
            sound = sum_of(path) == whole if code == 0 else code == 4 and err.startswith("headrace: ") and not os.path.exists(path)
            if not sound or glob.glob(path_of(".fault*")):
                wrong.append(f"{call} {nth}: exit {code} {err}")
    tap.check(f"{hit} calls that fail: a whole file or none", not wrong and hit > 6, "\n".join(wrong))
    short = path_of("short-writes.zst")
    whole, _ = gen("whole-writes", "--levels", 30000, suffix=".zst")
    code, _, err = tap.run("gen", "--levels", 30000, "--out", short, env={"HEADRACE_FAULT": "call=write,short=777,eintr=3"})
    tap.check("short writes and interrupts", code == 0 and sum_of(short) == sum_of(whole), err)
    code, out, _ = tap.run("gen", "--levels", 3000, "--out", "-")
    tap.check("standard output", code == 0 and "depthUpdate" in out)
    for what, args in (("tables hold no bad lines", ["--format", "lake", "--bad", 1]),
                       ("trades hold no gaps", ["--format", "tardis-trades", "--gaps", 1]),
                       ("too many tables", ["--format", "lake", "--instruments", 1000]),
                       ("no such format", ["--format", "xml"]), ("rate", ["--rate", 0])):
        code, _, err = tap.run("gen", *args, "--out", path_of("refused"))
        tap.check(f"refused: {what}", code == 2 and len(err) > 20 and not glob.glob(path_of("refused/*")), f"{code} {err}")
    os.makedirs(path_of("full"))
    with open(path_of("full/x"), "w", encoding="utf-8"):
        pass
    code, _, err = tap.run("gen", "--format", "lake", "--out", path_of("full"))
    tap.check("refused: a folder in use", code != 0 and "not empty" in err, err)


def main():
    base = ["--levels", 20000 if tap.is_sanitized() else 60000, "--instruments", 6]
    check_binance("spot", *base, *FAULTS, "--bad", 9)
    check_binance("futures", *base, "--futures", "--seed", 2, *FAULTS, "--bad", 9, suffix=".ndjson.gz")
    check_binance("json", *base, "--seed", 3, *FAULTS, kind="capture-json", suffix=".ndjson.zst")
    check_binance("bare", *base, "--seed", 4, "--futures", *FAULTS, kind="ndjson", suffix=".zst")
    check_binance("many", "--levels", 60000, "--instruments", 300, "--seed", 5, *FAULTS)
    r, _ = check_binance("clean", "--levels", 60000, "--instruments", 2, "--seed", 6)
    if not tap.is_sanitized():  # its bytes are the same
        check_realism(r, path_of("clean.ndjson"))
    rows = check_tardis("tardis", *base, "--seed", 7, "--gaps", 5, "--duplicates", 6, "--disorder", 4, "--bad", 9)
    tap.check("tardis: trade ids rise by one", all(
        [int(x[4]) for x in rows if x[1] == s] == list(range(1, 1 + sum(x[1] == s for x in rows))) for s in {x[1] for x in rows}))
    check_tardis("tardis-zst", *base, "--seed", 8, "--futures", "--gaps", 3, suffix=".csv.zst")
    check_lake("lake", "--levels", 40000, "--instruments", 4, "--seed", 9, *FAULTS)
    check_lake("lake-raw", "--levels", 40000, "--instruments", 2, "--seed", 10, "--futures", *FAULTS, kind="lake-raw")
    check_without()
    check_determinism()
    check_faults()
    tap.finish()


main()
