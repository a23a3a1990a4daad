# SPDX-License-Identifier: Apache-2.0
"""convert writes back what it reads: best levels of books, tickers, Crypto Lake's tables, captures of cryptofeed; there and back gives the same."""
import filecmp
import glob
import json
import os
import random
import subprocess
import sys
from decimal import Decimal

import tap
from convert_rig import convert, lines, lost, path, refused, there_and_back, write

sys.path.insert(0, os.path.join(tap.ROOT, "tests", "golden"))
import venue_captures  # pylint: disable=wrong-import-position

TICKERS = "update_id best_bid_price best_bid_qty best_ask_price best_ask_qty transaction_time event_time".split()
DUMP = os.path.abspath(os.environ.get("HR_PQ_DUMP", "build/tests/support/pq_dump"))
DAY_MS = 1704153600000  # 2024-01-02


def depth_head(n):
    return "exchange symbol timestamp local_timestamp".split() + [
        f"{side}[{i}].{what}" for i in range(n) for side in ("asks", "bids") for what in ("price", "amount")]


def depth_row(n, names, at, recv, bids, asks):
    row = [*names, str(at), str(recv)]
    for i in range(n):
        for side in (asks, bids):
            row += list(side[i]) if i < len(side) else ["", ""]
    return row


def check_given():
    """Files of tops as they are: some sides are short, some rows repeat the one before."""
    for n in (5, 25):
        rng = random.Random(n)
        rows = []
        for i in range(2000):
            names = [rng.choice(("bitmex", "deribit")), rng.choice(("XBTUSD", "ETH-PERPETUAL"))]
            at = DAY_MS * 1000 + 997 * i
            deep = [n if rng.random() < 0.8 else rng.randrange(n + 1) for _ in range(2)]
            bids = [(f"{20000 - k / 4 - i % 3:g}", f"{rng.randrange(1, 999) / 8:g}") for k in range(deep[0])]
            asks = [(f"{20000.5 + k / 4 + i % 3:g}", f"{rng.randrange(1, 999)}") for k in range(deep[1])]
            rows.append(depth_row(n, names, at, at + i % 9, bids, asks))
        file = write(f"given_{n}.csv", depth_head(n), rows)
        there_and_back(f"book_snapshot_{n}", file, path("given.csv"), f"tardis-snapshot-{n}", kind="tardis-snapshot")
    got = refused("25 levels in 5", path("given_25.csv"), path("few.csv"), "tardis-snapshot-5", "levels behind the best")
    tap.check("every row is there, cut", got["written"] == 2000, got)
    want = [",".join(x.split(",")[:24]) for x in lines(path("given_25.csv"))]
    tap.check("to its best levels", lines(path("few.csv")) == want, [x for x in zip(lines(path("few.csv")), want) if x[0] != x[1]][:2])
    code, got, err = convert(path("given_5.csv"), path("more.csv"), "--to", "tardis-snapshot-25")
    tap.check("5 levels in 25: nothing lost", code == 0 and got["lost"] == [], err or got)


def short(number):
    return number.rstrip("0").rstrip(".") if "." in number else number


def tops(file, n):
    """Rows of the best n levels by a book of plain dictionaries."""
    books, shown, rows, group, before = {}, {}, [], [], None
    for line in lines(file)[1:] + [None]:
        cells = line.split(",") if line else [None] * 8
        if before is not None and cells[:5] != before:
            book = books.setdefault(tuple(before[:2]), {"bid": {}, "ask": {}})
            if before[4] == "true":
                book["bid"].clear()
                book["ask"].clear()
            for side, px, qty in group:
                book[side][Decimal(px)] = qty
                if Decimal(qty) == 0:
                    del book[side][Decimal(px)]
            best = [[(short(str(px)), short(book[s][px])) for px in sorted(book[s], reverse=s == "bid")[:n]] for s in ("bid", "ask")]
            if before[4] == "true" or (tuple(before[:2]) in shown and shown[tuple(before[:2])] != best):
                rows.append(depth_row(n, before[:2], before[2], before[3], *best))
            if before[4] == "true" or tuple(before[:2]) in shown:
                shown[tuple(before[:2])] = best
            group = []
        before = cells[:5]
        group.append(cells[5:])
    return rows


