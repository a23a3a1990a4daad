# SPDX-License-Identifier: Apache-2.0
"""CSV files as venues and vendors publish them: events of them against a plain reading, tables to typed Parquet and back, value for
value; what cannot be read or held is named. Files are made here; real ones are read where they are present."""
import csv
import datetime
import filecmp
import glob
import json
import os
import random
import re
import struct
import zipfile
from decimal import ROUND_HALF_EVEN, Decimal

import kills
import parquet
import tap

DAY_MS = 1704153600000  # 2024-01-02
TARDIS = "exchange symbol timestamp local_timestamp".split()
# name: (columns, kind of each: t time, p price, q amount, r ratio, n count, s text)
TABLES = {
    "binance-klines": ("open_time open high low close volume close_time quote_volume count taker_buy_volume taker_buy_quote_volume ignore",
                       "tppppqtqnqqq"),
    "binance-bookdepth": ("timestamp percentage depth notional", "tqqq"),
    "binance-metrics": ("create_time symbol sum_open_interest sum_open_interest_value count_toptrader_long_short_ratio "
                        "sum_toptrader_long_short_ratio count_long_short_ratio sum_taker_long_short_vol_ratio", "tsqqrrrr"),
    "binance-funding": ("calc_time funding_interval_hours last_funding_rate", "tnr"),
    "binance-liquidations": ("time side order_type time_in_force original_quantity price average_price order_status last_fill_quantity "
                             "accumulated_fill_quantity", "tsssqppsqq"),
    "tardis-derivatives": (" ".join(TARDIS) + " funding_timestamp funding_rate predicted_funding_rate open_interest last_price "
                           "index_price mark_price", "ssttt" + "rrqppp"),
    "tardis-options": (" ".join(TARDIS) + " type strike_price expiration open_interest last_price bid_price bid_amount bid_iv ask_price "
                       "ask_amount ask_iv mark_price mark_iv underlying_index underlying_price delta gamma vega theta rho",
                       "sstt" + "sptqppqrpqrprsp" + "rrrrr"),
    "tardis-liquidations": (" ".join(TARDIS) + " id side price amount", "sttt".replace("sttt", "sstt") + "sspq"),
}


def path(name):
    full = os.path.join(tap.SCRATCH, name)
    os.makedirs(os.path.dirname(full), exist_ok=True)
    return full


def write(name, text):
    full = path(name)
    with open(full, "w", encoding="utf-8", newline="") as f:
        f.write(text)
    return full


def convert(*args):
    code, out, err = tap.run("convert", *args, "--json")
    return code, json.loads(out) if out else {}, err


def inspect(*args):
    code, out, err = tap.run("inspect", *args, "--json")
    return code, json.loads(out) if out else {}, err


def read_csv(name):
    with open(name, encoding="utf-8-sig", newline="") as f:
        return list(csv.reader(f))


# ---- events ----

def fixed(text, decimals):
    v = Decimal(text).scaleb(decimals)
    assert v == int(v), text
    return int(v)


def ns(text):
    return int(text) * (10**6 if len(text) < 15 else 1000 if len(text) < 18 else 1)


def made_trades(rng, n, is_aggregate, micros):
    at, rows = DAY_MS, []
    for i in range(n):
        at += rng.randrange(0, 40)
        px, qty = f"{rng.randrange(1, 10**7) / 100:.2f}", f"{rng.randrange(1, 10**6) / 1000:.8f}"
        time = f"{at}{rng.randrange(1000):03d}" if micros and i % 3 else str(at)
        maker = rng.choice(["True", "False"])
        ids = [str(1000 + i), px, qty]
        rows.append(ids + ([str(9000 + 2 * i), str(9001 + 2 * i)] if is_aggregate else [f"{Decimal(px) * Decimal(qty):f}"]) + [time, maker])
    return rows


AGG = "agg_trade_id price quantity first_trade_id last_trade_id transact_time is_buyer_maker".split()
TRADES = "id price qty quote_qty time is_buyer_maker".split()


