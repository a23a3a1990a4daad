# SPDX-License-Identifier: Apache-2.0
"""convert writes back the texts of trades and quotes that it reads: there and back gives the same."""
import filecmp
import glob
import os
import random

import tap
from convert_rig import convert, lines, lost, path, refused, there_and_back, write

QUOTES = "exchange symbol timestamp local_timestamp ask_amount ask_price bid_price bid_amount".split()
AGG = "agg_trade_id price quantity first_trade_id last_trade_id transact_time is_buyer_maker".split()
TRADES = "id price qty quote_qty time is_buyer_maker".split()
DAY_MS = 1704153600000  # 2024-01-02
LOBSTER = "AAPL_2012-06-21_34200000_57600000_message_10.csv"


def check_quotes():
    rng = random.Random(31)
    rows = []
    for i in range(3000):
        at = DAY_MS * 1000 + 997 * i
        ask = [f"{rng.randrange(1, 999) / 8:g}", f"{20000 + i / 4:g}"] if i % 50 else ["", ""]
        bid = [f"{19000 + i / 4:g}", f"{rng.randrange(1, 9999)}"] if i % 70 else ["", ""]
        rows.append([rng.choice(("bitmex", "deribit")), rng.choice(("XBTUSD", "ETH-PERPETUAL")), str(at), str(at + i % 9), *ask, *bid])
    there_and_back("quotes", write("q.csv", QUOTES, rows), path("q2.csv"), "tardis-quotes")
    tap.run("gen", "--levels", 9000, "--instruments", 2, "--out", path("c.ndjson"))
    got = refused("a capture to quotes", path("c.ndjson"), path("c.csv"), "tardis-quotes", "sequence numbers", "messages of a kind")
    tap.check("its tickers are there", got["written"] == len(lines(path("c.csv"))) - 1 > 0, got)


def trade(i, rng, is_agg, unit):
    at = DAY_MS + 13 * i if unit == 1 else DAY_MS * 1000 + 13001 * i
    more = ["", ""] if is_agg else [""]
    return [str(5000 + i), f"{40000 + i / 8:g}", f"{rng.randrange(1, 9999) / 1000:g}", *more, str(at), rng.choice(("true", "false"))]


def check_trades():
    rng = random.Random(32)
    for kind, head, folder, unit in (("aggTrades", AGG, "data/futures/um/", 1), ("trades", TRADES, "data/futures/um/", 1),
                                     ("aggTrades", AGG, "data/spot/", 1000), ("trades", TRADES, "data/spot/", 1000)):
        what = f"{folder}{kind}"
        to = "binance-" + kind.lower()
        name = f"BTCUSDT-{kind}-2024-01-02.csv"
        rows = [trade(i, rng, kind == "aggTrades", unit) for i in range(2000)]
        file, back = write(folder + name, head, rows), path("back/" + folder + name)
        there_and_back(what, file, back, to)
        full = [r[:3] + ["7"] * (len(r) - 5) + r[-2:] for r in rows]  # ids of trades, other amounts: no part of events
        there_and_back(f"{what}, all columns", write("full/" + folder + name, head, full), back, to, False)
        tap.check(f"{what}: what events do not hold is empty", filecmp.cmp(file, back, False))
        other = "binance-trades" if kind == "aggTrades" else "binance-aggtrades"
        got = refused(f"{what} as {other}", file, path(f"other/{folder}BTCUSDT-{other}.csv"), other, "messages of a kind")
        tap.check(f"{what}: none of them", got["written"] == 0 and got["filtered"] == 2000, got)


def check_losses():
    rng = random.Random(33)
    rows = [trade(i, rng, True, 1) for i in range(10)]
    file = write("data/futures/um/BTCUSDT-aggTrades-2024-01-02.csv", AGG, rows)
    code, got, err = convert(file, path("u.csv"), "--to", "binance-aggtrades")
    tap.check("a path that names no instrument", code == 2 and "symbol=NAME/" in err, err)
    code, got, err = convert(file, path("symbol=BTCUSDT/u.csv"), "--to", "binance-aggtrades")
    tap.check("a folder may name it", code == 0 and got["lost"] == [], err)
    code, got, err = convert(file, path("data/spot/BTCUSDT-aggTrades-2024-01-02.csv"), "--to", "binance-aggtrades")
    tap.check("a path of another market", code == 2 and "the venue's name" in err, err)
    mixed = [r[:-2] + [r[-2] if i != 4 else r[-2] + "003"] + r[-1:] for i, r in enumerate(rows)]
    file, back = write("mixed/BTCUSDT-aggTrades-2024-01-02.csv", AGG, mixed), path("m2/BTCUSDT-aggTrades-2024-01-02.csv")
    there_and_back("one time in us", file, back, "binance-aggtrades", False)
    tap.check("then all are", {len(r.split(",")[5]) for r in lines(back)[1:]} == {16}, lines(back)[:3])
    head = "exchange,symbol,timestamp,local_timestamp,id,side,price,amount".split(",")
    tardis = [["binance-futures", "BTCUSDT", str(DAY_MS * 1000 + i), str(DAY_MS * 1000 + i + i % 2), str(90 + i), "buy", "1.5", "2"] for i in range(6)]
    tardis.append(["binance-futures", "ETHUSDT", *tardis[0][2:]])
    tardis.append([*tardis[0][:4], "a-b", *tardis[0][5:]])
    tardis.append([*tardis[0][:5], "unknown", *tardis[0][6:]])
    out = path("tt/BTCUSDT-trades-2024-01-02.csv")
    got = refused("Tardis' trades to Binance's", write("tt.csv", head, tardis), out, "binance-trades", "times of receipt", "of other instruments",
                  "whose id is", "without a side")
    tap.check("counted by message", sorted(lost(got).values()) == [1, 1, 1, 3] and got["written"] == 6, got)
    tap.check("as the venue's own", lines(out)[:3] == [",".join(TRADES), f"90,1.5,2,,{DAY_MS * 1000},false", f"91,1.5,2,,{DAY_MS * 1000 + 1},false"],
              lines(out)[:3])


