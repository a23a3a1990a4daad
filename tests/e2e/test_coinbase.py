# SPDX-License-Identifier: Apache-2.0
"""Coinbase order by order: sessions of a model exchange (coinbase_orders.py), whole, and with messages lost, repeated and swapped,
against a plain follower; books longer than any batch; equal bytes for any lanes and after kills; the real book."""
import collections
import gzip
import json
import os
import random

import coinbase_orders as model
import parquet
import kills
import tap

RESET = 64
SMALL = os.path.join(tap.SCRATCH, "small.yaml")


def path(name):
    return os.path.join(tap.SCRATCH, name)


def write(name, lines):
    with open(path(name), "w", encoding="utf-8") as f:
        f.writelines(lines)
    return path(name)


def tables(out, table):
    for base, _, files in sorted(os.walk(os.path.join(out, table))):
        for name in sorted(files, key=lambda s: int(s.split("-")[1].split(".")[0])):
            symbol = [p[7:] for p in base.split(os.sep) if p.startswith("symbol=")][0]
            yield symbol, parquet.read(os.path.join(base, name))


def text(v):
    return v.decode() if isinstance(v, bytes) else v


def replayed(out):
    """Levels that the deltas come to, by product; and each row of no book: (product, seq, side, px, qty)."""
    books, rows, reset = collections.defaultdict(dict), [], {}
    for symbol, t in tables(out, "deltas"):
        for flags, seq, side, px, qty in zip(t["flags"], t["seq"], t["side"], t["px"], t["qty"]):
            if flags & RESET:
                books[symbol], reset[symbol] = {}, seq
            key = text(side), px
            if qty:
                books[symbol][key] = qty
            else:
                books[symbol].pop(key, None)
            if seq is not None and (reset[symbol] is None or seq > reset[symbol]):
                rows.append((symbol, seq, *key, qty))
    return books, rows


def last_book(out):
    """The touch of each product as the last row of the books has it."""
    last = {}
    for symbol, t in tables(out, "books"):
        for row in zip(t["bid_px_0"], t["bid_qty_0"], t["ask_px_0"], t["ask_qty_0"]):
            last[symbol] = row
    return last


def arrange(session, rng, trouble):
    """Lines as they arrive, and what a follower makes of them."""
    queue = [("message", ns, m) for ns, m in session.messages]
    for ns, at, book, name in reversed(session.books):
        queue.insert(min(len(queue), at + rng.randrange(40)), ("book", ns, (book, name)))
    i = 0
    while trouble and i + 1 < len(queue):
        r = rng.random()
        if r < trouble and queue[i][0] == "message":
            queue.pop(i)
        elif r < 2 * trouble:
            queue.insert(i + rng.randrange(1, 30), queue[i])
        elif r < 3 * trouble:
            queue[i], queue[i + 1] = queue[i + 1], queue[i]
        i += 1
    follower, lines = model.Follower(), []
    for k, (kind, _, what) in enumerate(queue):
        if kind == "message":
            follower.message(what)
        else:
            follower.book(*what)
        lines.append(model.line(model.T0 + 10**6 * k, what if kind == "message" else what[0]))
    return lines, follower