def trade_rows(out):
    """id, time, price, quantity, side of a table of events."""
    t = parquet.read(out)
    return list(zip(t["seq"], t["ts_event"], t["px"], t["qty"], t["side"]))


def check_trades():
    rng = random.Random(7)
    for kind, names, is_aggregate in (("aggTrades", AGG, True), ("trades", TRADES, False)):
        for folder, venue in (("data/spot/daily/", "binance"), ("data/futures/um/daily/", "binance-futures")):
            rows = made_trades(rng, 500, is_aggregate, folder == "data/spot/daily/")
            has_header = "futures" in folder
            lines = ([names] if has_header else []) + [r if has_header else r + ["True"] for r in rows]
            text = "".join(",".join(r) + "\n" for r in lines)
            name = f"BTCUSDT-{kind}-2024-01-02"
            file = write(f"{folder}{kind}/{name}.csv", text)
            with zipfile.ZipFile(file[:-4] + ".zip", "w", zipfile.ZIP_DEFLATED) as z:
                z.writestr(name + ".csv", text)
            code, got, err = inspect(file)
            tap.check(f"{kind} of {venue}: known", code == 0 and got["format"] == f"binance-{kind.lower()}" and got["trades"] == 500
                      and got["rejected"] == 0, err or got)
            want = [(int(r[0]), ns(r[-2]), fixed(r[1], 9), fixed(r[2], 8), "ask" if r[-1] == "True" else "bid") for r in rows]
            events = {}
            for end in ("csv", "zip"):
                out = path("events.parquet")
                code, got, err = convert(file[:-3] + end, out, "--force")
                events[end] = trade_rows(out) if code == 0 else err
                t = parquet.read(out, ["venue", "symbol", "flags"])
                tap.check(f"{kind} of {venue}, {end}: every trade", events[end] == want, [x for x in zip(events[end], want) if x[0] != x[1]][:3])
                tap.check(f"{kind} of {venue}, {end}: names and flags", set(t["symbol"]) <= {"BTCUSDT", b"BTCUSDT"}
                          and {v.decode() if isinstance(v, bytes) else v for v in t["venue"]} == {venue}
                          and all(bool(v & 0x200) == is_aggregate for v in t["flags"]), t["flags"][:3])


def check_shapes():
    row = "1,100.5,2,1,1,1704153600000,True,True\n"
    file = write("plain.csv", row)
    code, out, err = tap.run("inspect", file)
    tap.check("no header and no name: refused with what can be done", code == 3 and "--format binance-aggtrades" in err, err)
    for verb in (["inspect"], ["run", "--out", path("none"), "--force"], ["verify"], ["bars", "--every", "1m"]):
        code, _, err = tap.run(verb[0], file, *verb[1:], "--format", "binance-aggtrades")
        tap.check(f"... {verb[0]}: it says no symbol", code == 3 and "does not say which" in err and "input.symbol" in err, err)
    plan = write("named.yaml", "input: {symbol: ETHBTC, venue: binance, format: binance-aggtrades}\n")
    code, out, err = tap.run("bars", plan, file, "--every", "1m")
    tap.check("... and with input.symbol it is read", code == 0 and ",binance,ETHBTC,100.5,100.5," in out, err + out)
    code, got, err = convert(file, path("e.parquet"), "--format", "binance-aggtrades", "--symbol", "ETHBTC", "--venue", "binance")
    tap.check("... and with one a trade", code == 0 and got["written"] == 1, err)
    code, _, err = tap.run("inspect", write("six.csv", "1,2,3\n"), "--format", "binance-trades")
    tap.check("a wrong first row for a format that is named", code == 3 and "Binance trades" in err, err)
    for name, venue in {"BTCUSD_PERP": "binance-delivery", "ETHUSD_240329": "binance-delivery", "BTCUSDT_240329": "binance-futures"}.items():
        file = write(f"{name}-aggTrades-2024-01-02.csv", ",".join(AGG) + "\n1,100.5,2,1,1,1704153600000,true\n")
        code, out, err = tap.run("inspect", file)
        tap.check(f"{name} is of {venue}", code == 0 and f"venue {venue}, instrument {name}\n" in out, err or out)
    rows = ["2,5,1,1,1,1704153600001,maybe", "3,0,1,1,1,1704153600001,true", "4,-1,1,1,1,1704153600001,true", "5,1,1,1,1,x,true",
            "6,1,1,1,1,1704153600001", "x,1,1,1,1,1704153600001,true", '7,"1",1,1,1,1704153600001,true', "-8,1,1,1,1,1704153600001,true"]
    file = write("BTCUSDT-aggTrades-2024-01-03.csv", "\r\n".join([",".join(AGG), "1,100.5,2,1,1,1704153600000,true", *rows, ""]))
    code, got, err = convert(file, path("r.parquet"))
    reasons = {"field_type": 1, "negative": 3, "bad_time": 1, "bad_csv": 1, "bad_number": 1}
    tap.check("bad rows by reason", code == 0 and got["written"] == 2 and got["rejects"] == reasons, err or got)