def orders(n, sparse):
    """Rows of a session that begins with no order, and of all types but halts."""
    rng = random.Random(34)
    live, rows, at, last = {}, [], 34200 * 10**9, 100
    for i in range(n):
        at += rng.randrange(10**6) if i % 40 else 10**9 - at % 10**9
        when = f"{at // 10**9}.{at % 10**9:09d}".rstrip("0").rstrip(".") if rows else f"{at // 10**9}.0"
        r = rng.random()
        key = rng.choice(list(live)) if len(live) > 9 else None
        if key is None or r < 0.5:
            last += rng.randrange(1, 9)
            key, live[last] = last, [rng.randrange(1, 500), 5850000 + 100 * rng.randrange(-90, 90), rng.choice((1, -1))]
            rows.append([when, "1", last, *live[last]])
        elif r < 0.9:
            qty, px, side = live[key]
            kind = rng.choice("234") if qty > 1 else "3"
            part = rng.randrange(1, qty) if kind == "2" else qty if kind == "3" else rng.randrange(1, qty + 1)
            live[key][0] -= part
            if live[key][0] == 0:
                del live[key]
            rows.append([when, kind, key, part, px, side])
        elif r < 0.98:
            rows.append([when, "5", 0, rng.randrange(1, 90), 5850000 + rng.randrange(100), rng.choice((1, -1))])
        else:
            rows.append([when, "6", -1, rng.randrange(1, 9000), 5850000, -1])
        if sparse and i == 50:
            rows += [[when, "4", 77, 5, 5850000, -1], [when, "3", 78, 9, 5850100, -1]]  # from before the file
    return [[str(x) for x in r] for r in rows]


def check_lobster():
    name = LOBSTER
    file, back = write("lob/" + name, None, orders(5000, False)), path("lob2/" + name)
    there_and_back("lobster", file, back, "lobster")
    want = ("the day", "symbol=NAME/")
    code, _, err = convert(path("a.parquet"), path("plain.csv"), "--to", "lobster")
    tap.check("a path that says nothing", code == 2 and all(w in err for w in want), err)
    code, _, err = convert(path("a.parquet"), path("lob2/AAPL_2012-06-22_message.csv"), "--to", "lobster")
    tap.check("another day", code == 2 and "another day" in err, err)
    file = write("mid/" + name, None, orders(5000, True))
    got = refused("orders from before the file", file, path("mid2/" + name), "lobster", "orders that nothing added")
    tap.check("two of them, and all rows", list(lost(got).values()) == [2] and got["rows"] == 5002, got)
    differ = [y for x, y in zip(lines(file), lines(path("mid2/" + name))) if x != y]
    tap.check("they have no price", [x.split(",")[1:] for x in differ] == [["4", "77", "5", "0", "1"], ["3", "78", "0", "0", "1"]], differ)
    code, _, err = convert(file, path("m.parquet"))
    code2, _, err2 = convert(path("mid2/" + name), path("m2.parquet"))
    tap.check("and are the same events", (code, code2) == (0, 0) and filecmp.cmp(path("m.parquet"), path("m2.parquet"), False), err + err2)


def check_lobster_of_others():
    tap.run("gen", "--format", "itch", "--orders", 20000, "--instruments", 1, "--out", path("one_2024-05-07.itch"))
    code, got, err = convert(path("one_2024-05-07.itch"), path("one.parquet"))
    tap.check("a session of ITCH", code == 0 and got["written"] > 10000, err or got)
    out = path("X_2024-05-07_message.csv")
    code, _, err = convert(path("one.parquet"), out, "--to", "lobster")
    tap.check("what it loses is said", code == 2 and "one order replaced another" in err and "symbol=NAME/" in err, err)
    code, got, err = convert(path("one.parquet"), out, "--to", "lobster", "--lossy")
    tap.check("its rows are read again", code == 0 and got["filtered"] == 0 and got["rows"] > got["written"] == got["read"], err or got)
    sums = [tap.run_json(f, "--out", path("sum"), "--force") for f in (path("one.parquet"), out)]
    tap.check("as orders that all fit", sums[1].get("order_faults") == sums[0].get("order_faults") == 0, sums)
    ends = [verified(f) for f in (path("one.parquet"), out)]
    tap.check("without findings", ends == [0, 0], ends)


def verified(file):
    return tap.run("verify", file)[0]


def check_real():
    data = tap.data_dir()
    files = [] if data is None else sorted(glob.glob(os.path.join(data, "**", "*message*"), recursive=True))
    if not files:
        print("# no real LOBSTER file is there")
    for file in files[:1]:
        name = os.path.basename(file)
        code, got, err = convert(file, path("real.parquet"))
        out = path("real/" + name.removesuffix(".gz").removesuffix(".zst"))
        code2, back, err2 = convert(path("real.parquet"), out, "--to", "lobster", "--lossy")
        only = all("nothing added" in x for x in lost(back))
        code3, _, err3 = convert(out, path("real2.parquet"))
        tap.check(f"{name}: the same events", (code, code2, code3) == (0, 0, 0) and only
                  and filecmp.cmp(path("real.parquet"), path("real2.parquet"), False), [back, err, err2, err3])


def main():
    check_quotes()
    check_trades()
    check_losses()
    check_lobster()
    check_lobster_of_others()
    check_real()
    tap.finish()


main()
