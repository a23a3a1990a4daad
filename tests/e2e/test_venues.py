# SPDX-License-Identifier: Apache-2.0
"""Real captures of every venue: each row, count and rebuilt book equals that of a plain reader of the venue's messages
(venue_reader.py), and single messages of the venues' documents are taken. One entry a venue in VENUES."""
import glob
import json
import os
import zipfile

import tap
import venue_reader
from venue_reader import nanos, utc


def bitfinex(m, url, state):
    if isinstance(m, dict):
        if m.get("event") == "subscribed":
            state[m["chanId"]] = (m["channel"], m["symbol"])
        return
    channel, symbol = state.get(m[0], (None, None))
    if m[1] == "cs":
        yield "delta", symbol, None, (None, None, None), []
        yield "check", symbol
    elif m[1] == "te":
        number, ms, amount, px = m[2][:4]
        yield "trade", symbol, nanos(ms, 10**6), number, int(amount < 0), px, abs(amount)
    elif channel == "book" and m[1] != "hb":
        rows = m[1] if not m[1] or isinstance(m[1][0], list) else [m[1]]
        levels = [(int(q < 0), px, abs(q) if n else 0) for px, n, q in rows]
        yield "delta" if rows is not m[1] else "snapshot", symbol, None, (None, None, None), levels
    elif channel == "ticker" and m[1] != "hb":  # its sizes are sums over 25 levels
        yield "ticker", symbol, None, None, m[1][0], 0, m[1][2], 0


def bitstamp(m, url, state):
    d = m if url else m.get("data")
    if url or m.get("channel", "").startswith("diff_order_book_") and m["event"] == "data":
        symbol = url.rpartition("/")[2] if url else m["channel"][16:]
        micros = int(d["microtimestamp"])
        levels = [(s, *x) for s, k in enumerate(("bids", "asks")) for x in d[k]]
        yield "snapshot" if url else "delta", symbol, micros * 1000, (micros, micros, None), levels
    elif m["event"] == "trade":
        yield "trade", m["channel"][12:], nanos(d["microtimestamp"], 1000), d["id"], d["type"], d["price_str"], d["amount_str"]


def gemini(m, url, state):
    if m.get("type") == "l2_updates":
        levels = [(("buy", "sell").index(x[0]), x[1], x[2]) for x in m["changes"]]
        yield "snapshot" if "trades" in m else "delta", m["symbol"], None, (None, None, None), levels
    elif m.get("type") == "trade":
        yield "trade", m["symbol"], nanos(m["timestamp"], 10**6), m["event_id"], ("buy", "sell").index(m["side"]), m["price"], \
            m["quantity"]


def hitbtc(m, url, state):
    method, d = m.get("method", ""), m.get("params")
    if method in ("snapshotOrderbook", "updateOrderbook"):
        levels = [(s, x["price"], x["size"]) for s, k in enumerate(("bid", "ask")) for x in d[k]]
        yield "snapshot" if method[0] == "s" else "delta", d["symbol"], utc(d["timestamp"]), (d["sequence"], d["sequence"], None), levels
    elif method == "updateTrades":
        for t in d["data"]:
            yield "trade", d["symbol"], utc(t["timestamp"]), t["id"], ("buy", "sell").index(t["side"]), t["price"], t["quantity"]
    elif method == "ticker":
        yield "ticker", d["symbol"], utc(d["timestamp"]), None, d["bid"] or 0, 0, d["ask"] or 0, 0


