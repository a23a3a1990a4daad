# SPDX-License-Identifier: Apache-2.0
"""A model of an exchange that speaks Coinbase's full channel, and a plain follower of it, both after the venue's documents: what
it says, its books on request, and what a reader must make of it when messages are lost, repeated or swapped."""
import collections
import json
import random

T0 = 1723161600 * 10**9
TICK, LOT = 10**7, 10**4  # 0.01 at nine decimals, 0.0001 at eight


class Product:
    """One book: orders by id in order of arrival, a sequence of its own."""

    def __init__(self, name, rng, mid):
        self.name, self.rng, self.mid = name, rng, mid
        self.order, self.seq, self.trades, self.n_ids = {}, rng.randrange(10**9, 10**10), [], 0

    def uuid(self):
        self.n_ids += 1
        h = f"{self.rng.getrandbits(128):032x}"
        return f"{h[:8]}-{h[8:12]}-{h[12:16]}-{h[16:20]}-{h[20:]}"

    def levels(self):
        out = collections.Counter()
        for side, px, qty in self.order.values():
            out[side, px] += qty
        return dict(out)

    def say(self, kind, **more):
        self.seq += 1
        return dict(type=kind, product_id=self.name, sequence=self.seq, **more)

    def text(self, v, unit, decimals):
        s = f"{v * unit / 10**decimals:.{decimals}f}"
        return s.rstrip("0").rstrip(".") if self.rng.random() < 0.5 else s

    def px(self, ticks):
        return self.text(ticks, TICK, 9)

    def qty(self, lots):
        return self.text(lots, LOT, 8)

    def best(self, side):
        prices = [px for s, px, _ in self.order.values() if s == side]
        return (max if side == "buy" else min)(prices) if prices else None

    def limit(self, side, px, qty):
        """A limit order: what it takes, then what rests."""
        me = self.uuid()
        out = [self.say("received", order_id=me, size=self.qty(qty), price=self.px(px), side=side, order_type="limit")]
        other = "sell" if side == "buy" else "buy"
        while qty > 0:
            best = self.best(other)
            if best is None or (best > px if side == "buy" else best < px):
                break
            maker = next(i for i, (s, p, _) in self.order.items() if s == other and p == best)
            n = min(qty, self.order[maker][2])
            out.append(self.say("match", trade_id=len(self.trades) + 1, maker_order_id=maker, taker_order_id=me, side=other,
                                size=self.qty(n), price=self.px(best)))
            self.trades.append((self.seq, side, best, n))
            qty -= n
            self.order[maker] = (other, best, self.order[maker][2] - n)
            if self.order[maker][2] == 0:
                del self.order[maker]
                out.append(self.say("done", order_id=maker, reason="filled", price=self.px(best), remaining_size="0", side=other))
        if qty > 0 and self.rng.random() < 0.9:
            self.order[me] = (side, px, qty)
            out.append(self.say("open", order_id=me, price=self.px(px), remaining_size=self.qty(qty), side=side))
        else:
            more = {"price": self.px(px)} if self.rng.random() < 0.5 else {}
            out.append(self.say("done", order_id=me, reason="canceled", remaining_size=self.qty(qty), side=side, **more))
        return out

    def change(self):
        """A resting order becomes smaller, moves, or one that does not rest changes."""
        if self.rng.random() < 0.2 or not self.order:
            return [self.say("change", order_id=self.uuid(), new_size="1", old_size="2", side="buy", price=None, reason="STP")]
        me = self.rng.choice(list(self.order))
        side, px, qty = self.order[me]
        new = self.rng.randrange(1, qty + 1)
        if self.rng.random() < 0.3:
            moved = px - 1 if side == "buy" else px + 1
            del self.order[me]
            self.order[me] = (side, moved, new)
            return [self.say("change", reason="modify_order", order_id=me, side=side, new_size=self.qty(new), old_size=self.qty(qty),
                             new_price=self.px(moved), old_price=self.px(px))]
        self.order[me] = (side, px, new)
        return [self.say("change", reason="STP", order_id=me, side=side, price=self.px(px), new_size=self.qty(new), old_size=self.qty(qty))]

    def step(self):
        r = self.rng.random()
        if r < 0.05:
            return [self.say("activate", order_id=self.uuid(), stop_type="entry", side="sell", stop_price="80", size="2")]
        if r < 0.15:
            return self.change()
        if r < 0.45 and self.order:
            me = self.rng.choice(list(self.order))
            side, px, qty = self.order.pop(me)
            return [self.say("done", order_id=me, reason="canceled", price=self.px(px), remaining_size=self.qty(qty), side=side)]
        side = self.rng.choice(("buy", "sell"))
        away = int(self.rng.expovariate(0.1)) - 2
        return self.limit(side, max(1, self.mid - away if side == "buy" else self.mid + away), self.rng.randrange(1, 500))

    def fill(self, n):
        for _ in range(n):
            self.order[self.uuid()] = (("buy", self.mid - self.rng.randrange(1, 2000)) if self.rng.random() < 0.5 else
                                       ("sell", self.mid + self.rng.randrange(1, 2000))) + (self.rng.randrange(1, 500),)

    def book(self, style=0):
        """The answer to a request for level 3; style: where the keys stand."""
        def side(s):
            return [[self.px(px), self.qty(q), i] for i, (o, px, q) in
                    sorted(self.order.items(), key=lambda e: e[1][1] * (-1 if s == "buy" else 1)) if o == s]
        lists = [("bids", side("buy")), ("asks", side("sell"))]
        head = [("sequence", self.seq), ("product_id", self.name)]
        if style % 2 == 1:
            lists.reverse()
        return dict(head[:1] + lists if style == 2 else (lists + head if style == 3 else head + lists), auction_mode=False)