def check_quotes():
    rng = random.Random(8)
    head = TARDIS + "ask_amount ask_price bid_price bid_amount".split()
    rows, want = [], []
    for i in range(300):
        at = DAY_MS * 1000 + 1000 * i
        ask = (f"{rng.randrange(1, 999) / 10}", f"{20000 + i / 100:.2f}") if i % 50 else ("", "")
        bid = (f"{rng.randrange(1, 999) / 10}", f"{19000 + i / 100:.2f}")
        rows.append(["binance-futures", "BTCUSDT", str(at), str(at + 77), *ask, bid[1], bid[0]])
        want.append((at * 1000, (at + 77) * 1000, *(fixed(x or "0", d) for x, d in ((bid[1], 9), (bid[0], 8), (ask[1], 9), (ask[0], 8)))))
    text = "".join(",".join(r) + "\n" for r in [head] + rows)
    for name in ("binance-futures_quotes_2024-01-02_BTCUSDT.csv", "binance-futures_book_ticker_2024-01-02_BTCUSDT.csv"):
        code, got, err = convert(write(name, text), path("quotes/symbol=BTCUSDT/q.parquet"), "--to", "tickers", "--force", "--lossy")
        t = parquet.read(path("quotes/symbol=BTCUSDT/q.parquet"))
        got_rows = list(zip(*(t[c] for c in "ts_event ts_recv bid_px bid_qty ask_px ask_qty".split())))
        tap.check(f"{name}: every quote", code == 0 and [tuple(x or 0 for x in r) for r in got_rows] == want, err)
    head = "update_id best_bid_price best_bid_qty best_ask_price best_ask_qty transaction_time event_time".split()
    file = write("data/futures/um/BTCUSDT-bookTicker-2024-01-02.csv", ",".join(head) + "\n7,1.5,2,1.6,3,1704153600000,1704153600004\n")
    code, got, err = inspect(file)
    tap.check("bookTicker of Binance", code == 0 and got["tickers"] == 1 and got["instruments"][0]["symbol"] == "BTCUSDT", err or got)


def check_snapshots():
    """book_snapshot_25: more levels a row than our own tests of the format have."""
    names = [f"{s}[{i}].{w}" for i in range(25) for s in ("asks", "bids") for w in ("price", "amount")]
    rows = []
    for k in range(50):
        levels = [f"{v}" for i in range(25) for v in (20000 + i + k, 1.5 + i, 19999 - i + k, 2.5 + i)]
        rows.append(["binance", "BTCUSDT", str(DAY_MS * 1000 + k), str(DAY_MS * 1000 + k + 5), *levels])
    file = write("binance_book_snapshot_25_2024-01-02_BTCUSDT.csv", "".join(",".join(r) + "\n" for r in [TARDIS + names] + rows))
    code, got, err = inspect(file)
    tap.check("book_snapshot_25", code == 0 and got["snapshots"] == 50 and got["instruments"][0]["levels"] == 50 * 50 and got["rejected"] == 0, err)