def check_session(seed, trouble):
    rng = random.Random(seed)
    session = model.Session(seed, 600, products=rng.choice((1, 2, 3)))
    lines, follower = arrange(session, rng, trouble)
    name = f"session {seed}, trouble {trouble}"
    file, out = write(f"s{seed}.capture", lines), path(f"s{seed}.out")
    got = tap.run_json(file, "--out", out)
    states = follower.state.values()
    tap.check(f"{name}: lines, gaps, repeated and late ones", got.get("lines") == len(lines) and not got["rejected"]
              and got["gaps"] == sum(s["gaps"] for s in states)
              and got["duplicates"] + got["stale"] >= sum(s["again"] for s in states), [got, {k: (v["gaps"], v["again"]) for k, v in follower.state.items()}])
    books, rows = replayed(out)
    live = [n for n in follower.state if follower.levels(n) is not None]
    wrong = [n for n in live if books[n] != follower.levels(n)]
    tap.check(f"{name}: {len(live)} books of {len(follower.state)} are whole, and the follower's", not wrong and (live or trouble), wrong)
    px, qty = model.TICK, model.LOT
    truth = {k: {("bid" if s == "buy" else "ask", p * px): q * qty for (s, p), q in v.items()} for k, v in session.truth.items()}
    known = [r for r in rows if (r[0], r[1]) in truth]
    wrong = [r for r in known if truth[r[0], r[1]].get((r[2], r[3]), 0) != r[4]]
    tap.check(f"{name}: {len(known)} rows are what stood at that sequence", not wrong and len(known) > 100 * (not trouble), wrong[:3])
    again = path(f"s{seed}.again")
    got = tap.run_json(os.path.join(out, "deltas"), "--out", again)
    tap.check(f"{name}: the dataset's own deltas give the same books", "exit" not in got and replayed(again)[0] == books and got["stale"] == 0
              and all(last_book(again).get(n) == last_book(out).get(n) for n in live), got)
    trades = [(s, seq, text(side), p, q) for s, t in tables(out, "trades") for seq, side, p, q in zip(t["seq"], t["side"], t["px"], t["qty"])]
    want = {(p.name, k + 1): (side, at * px, n * qty) for p in session.products for k, (_, side, at, n) in enumerate(p.trades)}
    bad = [t for t in trades if want[t[0], t[1]] != t[2:]]
    tap.check(f"{name}: {len(trades)} trades, each message's once", not bad and len(trades) == len(follower.trades), bad[:3])
    return file, out