def check_followed():
    """From changes: a row a snapshot and each change of the best levels."""
    tap.run("gen", "--format", "tardis", "--levels", 60000, "--instruments", 3, "--out", path("l2.csv"))
    for n in (5, 25):
        out = path(f"l2_{n}.csv")
        got = refused(f"changes to {n} levels", path("l2.csv"), out, f"tardis-snapshot-{n}", "which levels changed", "best levels do not show")
        want = [",".join(r) for r in [depth_head(n)] + tops(path("l2.csv"), n)]
        tap.check(f"{n} levels: as a plain book has them", lines(out) == want and len(want) > 100,
                  [len(lines(out)), len(want)] + [x for x in zip(lines(out), want) if x[0] != x[1]][:2])
    there_and_back("and these rows", path("l2_25.csv"), path("l2_25b.csv"), "tardis-snapshot-25", kind="tardis-snapshot")


def check_captures():
    """The rule of the venue's ids holds: what came before the snapshot is put by."""
    for name, options in {"spot": [], "futures": ["--futures"]}.items():
        src, out = path(name + ".ndjson"), path(name + ".csv")
        tap.run("gen", "--levels", 30000, "--instruments", 2, "--gaps", 2, "--bad", 2, *options, "--out", src)
        got = refused(name, src, out, "tardis-snapshot-5", "sequence numbers", "messages of a kind", "which levels changed", "books that are not whole")
        tap.check(f"{name}: rows", got["rows"] == got["written"] == len(lines(out)) - 1 > 100, got)
        convert(src, path(name + ".parquet"))
        convert(path(name + ".parquet"), path(name + "2.csv"), "--to", "tardis-snapshot-5", "--lossy")
        if name == "futures":
            tap.check(f"{name}: the same by way of a table, but for bad lines", len(lines(path(name + "2.csv"))) >= len(lines(out)))
        # Every ticker of a row's time and instrument must show the row's touch.
        touch = {}
        for line in lines(src):
            if "@bookTicker" in line and line.endswith("}}"):
                d = json.loads(line.split(" ", 1)[1])["data"]
                touch.setdefault(d["s"], set()).add(tuple(Decimal(d[k]) for k in "aAbB"))
        rows = [line.split(",") for line in lines(out)[1:]]
        seen = sum(tuple(Decimal(x or 0) for x in r[4:8]) in touch.get(r[1], ()) for r in rows)
        tap.check(f"{name}: touches are the venue's own ({seen} of {len(rows)})", seen > len(rows) // 20, seen)


def check_tickers():
    rng = random.Random(41)
    for folder, unit in (("data/futures/um/", 1), ("data/spot/", 1000)):
        rows = []
        for i in range(2000):
            at = DAY_MS * unit + 13 * i * (unit if i % 2 else 1)
            at = at if unit == 1 else DAY_MS * 1000 + 13001 * i
            bid = [f"{40000 + i / 8:g}", f"{rng.randrange(1, 9999) / 1000:g}"] if i % 70 else ["0", "0"]
            ask = [f"{40001 + i / 8:g}", f"{rng.randrange(1, 9999) / 1000:g}"] if i % 90 else ["0", "0"]
            rows.append([str(9000 + 3 * i), *bid, *ask, str(at), ""])
        name = folder + "BTCUSDT-bookTicker-2024-01-02.csv"
        file, back = write(name, TICKERS, rows), path("back/" + name)
        there_and_back(name, file, back, "binance-bookticker")
        full = [r[:6] + [r[5]] for r in rows]
        there_and_back(f"{name}, both times", write("full/" + name, TICKERS, full), back, "binance-bookticker", False)
        tap.check(f"{name}: the time that events do not hold is empty", filecmp.cmp(file, back, False))
    head = "exchange symbol timestamp local_timestamp ask_amount ask_price bid_price bid_amount".split()
    file = write("quotes.csv", head, [["binance-futures", "BTCUSDT", "1704153600000000", "1704153600000007", "1", "2", "1", "3"]])
    got = refused("quotes without ids", file, path("q/BTCUSDT-bookTicker-2024-01-02.csv"), "binance-bookticker", "without update ids")
    tap.check("none is written", got["written"] == 0, got)
    tap.run("gen", "--levels", 9000, "--instruments", 2, "--futures", "--out", path("c.ndjson"))
    got = refused("a capture", path("c.ndjson"), path("BTCUSDT-bookTicker-2024-01-02.csv"), "binance-bookticker", "messages of a kind",
                  "of other instruments", "no venue time")
    tap.check("the first one's tickers", got["written"] == len(lines(path("BTCUSDT-bookTicker-2024-01-02.csv"))) - 1 > 0, got)


DEPTH = "symbol timestamp first_update_id last_update_id side update_type price qty pu".split()


def check_depth():
    """Changes and books of two instruments, in ms and in us; the real ones; a capture, whose times of receipt are lost."""
    rng = random.Random(43)
    for unit in (1, 1000):
        rows, last = [], {"BTCUSDT": 5000, "ETHUSDT": 70}
        for i in range(3000):
            symbol = rng.choice(sorted(last))
            prev, first = last[symbol], last[symbol] + rng.randrange(1, 4)
            last[symbol] = first + rng.randrange(9)
            is_book = i < 4 or i % 500 == 0
            ids = [str(last[symbol])] * 2 if is_book else [str(first), str(last[symbol])]
            at = DAY_MS * unit + (13 * i if unit == 1 else 13001 * i)
            for k in range(rng.randrange(1, 9)):
                level = [f"{20000 + k + i / 8:g}", f"{rng.randrange(is_book, 999) / 1000:g}"]
                rows.append([symbol, str(at), *ids, "ba"[k % 2], "snap" if is_book else "set", *level, "-1" if is_book else str(prev)])
        there_and_back(f"depth, {unit}", write(f"depth{unit}.csv", DEPTH, rows), path(f"depth{unit}.back.csv"), "binance-depth-csv")
    for kind in ("snap", "update"):
        if tap.data_dir() is not None:
            real = os.path.join(tap.data_dir(), "tables", f"binance_btcusdt-depth-{kind}.csv")
            there_and_back(f"real depth, {kind}", real, path(f"real-{kind}.csv"), "binance-depth-csv", False)
    got = refused("a capture to depth", path("c.ndjson"), path("c.depth.csv"), "binance-depth-csv", "messages of a kind", "times of receipt")
    tap.check("its changes and books", got["rows"] == len(lines(path("c.depth.csv"))) - 1 > 0, got)
    file = write("tardis.csv", ["exchange", "symbol", "timestamp", "local_timestamp", "is_snapshot", "side", "price", "amount"],
                 [["binance", "BTCUSDT", "1704153600000000", "1704153600000007", "true", "bid", "2", "1"]])
    refused("changes without ids", file, path("n.depth.csv"), "binance-depth-csv", "without update ids")


LAKE = {"lake-deltas": "book_delta_v2", "lake-trades": "trades", "lake-book": "book"}


def dump(file):
    """Every value of every column."""
    p = subprocess.run([DUMP, file], capture_output=True, text=True, check=True)
    return p.stdout


def names(file):
    return [x.split("\t")[1:] for x in dump(file).splitlines() if x.startswith("column")]


def check_lake():
    """Our generator's tables of Crypto Lake's: every column is equal, bit for bit."""
    for kind, folder in (("lake", "BTC-USDT"), ("lake-raw", "BTC-USDT")):
        root = path(kind)
        tap.run("gen", "--format", kind, "--levels", 200000, "--rate", 4000, "--instruments", 1, "--out", root)
        for to, table in LAKE.items():
            src = glob.glob(f"{root}/{table}/exchange=BINANCE/symbol={folder}/dt=*/0.snappy.parquet")[0]
            back = path(f"back/{kind}/{table}/exchange=BINANCE/symbol={folder}/0.parquet")
            there_and_back(f"{kind}, {table}", src, back, to, False)
            if kind == "lake":
                tap.check(f"{table}: every column as it was", dump(src) == dump(back), [names(src)[:6], names(back)[:6]])
            else:
                tap.check(f"{table}: the same under the names of the vendor's package", sorted(dump(src).split()[8:]) != []
                          and names(back) == names(back.replace("/lake-raw/", "/lake/")), names(back)[:6])
            src = path("a.parquet")
            code, _, err = convert(src, path("x.parquet"), "--to", to)
            tap.check(f"{table}: a path that names nothing", code == 2 and "symbol=NAME/" in err and "the venue's name" in err, err)
    arrow = path("exchange=BINANCE/symbol=BTC-USDT/a.arrow")
    code, got, err = convert(path("a.parquet"), arrow, "--to", "lake-book", "--zstd")
    tap.check("an Arrow file too", code == 0 and got["arrow"] == "file" and got["lost"] == [], err or got)
    code, _, err = convert(arrow, path("b.parquet"), "--force")
    tap.check("and the same events", code == 0 and filecmp.cmp(path("a.parquet"), path("b.parquet"), False), err)


def check_lake_of_others():
    tap.run("gen", "--levels", 9000, "--instruments", 2, "--futures", "--out", path("c2.ndjson"))
    out = path("l/exchange=BINANCE_FUTURES/symbol=BTCUSDT/d.parquet")
    refused("a capture as lake-deltas", path("c2.ndjson"), out, "lake-deltas", "sequence numbers", "of other instruments", "messages of a kind")
    code, got, err = convert(out, path("c2.parquet"))
    tap.check("is read with its kinds", code == 0 and got["rejected"] == 0 and got["from"] == "lake-deltas", err or got)
    got = refused("a capture as lake-book", path("c2.ndjson"), path("l/exchange=BINANCE_FUTURES/symbol=BTCUSDT/b.parquet"), "lake-book",
                  "which levels changed", "best levels do not show")
    tap.check("has rows", got["rows"] == got["written"] > 50, got)
    head = "exchange symbol timestamp local_timestamp id side price amount".split()
    base = ["binance", "BTC-USDT", "1704153600000000", "1704153600000007"]
    numbers = [("17", "buy", "0.1", "123456.789"), ("a-b", "sell", "123456789.123456", "1"), ("", "unknown", "1", "0.00000001")]
    src = write("ids.csv", head, [[*base, *n] for n in numbers])
    out = path("l/exchange=BINANCE/symbol=BTC-USDT/t.parquet")
    there_and_back("ids that are texts, a trade without a side", src, path("ids2.csv"), "tardis-trades")
    code, got, err = convert(src, out, "--to", "lake-trades")
    code2, again, err2 = convert(out, path("ids3.csv"), "--to", "tardis-trades")
    tap.check("by way of lake-trades: the same bytes", (code, code2) == (0, 0) and got["lost"] == again["lost"] == []
              and filecmp.cmp(src, path("ids3.csv"), False), [got, err, err2])
    src = write("wide.csv", head, [[*base, "17", "buy", "123456789.123456789", "1"], [*base, "18", "buy", "0.5", "1234567890.12345678"],
                                   [*base, "19", "buy", "100000000", "0.25"]])
    got = refused("18 digits", src, path("l/exchange=BINANCE/symbol=BTC-USDT/w.parquet"), "lake-trades", "digits of numbers")
    tap.check("are rounded, others not", list(lost(got).values()) == [2], got)


NOT_WRITTEN = {"COINBASE_ORDERS"}
WIDE = ["--price-decimals", 10, "--quantity-decimals", 10]


def feed_and_back(what, file, back):
    """file -> events -> the venue's words -> events: nothing lost, equal events."""
    first, second = path("a.parquet"), path("b.parquet")
    code, got, err = convert(file, first, "--force", *WIDE)
    code2, out, err2 = convert(first, back, "--to", "cryptofeed", "--force", *WIDE)
    tap.check(f"{what}: written, nothing lost", (code, code2) == (0, 0) and out["lost"] == [] and out["written"] == got["written"] > 0, [err, err2])
    code, again, err = convert(back, second, "--force", *WIDE)
    tap.check(f"{what}: the same events", code == 0 and again["from"] == "cryptofeed" and filecmp.cmp(first, second, False), err or again)


def check_feeds():
    for name in venue_captures.writers():
        file = path(f"feeds/{name}.ws.1.0")
        with open(file, "w", encoding="utf-8") as f:
            f.write("\n".join(venue_captures.capture(name)) + "\n")
        if name in NOT_WRITTEN:
            code, _, err = convert(file, path("feed.txt"), "--to", "cryptofeed")
            tap.check(f"{name}: refused, and said", code == 2 and "of a kind" in err, err)
        else:
            feed_and_back(name, file, path("feed.txt"))
    for what, options in {"spot": ["--bad", 3], "futures": ["--futures"]}.items():
        tap.run("gen", "--levels", 20000, "--instruments", 3, *options, "--out", path("feed.ndjson"))
        for file, out in (("feed.ndjson", "feed.txt"), ("feed.txt", "feed.2.txt")):
            code, got, err = convert(path(file), path(out), "--to", "cryptofeed", "--force")
            tap.check(f"a capture, {what}: nothing lost in {out}", code == 0 and got["lost"] == [], err or got)
        texts = [path("feed.1.ndjson"), path("feed.2.ndjson")]
        codes = [convert(path(f), t, "--force")[0] for f, t in zip(("feed.ndjson", "feed.txt"), texts)]
        tap.check(f"a capture, {what}: the same messages", codes == [0, 0] and filecmp.cmp(*texts, False))
    text = "wss://fstream.binance.com/stream <-> 1633998512.5\nwss://fstream.binance.com/stream <-> 1633998514\n"
    with open(path("only"), "w", encoding="utf-8") as f:
        f.write(text)
    code, got, err = convert(path("only"), path("only2"), "--to", "cryptofeed")
    tap.check("connections alone", code == 0 and got["lost"] == [] and [x.split(" ")[1:] for x in lines(path("only2"))]
              == [["<->", "1633998512.5"], ["<->", "1633998514"]], err or got)
    head = "exchange symbol timestamp local_timestamp id side price amount".split()
    rows = [["binance-futures", "BTCUSDT", "1704153600000000", f"17041536000001{i}", f"{i}", "buy", "1.5", "2"] for i in range(10, 16)]
    rows[2][2] = "1704153600000001"  # us, where the venue has ms
    rows[3][4] = "a-b"  # no number
    rows[4][0] = "huobi"
    rows[5][5] = "unknown"
    got = refused("Tardis' trades in Binance's words", write("f.csv", head, rows), path("f.txt"), "cryptofeed", "digits of times", "of a kind",
                  "whose words are not written")
    tap.check("counted by message", sorted(lost(got).values()) == [1, 1, 2] and got["written"] == 3, got)


def check_real_feeds(data):
    files = sorted(glob.glob(os.path.join(data, "cryptofeed", "*.ws.*.gz")) + glob.glob(os.path.join(data, "cryptofeed", "*.http.*.gz")))
    for file in files:
        feed_and_back(os.path.basename(file), file, path("feed.txt.gz"))


def check_real():
    data = tap.data_dir()
    file = os.path.join(data or "", "tardis", "binance-futures_book_snapshot_5_BTCUSDT.csv")
    if data is None or not os.path.exists(file):
        print("# no real file of best levels is there")
        return
    check_real_feeds(data)
    there_and_back("a real book_snapshot_5", file, path("real.csv"), "tardis-snapshot-5", kind="tardis-snapshot")


def main():
    check_given()
    check_followed()
    check_captures()
    check_tickers()
    check_depth()
    check_lake()
    check_lake_of_others()
    check_feeds()
    check_real()
    tap.finish()


main()