def check_same_bytes():
    """One dataset, whatever lanes, batches and memory."""
    rng = random.Random(9)
    rows = made_trades(rng, 20000, True, True)
    for i in range(0, 20000, 700):  # quotes that are not closed: a cut may fall behind them
        rows[i][0] = '"' + rows[i][0]
    file = write("data/futures/um/ETHUSDT-aggTrades-2024-01-02.csv", "".join(",".join(r) + "\n" for r in [AGG] + rows))
    digests = set()
    for lanes, least, most, line in ((1, 1024, 32768, "4MiB"), (2, 64, 64, "1KiB"), (3, 64, 4096, "100KB"), (4, 65536, 65536, "4MiB")):
        plan = write("batches.yaml", f"engine: {{batch_min: {least}, batch_max: {most}}}\nlimits: {{line: {line}}}\n")
        code, out, err = tap.run("run", plan, file, "--out", path("ds"), "--force", "--lanes", lanes)
        if code != 0:
            digests.add(err)
            continue
        with open(path("ds/rejects.ndjson"), encoding="utf-8") as f:
            digests.add(tap.digest(path("ds/trades")) if len(f.readlines()) == 29 else "rejects")
    tap.check("the same bytes from any number of lanes", len(digests) == 1 and len(next(iter(digests))) == 64, digests)
    plan = write("commits.yaml", "output: {commit_rows: 3000}\n")
    tap.run("run", plan, file, "--out", path("whole"), "--lanes", 2)
    _, torn = kills.once_each([plan, file], path("cut"), tap.digest(path("whole")), (2, 9, 17, 30))
    tap.check("killed and resumed, it ends with the same bytes", not torn, torn)
    first, again = path("bars-1.csv"), path("bars-2.csv")
    for out, lanes in ((first, 1), (again, 2)):
        tap.run("bars", file, "--every", "1m", "--out", out, "--force", "--lanes", lanes)
    tap.check("bars of it, too", os.path.getsize(first) > 100 and filecmp.cmp(first, again, False))


# ---- tables ----

def columns(file):
    """{column: (logical id, scale, values)} by the format's own words."""
    with open(file, "rb") as f:
        data = f.read()
    size = struct.unpack_from("<I", data, len(data) - 8)[0]
    meta, _ = parquet._struct(data, len(data) - 8 - size)
    values = parquet.read(file)
    out = {}
    for e in meta[2][1:]:
        logical = e.get(10, {})
        kind = next(iter(logical), None)
        out[e[4].decode()] = (kind, logical[5][1] if kind == 5 else None, values[e[4].decode()])
    return out


def instant(text, day_first=False):
    """ns since 1970."""
    if re.fullmatch(r"\d{8}", text):
        text = f"{text[:4]}-{text[4:6]}-{text[6:]}"
    if re.fullmatch(r"\d+", text):
        n = len(text)
        return int(text) * (10**9 if n <= 11 else 10**6 if n <= 14 else 1000 if n <= 17 else 1)
    m = re.fullmatch(r"(\d+)/(\d+)/(\d+)", text)
    if m:
        a, b, year = (int(x) for x in m.groups())
        text = f"{year + (2000 if year < 69 else 1900 if year < 100 else 0):04d}-{b if day_first else a:02d}-{a if day_first else b:02d}"
    whole, _, rest = text.replace("Z", "").replace("T", " ").partition(".")
    d = datetime.datetime.fromisoformat(whole).replace(tzinfo=datetime.timezone.utc)
    return int((d - datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)).total_seconds()) * 10**9 + int((rest or "0").ljust(9, "0"))


def stored(kind, scale, v):
    if v is None:
        return None
    if kind == 5:
        return Decimal(v).scaleb(-scale)
    return v.decode() if isinstance(v, bytes) else v