def kraken(m, url, state):
    if isinstance(m, list) and isinstance(m[-2], str):
        yield from kraken_v1(m)
        return
    data = m.get("data", []) if isinstance(m, dict) else []
    for d in data if isinstance(data, list) else []:
        if m["channel"] == "book":
            levels = [(s, x["price"], x["qty"]) for s, k in enumerate(("bids", "asks")) for x in d[k]]
            time = utc(d["timestamp"]) if "timestamp" in d else None
            yield "snapshot" if m["type"] == "snapshot" else "delta", d["symbol"], time, (None, None, None), levels
            yield "check", d["symbol"]
        elif m["channel"] == "trade" and m["type"] != "snapshot":
            yield "trade", d["symbol"], utc(d["timestamp"]), d["trade_id"], ("buy", "sell").index(d["side"]), d["price"], d["qty"]
        elif m["channel"] == "ticker":
            time = utc(d["timestamp"]) if "timestamp" in d else None
            yield "ticker", d["symbol"], time, None, d["bid"], d["bid_qty"], d["ask"], d["ask_qty"]


def kraken_v1(m):
    symbol, name = m[-1], m[-2]
    if name.startswith("book-"):
        parts = {k: v for x in m[1:-2] for k, v in x.items()}
        whole = "as" in parts or "bs" in parts
        sides = ("bs", "as") if whole else ("b", "a")
        rows = [(s, x) for s, k in enumerate(sides) for x in parts.get(k, [])]
        yield "snapshot" if whole else "delta", symbol, max(nanos(x[2]) for _, x in rows), (None, None, None), \
            [(s, x[0], x[1]) for s, x in rows]
        if "c" in parts:
            yield "check", symbol
    elif name == "trade":
        for x in m[1]:
            yield "trade", symbol, nanos(x[2]), None, "bs".index(x[3]), x[0], x[1]
    elif name == "spread":
        bid, ask, time, bid_qty, ask_qty = m[1][:5]
        yield "ticker", symbol, nanos(time), None, bid, bid_qty, ask, ask_qty


def okx(m, url, state):
    channel, symbol = m.get("arg", {}).get("channel"), m.get("arg", {}).get("instId")
    for d in m.get("data", []):
        time = nanos(d["ts"], 10**6) if "ts" in d else None
        if channel in ("books", "books5", "books-l2-tbt", "books50-l2-tbt"):
            whole = m.get("action") == "snapshot" or channel == "books5"
            last, prev = d.get("seqId"), d.get("prevSeqId", -1)
            levels = [(s, x[0], x[1]) for s, k in enumerate(("bids", "asks")) for x in d[k]]
            yield "snapshot" if whole else "delta", symbol, time, (last, last, prev if prev >= 0 else None), levels
            if d.get("checksum", 0) != 0:
                yield "check", symbol
        elif channel == "trades":
            yield "trade", d["instId"], time, d["tradeId"], ("buy", "sell").index(d["side"]), d["px"], d["sz"]
        elif channel == "tickers":
            yield "ticker", symbol, time, None, d["bidPx"] or 0, d["bidSz"] or 0, d["askPx"] or 0, d["askSz"] or 0
        elif channel == "bbo-tbt":
            (bid, ask) = ((d[k] or [[0, 0]])[0] for k in ("bids", "asks"))
            yield "ticker", symbol, time, None, bid[0], bid[1], ask[0], ask[1]


def bybit(m, url, state):
    if url or not isinstance(m, dict):
        return
    (topic, _, rest), d = m.get("topic", "").partition("."), m.get("data")
    if topic == "orderbook":
        whole = m["type"] == "snapshot" or d["u"] == 1
        levels = [(s, x[0], x[1]) for s, k in enumerate("ba") for x in d[k]]
        yield "snapshot" if whole else "delta", d["s"], m["cts"] * 10**6, (d["u"], d["u"], None), levels
    elif topic == "orderBookL2_25":
        levels = [("BS".index(x["side"][0]), x["price"], x.get("size", 0)) for k, rows in d.items() for x in rows]
        time = nanos(m["timestamp_e6"], 1000)
        yield "snapshot" if m["type"] == "snapshot" else "delta", rest, time, (None, None, None), levels
    elif topic == "trade":
        for x in d:
            yield "trade", x["symbol"], nanos(x["trade_time_ms"], 10**6), x["trade_id"], "BS".index(x["side"][0]), \
                x["price"], x["size"]


