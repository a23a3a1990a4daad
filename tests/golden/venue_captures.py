# SPDX-License-Identifier: Apache-2.0
"""A small session of each venue, in the venue's words, from one random book. What is written is ours; the shapes are those of
the venues' documents. One writer a venue: write(event) -> lines of a cryptofeed capture."""
import json
import random
import time
import zlib

import venue_perps

STEPS = 36
LOST, TWICE = 25, 13  # messages by number


class Event:
    """kind: snapshot, delta, trade or ticker; bids, asks: [(price, quantity)], texts; ids; ms: the venue's time."""

    def __init__(self, kind, ms, first, last, prev, bids, asks, book, side="buy"):
        self.kind, self.ms, self.first, self.last, self.prev = kind, ms, first, last, prev
        self.bids, self.asks, self.book, self.side = bids, asks, book, side
        self.recv = f"{ms // 1000}.{ms % 1000:03d}"
        self.utc = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(ms // 1000)) + f".{ms % 1000:03d}Z"

    def line(self, message, url=None):
        return f"{url + ' -> ' if url else ''}{self.recv}: {json.dumps(message, separators=(',', ':'))}"

    def rows(self, side):
        return [list(x) for x in (self.bids, self.asks)[side]]


def events(seed):
    r = random.Random(seed)
    book = ({}, {})  # ticks of 0.05 around 100 -> quantity in thousandths
    ms, last, out = 1700000000000, 5000, []

    def text(ticks):
        return f"{ticks * 0.05:.2f}"

    def levels(side, prices):
        order = sorted(prices, reverse=side == 0)
        return [(text(p), f"{book[side].get(p, 0) / 1000:.3f}".rstrip("0").rstrip(".")) for p in order]

    for i in range(STEPS):
        ms += r.randrange(5, 400)
        kind = "snapshot" if i in (0, 30) else "trade" if i % 7 == 3 else "ticker" if i % 7 == 5 else "delta"
        changed = (set(), set())
        for _ in range(0 if kind in ("trade", "ticker") else 12 if i == 0 else r.randrange(1, 4)):
            side = r.randrange(2)
            p = 2000 - r.randrange(12) if side == 0 else 2001 + r.randrange(12)
            if r.random() < 0.3 and i > 0:
                book[side].pop(p, None)
            else:
                book[side][p] = r.randrange(1, 9000)
            changed[side].add(p)
        whole = [levels(s, book[s]) for s in (0, 1)]
        if kind == "trade":
            out.append(Event(kind, ms, 0, 900 + i, 0, [(text(2000), f"0.{r.randrange(1, 10)}")], [], whole, r.choice(("buy", "sell"))))
            continue
        prev, last = last, last + (r.randrange(1, 4) if kind in ("snapshot", "delta") else 0)
        parts = whole if kind != "delta" else [levels(s, changed[s]) for s in (0, 1)]
        if kind == "ticker":
            parts = [w[:1] for w in whole]
        out.append(Event(kind, ms, prev + 1, last, prev, parts[0], parts[1], whole))
    return out


def best(e):
    (bid, bid_qty), (ask, ask_qty) = ((x or [("0", "0")])[0] for x in (e.bids, e.asks))
    return bid, bid_qty, ask, ask_qty


class Bitfinex:
    bound = False

    def __call__(self, e):
        out = []
        if not self.bound:
            self.bound = True
            for number, channel in ((1, "book"), (2, "trades"), (3, "ticker")):
                m = {"event": "subscribed", "channel": channel, "chanId": number, "symbol": "tABCUSD", "prec": "P0"}
                out.append(e.line({k: v for k, v in m.items() if k != "prec" or channel == "book"}))
        if e.kind == "trade":
            qty = float(e.bids[0][1]) * (1 if e.side == "buy" else -1)
            out.append(e.line([2, "te", [e.last, e.ms, qty, float(e.bids[0][0])]]))
        elif e.kind == "ticker":
            out.append(e.line([3, [float(best(e)[0]), 1.7023900800000002, float(best(e)[2]), 2.1, 0, 0, 0, 0, 0, 0]]))
        else:
            rows = [[float(p), int(q != "0"), (float(q) or 1) * s] for x, s in ((e.bids, 1), (e.asks, -1)) for p, q in x]
            out += [e.line([1, rows])] if e.kind == "snapshot" else [e.line([1, row]) for row in rows]
            text = []
            for i in range(25):
                for s in (0, 1):
                    if i < len(e.book[s]):
                        text += [f"{float(e.book[s][i][0]):g}", f"{'-' if s else ''}{e.book[s][i][1]}"]
            crc = zlib.crc32(":".join(text).encode())
            out.append(e.line([1, "cs", crc - (1 << 32) if crc >> 31 else crc]))
        return out


def bitstamp(e):
    if e.kind == "ticker":
        return []
    if e.kind == "trade":
        data = {"id": e.last, "microtimestamp": f"{e.ms}000", "amount": float(e.bids[0][1]), "amount_str": e.bids[0][1],
                "price": float(e.bids[0][0]), "price_str": e.bids[0][0], "type": int(e.side == "sell")}
        return [e.line({"data": data, "channel": "live_trades_abcusd", "event": "trade"})]
    data = {"microtimestamp": f"{e.ms}000", "bids": e.rows(0), "asks": e.rows(1)}
    if e.kind == "snapshot":
        return [e.line(data, "https://www.bitstamp.net/api/v2/order_book/abcusd")]
    return [e.line({"data": data, "channel": "diff_order_book_abcusd", "event": "data"})]


def coinbase(e):
    m = {"type": {"delta": "l2update", "trade": "match"}.get(e.kind, e.kind), "product_id": "ABC-USD"}
    if e.kind == "snapshot":
        m.update(asks=e.rows(1), bids=e.rows(0))
    elif e.kind == "delta":
        m["changes"] = [["buy", *x] for x in e.rows(0)] + [["sell", *x] for x in e.rows(1)]
    elif e.kind == "trade":
        m.update(trade_id=e.last, side="sell" if e.side == "buy" else "buy", price=e.bids[0][0], size=e.bids[0][1])
    else:
        m.update(zip(("best_bid", "best_bid_size", "best_ask", "best_ask_size"), best(e)), sequence=e.last)
    return [e.line(dict(m, time=e.utc))]


class CoinbaseOrders:
    """The full channel: an order a level, taken back and placed anew where the level changes."""

    def __init__(self):
        self.seq, self.n, self.order = 7000, 0, {}

    def place(self, side, price):
        self.n += 1
        self.order[side, price] = f"{self.n:08x}-0000-4000-8000-{self.n:012x}"
        return self.order[side, price]

    def say(self, e, what, **more):
        self.seq += 1
        return e.line(dict(type=what, product_id="ABC-USD", sequence=self.seq, time=e.utc, **more))

    def __call__(self, e):
        if e.kind == "ticker":
            return coinbase(e)
        if e.kind == "trade":
            maker = self.order.get((0, e.bids[0][0]), "ffffffff-0000-4000-8000-000000000000")
            return [self.say(e, "received", order_id=maker),
                    self.say(e, "match", trade_id=e.last, maker_order_id=maker, side="buy", price=e.bids[0][0], size=e.bids[0][1])]
        if e.kind == "snapshot":
            self.order = {}
            book = [[[p, q, self.place(side, p)] for p, q in e.rows(side)] for side in (0, 1)]
            return [e.line({"bids": book[0], "asks": book[1], "sequence": self.seq},
                           "https://api.exchange.coinbase.com/products/ABC-USD/book?level=3")]
        out = []
        for side in (0, 1):
            for price, size in e.rows(side):
                if (side, price) in self.order:
                    out.append(self.say(e, "done", order_id=self.order.pop((side, price)), reason="canceled"))
                if size != "0":
                    out.append(self.say(e, "open", order_id=self.place(side, price), price=price, remaining_size=size,
                                        side="sell" if side else "buy"))
        return out


def gateio(e):
    def update(what, result):
        return [e.line({"time": e.ms // 1000, "channel": "spot." + what, "event": "update", "result": result})]
    if e.kind == "snapshot":
        url = "https://api.gateio.ws/api/v4/spot/order_book?currency_pair=ABC_USDT&limit=100&with_id=true"
        return [e.line({"id": e.last, "update": e.ms, "asks": e.rows(1), "bids": e.rows(0)}, url)]
    if e.kind == "trade":
        return update("trades", {"id": e.last, "create_time_ms": f"{e.ms}.25", "side": e.side, "currency_pair": "ABC_USDT",
                                 "price": e.bids[0][0], "amount": e.bids[0][1]})
    if e.kind == "ticker":
        return update("book_ticker", dict(zip("bBaA", best(e)), t=e.ms, u=e.last, s="ABC_USDT"))
    return update("order_book_update", {"t": e.ms, "s": "ABC_USDT", "U": e.first, "u": e.last, "b": e.rows(0), "a": e.rows(1)})


def gateio_futures(e):
    def update(what, result):
        return [e.line({"time": e.ms // 1000, "channel": "futures." + what, "event": "update", "result": result})]

    def rows(side):
        return [{"p": p, "s": float(q)} for p, q in e.rows(side)]
    if e.kind == "snapshot":
        url = "https://api.gateio.ws/api/v4/futures/usdt/order_book?contract=ABC_USDT&limit=100&with_id=true"
        return [e.line({"id": e.last, "update": e.ms / 1000, "asks": rows(1), "bids": rows(0)}, url)]
    if e.kind == "trade":
        size = float(e.bids[0][1]) * (1 if e.side == "buy" else -1)
        return update("trades", [{"id": e.last, "create_time_ms": e.ms, "contract": "ABC_USDT", "price": e.bids[0][0], "size": size}])
    if e.kind == "ticker":
        return update("book_ticker", dict(zip("bBaA", best(e)), t=e.ms, u=e.last, s="ABC_USDT"))
    return update("order_book_update", {"t": e.ms, "s": "ABC_USDT", "U": e.first, "u": e.last, "b": rows(0), "a": rows(1)})


def gemini(e):
    if e.kind == "ticker":
        return []
    if e.kind == "trade":
        return [e.line({"type": "trade", "symbol": "ABCUSD", "event_id": e.last, "timestamp": e.ms, "price": e.bids[0][0],
                        "quantity": e.bids[0][1], "side": e.side})]
    m = {"type": "l2_updates", "symbol": "ABCUSD", "changes": [["buy", *x] for x in e.rows(0)] + [["sell", *x] for x in e.rows(1)]}
    return [e.line(dict(m, trades=[]) if e.kind == "snapshot" else m)]


class Stepped:
    """Ids that rise by one a book message."""

    def __init__(self, write):
        self.write, self.id = write, 70

    def __call__(self, e):
        self.id += e.kind in ("snapshot", "delta")
        return self.write(e, self.id)


def hitbtc(e, number):
    if e.kind == "trade":
        trade = {"t": e.ms, "i": e.last, "p": e.bids[0][0], "q": e.bids[0][1], "s": e.side}
        return [e.line({"ch": "trades", "update": {"ABCUSD": [trade]}})]
    if e.kind == "ticker":
        return [e.line({"ch": "orderbook/top/100ms", "data": {"ABCUSD": dict(zip("bBaA", best(e)), t=e.ms)}})]
    book = {"t": e.ms, "s": number, "a": e.rows(1), "b": e.rows(0)}
    return [e.line({"ch": "orderbook/full", "snapshot" if e.kind == "snapshot" else "update": {"ABCUSD": book}})]


def kucoin(e):
    def message(topic, subject, data):
        return [e.line({"topic": f"/market/{topic}:ABC-USDT", "subject": subject, "type": "message", "data": data})]
    if e.kind == "snapshot":
        url = "https://api.kucoin.com/api/v3/market/orderbook/level2?symbol=ABC-USDT"
        return [e.line({"code": "200000", "data": {"time": e.ms, "sequence": str(e.last), "bids": e.rows(0), "asks": e.rows(1)}}, url)]
    if e.kind == "trade":
        return message("match", "trade.l3match", {"symbol": "ABC-USDT", "side": e.side, "price": e.bids[0][0], "size": e.bids[0][1],
                                                  "tradeId": f"6085c09{e.last}", "time": f"{e.ms}000001"})
    if e.kind == "ticker":
        data = dict(zip(("bestBid", "bestBidSize", "bestAsk", "bestAskSize"), best(e)))
        return message("ticker", "trade.ticker", dict(data, sequence=str(e.last), time=e.ms))
    return message("level2", "trade.l2update", {"symbol": "ABC-USDT", "sequenceStart": e.first, "sequenceEnd": e.last, "time": e.ms,
                                                "changes": {"asks": [x + ["0"] for x in e.rows(1)], "bids": [x + ["0"] for x in e.rows(0)]}})


def okx(e):
    def push(channel, data, **more):
        return [e.line(dict({"arg": {"channel": channel, "instId": "ABC-USDT"}}, **more, data=[dict(data, ts=str(e.ms))]))]
    if e.kind == "trade":
        return push("trades", {"instId": "ABC-USDT", "tradeId": str(e.last), "px": e.bids[0][0], "sz": e.bids[0][1], "side": e.side})
    sides = {k: [x + ["0", "1"] for x in e.rows(s)] for s, k in enumerate(("bids", "asks"))}
    if e.kind == "ticker":
        return push("bbo-tbt", sides)
    whole = e.kind == "snapshot"
    return push("books", dict(sides, seqId=e.last, prevSeqId=-1 if whole else e.prev, checksum=0), action="snapshot" if whole else "update")


def poloniex(e):
    if e.kind == "ticker":
        return []
    if e.kind == "trade":
        return [e.line({"channel": "trades", "data": [{"symbol": "ABC_USDT", "createTime": e.ms, "takerSide": e.side, "id": str(e.last),
                                                       "price": e.bids[0][0], "quantity": e.bids[0][1]}]})]
    book = {"symbol": "ABC_USDT", "createTime": e.ms, "asks": e.rows(1), "bids": e.rows(0), "lastId": e.prev, "id": e.last}
    return [e.line({"channel": "book_lv2", "data": [book], "action": "snapshot" if e.kind == "snapshot" else "update"})]


def writers():
    """Names as cryptofeed's files have them."""
    return {"BITFINEX": Bitfinex(), "BITSTAMP": bitstamp, "COINBASE": coinbase, "COINBASE_ORDERS": CoinbaseOrders(), "GATEIO": gateio, "GATEIO_FUTURES": gateio_futures,
            "GEMINI": gemini, "HITBTC": Stepped(hitbtc), "KUCOIN": kucoin, "OKX": okx, "POLONIEX": poloniex,
            **venue_perps.writers()}


def capture(name):
    """Lines: one message is lost, one comes twice, one is damaged."""
    write, out = writers()[name], []
    for i, e in enumerate(events(name)):
        lines = write(e)
        if i == 20 and lines:
            out.append(lines[0][:-4])
        out += [] if i == LOST else lines * (2 if i == TWICE else 1)
    return out