def meant(kind, text, day_first=False):
    """What the Parquet cell must hold."""
    if text == "":
        return None
    if kind == "t":
        return instant(text, day_first)
    return text if kind == "s" else float(text) if kind == "r" else int(text) if kind == "n" else Decimal(text)


def same_text(kind, a, b, day_first=False):
    return a == b or (a != "" and b != "" and kind != "s" and meant(kind, a, day_first) == meant(kind, b))


def there_and_back(name, file, kinds, header=True, day_first=False, args=()):
    """CSV -> Parquet -> CSV -> Parquet: each cell, each text, equal Parquet."""
    first, text, second = path("t1.parquet"), path("t2.csv"), path("t3.parquet")
    code, got, err = convert(file, first, "--force", *args)
    tap.check(f"{name}: to Parquet", code == 0 and got["lost"] == [] and got["rejected"] == 0 and got["to"] == "records", err or got)
    if code != 0:
        return
    rows = [r for r in read_csv(file) if r]
    want = rows[1:] if header else rows
    table = columns(first)
    bad = []
    for (column, (logical, scale, values)), kind, texts in zip(table.items(), kinds, zip(*want)):
        bad += [(column, v, t) for v, t in zip(values, texts) if stored(logical, scale, v) != meant(kind, t, day_first)]
        if len(values) != len(want) or logical != {"t": 8, "p": 5, "q": 5, "s": 1}.get(kind, logical):
            bad.append((column, logical, len(values)))
    tap.check(f"{name}: every cell", not bad and len(table) == len(kinds), bad[:3])
    code, back, err = convert(first, text, "--force")
    again = [r for r in read_csv(text) if r]
    wrong = [(a, b) for a, b in zip(rows, again) if not all(same_text(k, x, y, day_first) for k, x, y in zip(kinds, a, b)) and a != b]
    tap.check(f"{name}: and back", code == 0 and len(rows) == len(again) and not wrong, err or wrong[:2])
    code, back, err = convert(text, second, "--force", "--format", got["from"], *args)
    tap.check(f"{name}: the same Parquet again", code == 0 and columns(second) == table, err)


def made_value(rng, kind, i):
    if kind == "t":
        return str((DAY_MS + 1000 * i) * 1000 + (rng.randrange(10**6) if rng.random() < 0.5 else 0))
    if kind == "s":
        return rng.choice(["deribit", "BTC-9JUN20-9875-P", "put", "call", "a,b", 'q"q', "SYN.BTC", "x y", ""])
    if kind == "n":
        return str(rng.randrange(10**9))
    if rng.random() < 0.1:
        return ""
    digits = rng.randrange(1, 9)
    v = Decimal(rng.randrange(-10**9 if kind == "r" else 0, 10**9)).scaleb(-digits)
    return f"{v:f}" if rng.random() < 0.95 else f"{v:e}"


def quoted(row):
    return ",".join('"' + v.replace('"', '""') + '"' if any(c in v for c in ',"') else v for v in row)