def line(ns, message):
    return f"{ns} {json.dumps(message, separators=(',', ':'))}\n"


def stamp(message, ns):
    s = ns // 10**9
    return dict(message, time=f"2024-08-09T{(s - T0 // 10**9) // 3600:02d}:{s // 60 % 60:02d}:{s % 60:02d}.{ns % 10**9 // 1000:06d}Z")


class Session:
    """messages: (ns, what) with what a dict, as they leave the venue. truth[product, sequence]: its levels then."""

    def __init__(self, seed, n_steps, products=1, n_orders=50, keep_truth=True):
        self.rng = random.Random(seed)
        self.products = [Product(f"P{i}-USD", self.rng, 5000 + 3000 * i) for i in range(products)]
        self.messages, self.books, self.truth = [], [], {}
        ns = T0
        for p in self.products:
            p.fill(n_orders)
        for _ in range(n_steps):
            p = self.rng.choice(self.products)
            for m in p.step():
                ns += self.rng.randrange(1000, 10**6)
                self.messages.append((ns, stamp(m, ns)))
            if keep_truth:
                self.truth[p.name, p.seq] = p.levels()
            if self.rng.random() < 40 / n_steps:
                self.books.append((ns, len(self.messages), p.book(self.rng.choice((0, 1, 3))), p.name))


class Follower:
    """What a reader must make of the lines that arrived: the venue's rule, by heart and slowly."""

    def __init__(self):
        self.state = {}
        self.trades = []

    def of(self, name):
        return self.state.setdefault(name, dict(order=None, last=None, chain=None, kept=[], gaps=0, again=0, synced=0))

    def apply(self, s, m):
        o = s["order"]
        kind = m["type"]
        if kind == "open":
            o[m["order_id"]] = [m["side"], m["price"], m["remaining_size"]]
        elif kind == "match":
            if m["maker_order_id"] in o:
                left = units(o[m["maker_order_id"]][2], LOT, 8) - units(m["size"], LOT, 8)
                o[m["maker_order_id"]][2] = f"{left * LOT / 10**8:.8f}"
                if left <= 0:
                    del o[m["maker_order_id"]]
        elif kind == "done":
            o.pop(m["order_id"], None)
        elif kind == "change" and m["order_id"] in o:
            o[m["order_id"]][2] = m["new_size"]
            o[m["order_id"]][1] = m.get("new_price") or o[m["order_id"]][1]

    def message(self, m):
        s = self.of(m["product_id"])
        n = m["sequence"]
        if s["chain"] is not None and n <= s["chain"]:
            s["again"] += 1
            return
        if m["type"] == "match":
            self.trades.append((m["product_id"], n))
        if s["order"] is not None and n <= s["last"]:
            s["chain"] = n  # the book overtook it
            s["again"] += 1
            return
        have = s["last"] if s["order"] is not None else s["chain"]
        hole = have is not None and n != have + 1
        s["chain"] = n
        if hole:
            s["gaps"] += 1
            s["order"], s["kept"] = None, []
        if s["order"] is None:
            s["kept"].append(m)
        elif n > s["last"]:
            self.apply(s, m)
            s["last"] = n

    def book(self, m, name):
        s = self.of(name)
        if s["order"] is not None:
            return
        s["order"] = {i: [side, px, q] for side, key in (("buy", "bids"), ("sell", "asks")) for px, q, i in m[key]}
        s["last"], s["synced"] = m["sequence"], s["synced"] + 1
        for k in s["kept"]:
            if k["sequence"] <= s["last"]:
                continue
            if k["sequence"] != s["last"] + 1:
                s["order"] = None  # too old for what was kept
                break
            self.apply(s, k)
            s["last"] = k["sequence"]
        s["kept"] = []

    def levels(self, name):
        s = self.of(name)
        if s["order"] is None:
            return None
        out = collections.Counter()
        for side, px, qty in s["order"].values():
            out["bid" if side == "buy" else "ask", units(px, 1, 9)] += units(qty, 1, 8)
        return {k: v for k, v in out.items() if v}


def units(text, unit, decimals):
    whole, _, frac = text.partition(".")
    return int(whole + frac.ljust(decimals, "0")) // unit