def coinbase(m, url, state):
    if not isinstance(m, dict) or url:
        return
    kind, symbol, time = m.get("type"), m.get("product_id"), utc(m["time"]) if "time" in m else None
    if kind == "snapshot":
        levels = [(s, x[0], x[1]) for s, k in enumerate(("bids", "asks")) for x in m[k]]
        yield "snapshot", symbol, time, (None, None, None), levels
    elif kind == "l2update":
        yield "delta", symbol, time, (None, None, None), [(("buy", "sell").index(x[0]), x[1], x[2]) for x in m["changes"]]
    elif kind == "match":  # the side is the maker's
        yield "trade", symbol, time, m["trade_id"], ("sell", "buy").index(m["side"]), m["price"], m["size"]
    elif kind == "ticker":
        yield "ticker", symbol, time, m["sequence"], m["best_bid"], m.get("best_bid_size", 0), m["best_ask"], \
            m.get("best_ask_size", 0)


def gateio(m, url, state):
    if url:  # futures say seconds
        symbol = url.partition("currency_pair=" if "spot" in url else "contract=")[2].partition("&")[0]
        levels = [(s, *gate_level(x)) for s, k in enumerate(("bids", "asks")) for x in m[k]]
        time = nanos(m["update"], 10**6 if "spot" in url else 10**9) if "update" in m else None
        yield "snapshot", symbol, time, (m["id"], m["id"], None), levels
        return
    if not isinstance(m, dict) or m.get("event") != "update":
        return
    what, r = m["channel"].partition(".")[2], m["result"]
    if what == "order_book_update":
        levels = [(s, *gate_level(x)) for s, k in enumerate("ba") for x in r[k]]
        yield "delta", r["s"], nanos(r["t"], 10**6), (r["U"], r["u"], None), levels
    elif what == "book_ticker":
        yield "ticker", r["s"], nanos(r["t"], 10**6), r["u"], r["b"] or 0, r["B"], r["a"] or 0, r["A"]
    elif m["channel"] == "spot.tickers":
        yield "ticker", r["currency_pair"], nanos(m["time"]), None, r["highest_bid"], 0, r["lowest_ask"], 0
    elif what == "trades":
        for t in r if isinstance(r, list) else [r]:
            sold = t["side"] == "sell" if "side" in t else t["size"] < 0
            yield "trade", t.get("currency_pair") or t["contract"], nanos(t["create_time_ms"], 10**6), t["id"], int(sold), \
                t["price"], t.get("amount") or abs(t["size"])


def gate_level(x):
    return (x["p"], x["s"]) if isinstance(x, dict) else x


def kucoin(m, url, state):
    if url:
        d = m["data"]
        levels = [(s, *x[:2]) for s, k in enumerate(("bids", "asks")) for x in d[k]]
        yield "snapshot", url.partition("symbol=")[2], nanos(d["time"], 10**6), (int(d["sequence"]), int(d["sequence"]), None), levels
    elif not isinstance(m, dict) or "subject" not in m:
        return
    elif m["subject"] == "trade.l2update":
        d = m["data"]
        levels = [(s, *x[:2]) for s, k in enumerate(("bids", "asks")) for x in d["changes"][k]]
        time = nanos(d["time"], 10**6) if "time" in d else None
        yield "delta", d["symbol"], time, (d["sequenceStart"], d["sequenceEnd"], None), levels
    elif m["subject"] == "trade.l3match":
        d = m["data"]
        yield "trade", d["symbol"], int(d["time"]), d["tradeId"], ("buy", "sell").index(d["side"]), d["price"], d["size"]
    elif m["subject"] == "trade.ticker":
        d = m["data"]
        yield "ticker", m["topic"].partition(":")[2], nanos(d["time"], 10**6), int(d["sequence"]), d["bestBid"], \
            d["bestBidSize"], d["bestAsk"], d["bestAskSize"]