def check_tables():
    rng = random.Random(10)
    for name, (names, kinds) in TABLES.items():
        names = names.split()
        assert len(names) == len(kinds), name
        rows = [[made_value(rng, k, i) for k in kinds] for i in range(400)]
        text = "".join(quoted(r) + "\n" for r in [names] + rows)
        where = "deribit_liquidations_2024-01-02_OPTIONS.csv" if name == "tardis-liquidations" else f"{name}.csv"
        file = write(where, text)
        code, got, err = inspect(file)
        tap.check(f"{name}: known", code == 0 and got["format"] == name and got["rows"] == 400 and got["rejected"] == 0, err or got)
        there_and_back(name, file, kinds)
        code, _, err = tap.run("run", file, "--out", path("none"), "--force")
        tap.check(f"{name}: no events, and what to do", code == 3 and "headrace convert" in err and not os.path.exists(path("none/trades")), err)
        code, _, err = tap.run("run", path("t1.parquet"), "--out", path("none"), "--force")
        tap.check(f"{name}: nor is its Parquet", code == 3 and "it holds no events" in err, err)
        code, got, err = inspect(path("t1.parquet"))
        tap.check(f"{name}: what the Parquet was", code == 0 and got["made_of"] == name and got["rows"] == 400, err or got)
        for verb in (["verify"], ["bars", "--every", "1m"], ["asof"], ["verify", "--report", path("none.json")]):
            code, _, err = tap.run(verb[0], file, *verb[1:])
            tap.check(f"{name}: {verb[0]} says so, too", code == 3 and "headrace convert" in err, err)
        order = list(range(len(names)))
        rng.shuffle(order)
        file = write("shuffled/" + where, "".join("\ufeff" * (r is names) + quoted([r[i] for i in order]) + "\r\n" for r in [names] + rows))
        there_and_back(f"{name}, other order, CR LF", file, [kinds[i] for i in order])
    names, kinds = TABLES["binance-klines"]
    rows = [[str(DAY_MS + 60000 * i), "1.10", "1.20", "1.00", "1.15", "10.50000000", str(DAY_MS + 60000 * i + 59999), "11.5", "7", "5", "5.5", "0"]
            for i in range(100)]
    file = write("data/spot/BTCUSDT-1m-2024-01-02.csv", "".join(",".join(r) + "\n" for r in rows))
    there_and_back("klines without header", file, kinds, header=False)
    code, out, _ = tap.run("inspect", file)
    tap.check("klines without header: by shape and name", code == 0 and "no header; first row and file name" in out and "BTCUSDT" in out, out)


def check_bars():
    forms = {"date": ["2024-01-02", "2024-01-03"], "Date": ["20240102", "20240103"], "TIME": ["1704153600", "1704240000"],
             "timestamp": ["1704153600000", "1704240000123"], "Timestamp": ["1704153600000000", "1704153600000001"],
             "DateTime": ["1704153600000000000", "1704153600000000001"], "open_time": ["2024-01-02T09:30:00Z", "2024-01-02 09:31:00.5"],
             "time": ["01/13/2017", "1/3/17"], "datetime": ["2024-01-02 09:30", "2024-01-02 09:31"]}
    for name, times in forms.items():
        rows = [[t, "1.5", "2", "1", "1.75", "1000"] for t in times]
        file = write(f"bars-{name}.csv", "".join(",".join(r) + "\n" for r in [[name, "Open", "HIGH", "low", "Close", "Volume"]] + rows))
        there_and_back(f"bars by {name}", file, "tppppq")
    file = write("bars-day.csv", "volume,close,low,high,open,date\n5,1.5,1,2,1.2,13/01/2017\n6,1.5,1,2,1.2,03/02/2017\n")
    there_and_back("bars, day first, other order", file, "qppppt", day_first=True)
    code, got, err = convert(write("bars-zone.csv", "time,open,high,low,close\n2024-01-02T09:30:00+05:30,1,1,1,1\n"), path("z.parquet"))
    tap.check("a zone counts", code == 0 and columns(path("z.parquet"))["time"][2] == [instant("2024-01-02 04:00:00")], err)
    file = write("bars-long.csv", "date,open,high,low," + " " * 3000 + "close\n2024-01-02,1,1,1,1\n")
    code, got, err = convert(file, path("long.parquet"))
    code2, back, err2 = convert(path("long.parquet"), path("long.back.csv"))
    tap.check("a header that is too long to keep comes back as names", code == 0 and code2 == 0
              and read_csv(path("long.back.csv"))[0] == "time open high low close".split(), err + err2)
    for text, what in {"01/03/2017,1,1,1,1\n": "month or the day", "13/01/2017,1,1,1,1\n01/13/2017,1,1,1,1\n": "month first, and"}.items():
        code, got, err = convert(write("bars-amb.csv", "date,open,high,low,close\n" + text), path("a.parquet"))
        tap.check(f"dates that cannot be told: {what}", code == 3 and what in err and not os.path.exists(path("a.parquet")), err)
    for head, what in {"date,open,high,low,close,rsi": "'rsi' is not known", "date,time,open,high,low,close": "'time' says what another does"}.items():
        code, got, err = convert(write("bars-head.csv", head + "\n1,1,1,1,1,1\n"), path("a.parquet"))
        tap.check(f"header refused: {what}", code == 3 and what in err, err)