def check_long():
    """A book of many parts, in the middle of a session; keys before and behind it; damage in it."""
    for style in tap.share((0, 1, 2, 3), 2):
        session = model.Session(90 + style, 60, n_orders=9000)
        p = session.products[0]
        book = p.book(style)
        more = []
        ns = model.T0 + 3600 * 10**9
        for _ in range(200):
            for m in p.step():
                ns += 10**6
                more.append(model.line(ns, model.stamp(m, ns)))
        before = [model.line(n, m) for n, m in session.messages]
        mid = model.line(model.T0 + 3599 * 10**9, book)
        if style == 2:  # no name in it: the source's only product
            mid = mid.replace('"auction_mode":false', '"auction_mode":false,"auction":{"a":[1,2]}')
        file = write(f"long{style}.capture", before + [mid] + more)
        out = path(f"long{style}.out")
        got = tap.run_json(file, "--out", out, "--lanes", 1)
        want = {("bid" if s == "buy" else "ask", px * model.TICK): q * model.LOT for (s, px), q in p.levels().items()}
        tap.check(f"long book, keys {style}: whole, one line", got["synced"] == 1 and got["lines"] == len(before) + 1 + len(more)
                  and not got["rejected"] and got["snapshots"] == 1 and got["order_faults"] == 0, got)
        books, _ = replayed(out)
        tap.check(f"long book, keys {style}: {len(want)} levels of {len(p.order)} orders", books[p.name] == want)
        for lanes in (2, 3):
            other = path(f"long{style}.{lanes}")
            tap.run("run", file, "--out", other, "--lanes", lanes)
            tap.check(f"long book, keys {style}: the same bytes with {lanes} lanes", tap.digest(other) == tap.digest(out))
        if style > 0:
            continue
        small = tap.run_json(SMALL, file, "--out", path("long.small"), "--memory", "80MB")
        tap.check("long book: the same rows in 80 MB", small.get("written") == got["written"] and replayed(path("long.small"))[0] == books, small)
        at = mid.index("-", len(mid) // 2)
        broken = mid[:at] + "x" + mid[at + 1:]
        got = tap.run_json(write("broken.capture", before + [broken] + more), "--out", path("broken"))
        tap.check("an entry that cannot be read: its part is rejected, there is no book", sum(got["rejected"].values()) == 1 and got["synced"] == 0, got)
        again = model.line(ns + 10**6, p.book(0))
        got = tap.run_json(write("mended.capture", before + [broken] + more + [again]), "--out", path("mended"))
        tap.check("the next book is whole again", got["synced"] == 1 and replayed(path("mended"))[0][p.name] == want, got)
        got = tap.run_json(write("cut.capture", before + [mid[:len(mid) // 2]]), "--out", path("cutbook"))
        tap.check("a capture that ends inside a book: no book", got["synced"] == 0, got)


def check_kills():
    """Commits every 500 rows, of which one book has thousands: none comes inside it."""
    session = model.Session(7, 1200, n_orders=4500, keep_truth=False)
    session.books = session.books[:3]
    file = write("kill.capture", arrange(session, random.Random(7), 0.002)[0])
    plan, out = kills.plan("kill.yaml", file, 500), path("killed")
    tap.run("run", plan, "--out", out + ".whole", "--lanes", 2)
    done = kills.to_the_end([plan], out, tap.digest(out + ".whole"), 5, 100, ("sync", "rename"), 12)
    tap.check(f"killed {done.n} times, then the bytes of an undisturbed run", not done.wrong and done.n > 3, done)


def check_others(file, out):
    """Answers to requests, bare lines, bars, and other channels beside the full one."""
    with open(file, encoding="utf-8") as f:
        lines = f.read().splitlines()
    raw = ["wss://ws-feed.exchange.coinbase.com <-> 1723161599.5"]
    for line in lines:
        ns, _, body = line.partition(" ")
        m = json.loads(body)
        url = f"https://api.exchange.coinbase.com/products/{m.get('product_id')}/book?level=3 -> "
        if "bids" in m:
            del m["product_id"]
            body = json.dumps(m)
        raw.append(f"{url if 'bids' in m else ''}{int(ns) // 10**9}.{int(ns) % 10**9:09d}: {body}")
    feed = write("COINBASE.ws.1.0", [r + "\n" for r in raw])
    got = tap.run_json(feed, "--out", path("feed"))
    tap.check("cryptofeed's files: the same books", replayed(path("feed"))[0] == replayed(out)[0] and not got["rejected"], got)
    one = json.loads(lines[0].partition(" ")[2])
    extra = [{"type": "l2update", "product_id": one["product_id"], "changes": [["buy", "1.00", "9"]], "time": one["time"]},
             {"type": "heartbeat", "product_id": one["product_id"], "sequence": 1, "last_trade_id": 1, "time": one["time"]},
             {"type": "subscriptions", "channels": []}]
    mixed = write("mixed.capture", [lines[0] + "\n"] + [model.line(model.T0, m) for m in extra] + [x + "\n" for x in lines[1:]])
    got = tap.run_json(mixed, "--out", path("mixed"))
    tap.check("levels, heartbeats and answers beside it change nothing", replayed(path("mixed"))[0] == replayed(out)[0] and got["other"] == 3, got)
    code, _, err = tap.run("convert", file, path("events.parquet"))
    got = tap.run_json(path("events.parquet"), "--out", path("events"))
    tap.check("as an events table: the same books", code == 0 and replayed(path("events"))[0] == replayed(out)[0] and got["gaps"] == 0, [err, got])
    code, text_out, err = tap.run("bars", file, "--every", "1s")
    n = sum(len(t["px"]) for _, t in tables(out, "trades"))
    volume = sum(int(r.split(",")[10]) for r in text_out.splitlines()[1:])
    tap.check("bars count every match", code == 0 and volume == n > 0, [err, volume, n])
    code, text_out, _ = tap.run("verify", file, "--json")
    tap.check("verify: nothing found", code in (0, 1) and json.loads(text_out)["gaps"] == 0, text_out[:300])


def check_real():
    data = tap.data_dir()
    if data is None:
        return
    file = os.path.join(data, "l3", "coinbase_l3_snapshot.json.gz")
    with gzip.open(file, "rt") as f:
        book = json.load(f)
    want = collections.Counter()
    for side, key in (("bid", "bids"), ("ask", "asks")):
        for px, qty, _ in book[key]:
            want[side, model.units(px, 1, 9)] += model.units(qty, 1, 8)
    for memory in ("80MB", "512MB"):
        got = tap.run_json(SMALL, file, "--out", path("real" + memory), "--memory", memory)
        tap.check(f"the real book in {memory}: 110,606 orders, {len(want)} levels", got["orders"] == 110608 and got["order_faults"] == 0
                  and got["synced"] == 1 and replayed(path("real" + memory))[0]["BTC-USD"] == dict(want), got)


def main():
    with open(SMALL, "w", encoding="utf-8") as f:
        f.write("limits: {instruments: 8, orders: 120000}\n")
    for seed in range(6):
        made = check_session(seed, 0)
        if seed == 0:
            check_others(*made)
    for seed in tap.share(range(100, 130)):
        check_session(seed, random.Random(seed).choice((0.002, 0.01, 0.05)))
    check_long()
    check_kills()
    check_real()
    tap.finish()


main()