def deribit(m, url, state):
    p = m.get("params", {}) if isinstance(m, dict) else {}
    kind, d = p.get("channel", "").split(".")[0], p.get("data")
    if kind == "book":
        time, last, prev = d["timestamp"] * 10**6, d["change_id"], d.get("prev_change_id")
        if p["channel"].count(".") > 2:
            levels = [(s, *x) for s, k in enumerate(("bids", "asks")) for x in d[k]]
        else:
            levels = [(s, x[1], 0 if x[0] == "delete" else x[2]) for s, k in enumerate(("bids", "asks")) for x in d[k]]
        yield "snapshot" if prev is None else "delta", d["instrument_name"], time, (last, last, prev), levels
    elif kind == "trades":
        for x in d:
            yield "trade", x["instrument_name"], x["timestamp"] * 10**6, x["trade_id"], ("buy", "sell").index(x["direction"]), \
                x["price"], x["amount"]
    elif kind in ("ticker", "quote"):
        yield "ticker", d["instrument_name"], d["timestamp"] * 10**6, None, \
            *((d[f"best_{s}_{k}"] or 0) for s in ("bid", "ask") for k in ("price", "amount"))


def poloniex(m, url, state):
    for d in m.get("data", []):
        if m["channel"] == "book_lv2":
            levels = [(s, *x) for s, k in enumerate(("bids", "asks")) for x in d[k]]
            ids = (d["id"], d["id"], d["lastId"])
            yield "snapshot" if m["action"] == "snapshot" else "delta", d["symbol"], nanos(d["createTime"], 10**6), ids, levels
        elif m["channel"] == "trades":
            yield "trade", d["symbol"], nanos(d["createTime"], 10**6), d["id"], ("buy", "sell").index(d["takerSide"]), \
                d["price"], d["quantity"]


def bitmex(m, url, state):
    if not isinstance(m, dict) or url:
        return
    for d in m.get("data", []):
        time = utc(d["timestamp"]) if "timestamp" in d else None
        if m["table"] == "orderBookL2":  # a row without a price is of a level that had one: the engine has it from a line
            px = state.setdefault((d["symbol"], d["id"]), d.get("price"))
            state["rows"] = state.get("rows", []) + [("BS".index(d["side"][0]), px, d.get("size", 0))]
        elif m["table"] == "trade" and m["action"] == "insert":
            yield "trade", d["symbol"], time, d["trdMatchID"], "BS".index(d["side"][0]), d["price"], d["size"]
        elif m["table"] == "quote":
            yield "ticker", d["symbol"], time, None, d["bidPrice"], d["bidSize"], d["askPrice"], d["askSize"]
    if "rows" in state:
        symbols = {d["symbol"] for d in m["data"]}
        assert len(symbols) == 1
        yield "snapshot" if m["action"] == "partial" else "delta", symbols.pop(), None, (None, None, None), state.pop("rows")


def hyperliquid(m, url, state):
    d = m.get("data", m)
    if m.get("channel") == "trades":
        for x in d:
            yield "trade", x["coin"], x["time"] * 10**6, x["tid"], "BA".index(x["side"]), x["px"], x["sz"]
    elif "levels" in d:
        levels = [(s, x["px"], x["sz"]) for s in (0, 1) for x in d["levels"][s]]
        yield "snapshot", d["coin"], d["time"] * 10**6, (None, None, None), levels