def check_bad():
    head = TABLES["binance-bookdepth"][0].replace(" ", ",")
    good = "2024-01-02 00:00:08,-5,10.5,100"
    rows = {"short": ("2024-01-02 00:00:08,-5,1", "bad_csv"), "long": (good + ",1", "bad_csv"), "NaN": (good.replace("10.5", "NaN"), "bad_number"),
            "plus": (good.replace("10.5", "+1"), "bad_number"), "open quote": (good.replace("10.5", '"10.5'), "bad_csv"),
            "time": (good.replace("01-02", "13-02"), "bad_time"), "29 February": (good.replace("2024-01-02", "2023-02-29"), "bad_time"),
            "bytes": (good.replace("10.5", "10.5\ud8ff"), "bad_utf8"), "inf": (good.replace("10.5", "inf"), "bad_number")}
    text = "\n".join([head, good] + [r for r, _ in rows.values()] + [good, ""])
    file = path("depth.csv")
    with open(file, "wb") as f:
        f.write(text.encode("utf-8", "surrogatepass"))
    code, got, err = convert(file, path("bad.parquet"), "--force")
    tap.check("bad rows are rejects, the rest is written", code == 0 and got["written"] == 2 and got["rejected"] == len(rows), err or got)
    with open(path("bad.parquet.rejects.ndjson"), encoding="utf-8") as f:
        rejects = [json.loads(line) for line in f]
    lines = text.encode("utf-8", "surrogatepass").split(b"\n")
    want = [(why, i + 3, sum(len(x) + 1 for x in lines[:i + 2])) for i, (_, why) in enumerate(rows.values())]
    tap.check("each with reason, line and offset", [(r["reason"], r["line"], r["offset"]) for r in rejects] == want, rejects[:2])
    code, got, err = convert(write("ok.csv", head + "\n" + good + "\n"), path("bad.parquet"))
    tap.check("an existing file is not replaced", code == 2 and "--force" in err, err)
    code, got, err = convert(path("ok.csv"), path("bad.parquet"), "--force")
    tap.check("with --force it is, and its rejects go", code == 0 and not os.path.exists(path("bad.parquet.rejects.ndjson")), err)
    huge = write("huge.csv", head + "\n" + good + "\n" + good + "x" * 6_000_000 + "\n" + good + "\n")
    code, got, err = convert(huge, path("huge.parquet"))
    tap.check("a line longer than any buffer is one reject", code == 0 and got["written"] == 2 and got["rejects"] == {"line_too_long": 1}, err or got)
    for target in ("events", "trades", "tardis", "capture"):
        code, got, err = convert(path("ok.csv"), path("x.out"), "--to", target)
        tap.check(f"a table is no {target}", code == 2 and "becomes .parquet" in err and not os.path.exists(path("x.out")), err)
    code, got, err = convert(path("bad.parquet"), path("x.parquet"))
    tap.check("a table of ours goes back to .csv only", code == 2 and "becomes .csv" in err, err)
    code, got, err = convert(write("empty.csv", head + "\n"), path("empty.parquet"))
    code2, back, err2 = convert(path("empty.parquet"), path("empty-back.csv"))
    tap.check("a header alone is a table without rows", code == 0 and code2 == 0 and got["rows"] == 0
              and read_csv(path("empty-back.csv")) == [head.split(",")], err + err2)