# captures: lists of files that are one stream; rule: of venue_reader.Book; decimals: those of run; steps: messages that
# follow the one before, as an independent count has them; checks: checksums; samples: single messages, {name: rejects}
VENUES = {
    "bitfinex": dict(read=bitfinex, rule="none", captures=[["BITFINEX.ws.11.0"]]),
    "bitmex": dict(read=bitmex, rule="none", captures=[["BITMEX.ws.1.0"]], decimals=(10, 8),
                   samples={"ws_funding_rate": 0, "ws_instrument": 0, "ws_liquidation": 0, "ws_quote": 0, "ws_trade": 0}),
    "bitstamp": dict(read=bitstamp, rule="after", captures=[["BITSTAMP.ws.1.0", "BITSTAMP.http.0.0"]], steps=708,
                     decimals=(8, 8)),
    "bybit": dict(read=bybit, rule="step", captures=[["BYBIT.ws.25.0"], ["bybit_xrpusdt-ob500.data.zip"]], steps=49,
                  samples={"ws_kline": 0, "ws_public_trade": 0, "ws_subscription_ack": 0, "ws_subscription_failure": 0,
                           "ws_ticker_linear": 0, "ws_ticker_option": 0}),
    "coinbase": dict(read=coinbase, rule="none", captures=[["COINBASE.ws.28.0"]]),
    "deribit": dict(read=deribit, rule="chain", captures=[["DERIBIT.ws.1.0"]], steps=36,
                    samples={"ws_book_delta": 0, "ws_book_grouped_snapshot": 0, "ws_book_snapshot": 0, "ws_chart": 0,
                             "ws_error": 0, "ws_quote": 0, "ws_subscribe_response": 0, "ws_test_request": 0, "ws_ticker": 0,
                             "ws_trades": 0, "ws_trades_option_combo": 0, "ws_volatility_index": 0}),
    "gateio": dict(read=gateio, rule="spot", captures=[["GATEIO.ws.1.0", "GATEIO.http.0.0"]], steps=162, decimals=(8, 10)),
    "gateio-futures": dict(read=gateio, rule="spot", ticker_checks=True, captures=[["GATEIO_FUTURES.ws.1.0", "GATEIO_FUTURES.http.0.0"]],
                           steps=342),
    "gemini": dict(read=gemini, rule="none", captures=[["GEMINI.ws.1.0"]]),
    "hitbtc": dict(read=hitbtc, rule="step", captures=[["HITBTC.ws.1.0"]], steps=516, decimals=(10, 8),
                   findings=2),  # 517, but one follows a book with an ask of 9999999999.99999
    "hyperliquid": dict(read=hyperliquid, rule="none", captures=[["hyperliquid_btcusd_20250126.gz"]],
                        samples={"ws_allmids": 0, "ws_book_data": 0, "ws_all_dexs_asset_ctxs": 0}),
    "kraken": dict(read=kraken, rule="none", captures=[["KRAKEN.ws.50.0"], ["KRAKEN.ws.48.0"]], decimals=(8, 8), depth=1000,
                   checks=4269, samples={"ws_book_snapshot": 0, "ws_book_update": 0, "ws_trade_update": 0,
                                         "ws_ticker_snapshot": 0, "ws_pong": 0, "ws_ohlc_update": 0}),
    "kucoin": dict(read=kucoin, rule="spot", captures=[["KUCOIN.ws.1.0", "KUCOIN.http.0.0"]], steps=3844, decimals=(10, 8),
                   ticker_checks=True, findings=1),  # an ask of 100000000 beside bids of ten decimals
    "okx": dict(read=okx, rule="chain", captures=[["OKX.ws.1.0"]], checks=290,
                samples={"ws_books_snapshot": 0, "ws_books_update": 0, "ws_bbo_tbt": 0, "ws_tickers": 0, "ws_trades": 0,
                         "ws_candle": 0, "ws_instruments": 0, "ws_funding_rate": 0}),
    "poloniex": dict(read=poloniex, rule="chain", captures=[["POLONIEX.ws.1.0"]], steps=283),
}


def compare(name, want, out, v):
    wrong = []
    for kind, tables in want.rows.items():
        for symbol, rows in tables.items():
            got = venue_reader.table(out, kind, symbol)
            first = next((i for i, (a, b) in enumerate(zip(got, rows)) if a != b), min(len(got), len(rows)))
            if got != rows:
                wrong.append(f"{symbol} {kind}: {len(got)} rows, not {len(rows)}; row {first}: {got[first:first + 1]}, "
                             f"not {rows[first:first + 1]}")
    n = sum(len(rows) for t in want.rows.values() for rows in t.values())
    tap.check(f"{name}: {n} rows are the reader's", n > 0 and not wrong, "\n".join(wrong))
    wrong = []
    whole = {s: b for s, b in want.books.items() if b.is_live and (b.side[0] or b.side[1])}
    for symbol, book in whole.items():
        got = venue_reader.last_book(out, symbol)
        if got != book.top(10):
            wrong.append(f"{symbol}: {got}\nnot {book.top(10)}")
    tap.check(f"{name}: {len(whole)} books are the reader's", not wrong, "\n".join(wrong))