def check_losses():
    head = "date,open,high,low,close,volume\n"
    file = write("wide.csv", head + "2024-01-02,1.12345678901,123456789,1,1,12345678901234567890\n2024-01-03,12345678901.5,1,1,1,7\n")
    code, got, err = convert(file, path("w.parquet"))
    tap.check("what cannot be held is said first", code == 2 and "digits of numbers" in err and "a column cannot hold" in err
              and not os.path.exists(path("w.parquet")), err)
    code, got, err = convert(file, path("w.parquet"), "--lossy")
    t = columns(path("w.parquet"))
    kind, scale, values = t["open"]
    want = [Decimal("1.12345678901").quantize(Decimal(1).scaleb(-scale), ROUND_HALF_EVEN), Decimal("12345678901.5")]
    tap.check("--lossy: the nearest, or null", code == 0 and scale == 7 and [stored(kind, scale, v) for v in values] == want
              and t["volume"][2][0] is None and {x["messages"] for x in got["lost"]} == {1}, err or got)
    file = write("scales.csv", head + "2024-01-02,0.000000000001,1,1,1,123456789012.5\n")
    code, got, err = convert(file, path("s.parquet"))
    t = columns(path("s.parquet"))
    tap.check("another scale where the usual one does not do", code == 0 and t["open"][1] == 12 and t["volume"][1] == 6 and t["low"][1] == 9, err)
    derivative = TABLES["tardis-derivatives"][0].replace(" ", ",")
    row = "bitmex,XBTUSD,1583020803145000,1583020803307160,1583020800000000,{},0.1,1,1,1,1\n"
    code, got, err = convert(write("ratio.csv", derivative + "\n" + row.format("0.12345678901234567")), path("q.parquet"))
    tap.check("digits that no double holds are said first", code == 2 and "digits of numbers" in err, err)
    code, got, err = convert(write("ratio.csv", derivative + "\n" + row.format("0.1234567890123456")), path("q.parquet"))
    tap.check("those it holds are taken", code == 0, err)
    half = [("0.5", 0), ("1.5", 2), ("2.5", 2), ("0.50001", 1), ("-2.5", -2), ("3.4999", 3), ("25e-1", 2)]
    rows = "".join(f"2024-01-02,{v},1,1,1,1\n" for v, _ in half)
    code, got, err = convert(write("half.csv", head + rows + "2024-01-02,123456789012345678,1,1,1,1\n"), path("h.parquet"), "--lossy")
    tap.check("halves go to even", code == 0 and columns(path("h.parquet"))["open"][2][:-1] == [v for _, v in half], columns(path("h.parquet"))["open"])


def check_real():
    data = tap.data_dir()
    if data is None:
        print("# no real data: skipped")
        return
    for file in sorted(glob.glob(os.path.join(data, "indicators/quotes/*.csv"))) + [os.path.join(data, "tables/btc-perp-20211231-20220201_1m.csv")]:
        name = os.path.basename(file)
        if name in ("bad.csv", "btc-perp-20211231-20220201_1m.csv"):  # more digits than 18
            code, got, err = convert(file, path("real.parquet"), "--force")
            tap.check(f"{name}: its digits are too many", code == 2 and "digits of numbers" in err, err)
            code, got, err = convert(file, path("real.parquet"), "--force", "--lossy")
            tap.check(f"{name}: and rounded with leave", code == 0 and got["rejected"] == 0, err)
        else:
            there_and_back(name, file, "tppppq")
    for name in ("csv/derivative_ticker_1.csv", "options_chain.csv"):
        kinds = TABLES["tardis-derivatives" if "derivative" in name else "tardis-options"][1]
        there_and_back(name, os.path.join(data, "venue-samples/tardis", name), kinds)
    for file in glob.glob(os.path.join(data, "tardis/*.csv")):
        code, got, err = inspect(file)
        tap.check(f"{os.path.basename(file)}: events as before", code == 0 and got["rejected"] == 0
                  and got["trades"] + got["snapshots"] + got["messages"] > 0, err or got)


check_trades()
check_shapes()
check_quotes()
check_snapshots()
check_same_bytes()
check_tables()
check_bars()
check_bad()
check_losses()
check_real()
tap.finish()