def capture(name, files, v, out):
    decimals = v.get("decimals", (9, 8))
    want = venue_reader.Capture(files, v["read"], v["rule"], decimals, v.get("depth", 0))
    scale = ["--price-decimals", decimals[0], "--quantity-decimals", decimals[1]]
    got = tap.run_json(*files, "--out", out, *scale)
    counts = dict(want.counts, crossed=want.sum("crossed"), gaps=want.sum("gaps"), checksums=want.checks,
                  checksums_equal=want.checks)
    wrong = {k: (got.get(k), n) for k, n in counts.items() if got.get(k) != n}
    tap.check(f"{name}: counts are the reader's", not wrong, f"{wrong} {got}")
    rejected = sum(got.get("rejected", {"?": 1}).values())
    tap.check(f"{name}: {len(want.rejects)} rejects", rejected == len(want.rejects), got)
    if v.get("ticker_checks"):
        tap.check(f"{name}: the venue's own best prices", 0 < got["ticker_checks"] == got["ticker_checks_equal"], got)
    compare(name, want, out, v)
    code, text, err = tap.run("verify", *files, *scale)
    found = v.get("findings", 0)
    tap.check(f"{name}: verify has {found} findings", code == bool(found) and f"{found} findings" in text, text + err)
    return want


def samples(data, name, v):
    """Single messages, on a line of their own with a time, each read as this venue's."""
    for path in sorted(glob.glob(os.path.join(data, "venue-samples", name, "ws_*.json"))):
        sample = os.path.basename(path)[:-5]
        rejects = v.get("samples", {}).get(sample)
        if rejects is None:
            continue
        with open(path, encoding="utf-8") as f:
            text = json.dumps(json.load(f, parse_float=lambda s: Verbatim(s)))
        folder = os.path.join(tap.SCRATCH, "samples", f"venue={name}", "symbol=BTC-USD")
        os.makedirs(folder, exist_ok=True)
        line = os.path.join(folder, sample + ".txt")
        with open(line, "w", encoding="utf-8") as f:
            f.write(f"1700000000000000000 {text}\n")
        got = tap.run_json(line, "--out", line + ".out")
        tap.check(f"{name}: {sample} is taken", sum(got.get("rejected", {"?": 99}).values()) == rejects, got)


class Verbatim(float):
    """A number that is written as it was read."""

    def __new__(cls, text):
        v = super().__new__(cls, text)
        v.text = text
        return v

    def __repr__(self):
        return self.text


def find(data, name):
    """A capture of cryptofeed by its name, else a file of the venues' folder; a zip file's only member."""
    path = os.path.join(data, "venues", name)
    if not os.path.exists(path):
        return os.path.join(data, "cryptofeed", name + ".gz")
    if not zipfile.is_zipfile(path):
        return path
    with zipfile.ZipFile(path) as z:
        return z.extract(z.namelist()[0], tap.SCRATCH)


def main():
    data = tap.data_dir()
    if data is None:
        tap.skip_all("the captures' folder is absent")
    for name, v in VENUES.items():
        steps = checks = 0
        for i, group in enumerate(v["captures"]):
            files = [find(data, f) for f in group]
            want = capture(f"{name} {group[0]}", files, v, os.path.join(tap.SCRATCH, f"{name}.{i}"))
            steps, checks = steps + want.sum("steps"), checks + want.checks
        tap.check(f"{name}: {v.get('steps', 0)} steps, {v.get('checks', 0)} checksums",
                  (steps, checks) == (v.get("steps", steps), v.get("checks", 0)), (steps, checks))
        samples(data, name, v)
    tap.finish()


main()
