# SPDX-License-Identifier: Apache-2.0
"""DBN as a source of run, verify, bars and asof: every change of a level, every best row and every trade against a reader
and books of the test's own; equal bytes for any lanes, batches and containers and after kills; damage, limits, long symbol
tables, several publishers."""
import collections
import gzip
import os
import random
import struct

import dbn_reader as dbn
import parquet
import kills
import tap

DAY_NS = 1715126400 * 10**9  # 2024-05-08
SIDE = {"bid": "B", "ask": "A"}
TICKERS = (1, 0xb1, 0xc0, 0xc1, 0xc2, 0xc3, 0xc4)
KILLS = 30


def write(name, raw):
    path = os.path.join(tap.SCRATCH, name)
    with open(path, "wb") as f:
        f.write(raw)
    return path


def rows_of(folder, table):
    """(venue, symbol, columns) of every part, in order."""
    for base, _, files in sorted(os.walk(os.path.join(folder, table))):
        keys = dict(p.split("=", 1) for p in base.split(os.sep) if "=" in p)
        for name in sorted(files, key=lambda s: int(s.split("-")[1].split(".")[0])):
            yield (keys.get("venue") or keys.get("exchange"), keys["symbol"]), parquet.read(os.path.join(base, name))


def text(v):
    return v.decode() if isinstance(v, bytes) else v


def deltas_of(folder):
    out = collections.defaultdict(list)
    for book, t in rows_of(folder, "deltas"):
        for side, px, qty, ev, rc in zip(t["side"], t["px"], t["qty"], t["ts_event"], t["ts_recv"]):
            out[book].append((SIDE[text(side)], px, qty // 10**8, ev, rc))
    return out


def trades_of(folder):
    out = collections.defaultdict(list)
    for book, t in rows_of(folder, "trades"):
        for side, px, qty, ev, rc in zip(t["side"], t["px"], t["qty"], t["ts_event"], t["ts_recv"]):
            out[book].append((text(side), px, qty // 10**8, ev, rc))
    return out


def tops_of(folder, depth=10):
    out = collections.defaultdict(list)
    for book, t in rows_of(folder, "books"):
        for i, (ev, rc) in enumerate(zip(t["ts_event"], t["ts_recv"])):
            top = tuple(tuple((t[f"{s}_px_{k}"][i], t[f"{s}_qty_{k}"][i] // 10**8) for k in range(depth)
                              if t[f"{s}_px_{k}"][i] is not None) for s in ("bid", "ask"))
            out[book].append((top, ev, rc))
    return out


def first_difference(have, want):
    if set(have) != set(k for k in want if want[k]):
        return f"books {sorted(have)[:4]} {sorted(k for k in want if want[k])[:4]}"
    for book in have:
        a, b = have[book], want[book]
        i = next((i for i, (x, y) in enumerate(zip(a, b)) if x != y), min(len(a), len(b)))
        if i < max(len(a), len(b)):
            return f"{book}: {len(a)} and {len(b)} rows, number {i}: {a[i:i + 1]} is not {b[i:i + 1]}"
    return None


def read_books(path, name_of):
    """Books by (venue, symbol), and those of the orders."""
    books = dbn.Books()
    for m in dbn.mbos(dbn.load(path)):
        books.take(name_of(m), m)
    return books


def compare(name, path, name_of, more=()):
    books, out = read_books(path, name_of), os.path.join(tap.SCRATCH, name + ".out")
    got = tap.run_json(path, "--out", out, "--force", *more)
    n = books.n
    tap.check(f"{name}: {n['orders']} records of orders, {n['fault']} that fit no live order, {n['rejected']} of a price below zero",
              got.get("orders") == n["orders"] and got["order_faults"] == n["fault"] and sum(got["rejected"].values()) == n["rejected"], got)
    for table, have, want in (("change of a level", deltas_of(out), books.deltas), ("best row at an event's end", tops_of(out), books.tops),
                              ("trade", trades_of(out), books.trades)):
        wrong = first_difference(have, want)
        tap.check(f"{name}: every {table}, {sum(map(len, want.values()))} of them", wrong is None, wrong)
    last = collections.defaultdict(dict)
    for book, rows in deltas_of(out).items():
        for side, px, qty, _, _ in rows:
            last[book][side, px] = qty
    final = {b: {k: v for k, v in lv.items() if v} for b, lv in last.items()}
    tap.check(f"{name}: the books at the end, {sum(map(len, books.level.values()))} levels",
              {b: lv for b, lv in final.items() if lv} == {b: lv for b, lv in books.level.items() if lv})
    tap.check(f"{name}: nothing crossed at an event's end, all synced", got["crossed"] == 0 and got["never_synced"] == 0, got)
    code, text_, err = tap.run("verify", path)
    tap.check(f"{name}: verify finds nothing", code in (0, 1) and (code == 0 or n["fault"] or n["rejected"]), text_ + err)
    return out, books, got


# ---- made days ----

class Maker:
    """Random records of some instruments: every action, events of several records, snapshots in the middle, orders that
    nobody told of, prices below zero."""
    def __init__(self, seed, instruments, publishers=(1,)):
        self.rng, self.now = random.Random(seed), DAY_NS
        self.live = {(i, p): {} for i in instruments for p in publishers}
        self.next_id, self.out, self.seq = 6413245568356, [], 0

    def put(self, book, action, **k):
        self.out.append(dbn.mbo(action, instrument=book[0], publisher=book[1], ts=self.now, sequence=self.seq, **k))

    def price(self, side):
        return (5000 + (-self.rng.randrange(1, 60) if side == "B" else self.rng.randrange(1, 60))) * 250_000_000

    def event(self):
        rng = self.rng
        book = rng.choice(list(self.live))
        self.now += rng.randrange(1, 10**6)
        self.seq += 1
        u = rng.random()
        if u < 0.0004:
            self.snapshot(book)
            return
        n = 1 if u < 0.8 else rng.randrange(2, 6)
        for k in range(n):
            self.one(book, dbn.LAST if k == n - 1 else 0)

    def one(self, book, flags):
        rng, live = self.rng, self.live[book]
        u = rng.random()
        if u < 0.45 or not live:
            self.next_id += rng.randrange(1, 4)
            side = rng.choice("BA")
            px, size = (self.price(side), rng.randrange(1, 40)) if rng.random() > 0.004 else (-250_000_000, 3)
            action = "A" if rng.random() > 0.02 else "M"  # an order that nobody told of
            if px > 0:
                live[self.next_id] = [side, px, size]
            self.put(book, action, order_id=self.next_id, side=side, price=px, size=size, flags=flags)
            return
        key = rng.choice(list(live))
        side, px, size = live[key]
        if u < 0.75:
            take = size if rng.random() < 0.7 else rng.randrange(1, size + 1)
            self.cancel(book, key, take, flags)
        elif u < 0.88:
            new = [side, px if rng.random() < 0.5 else self.price(side), rng.randrange(1, 40)]
            live[key] = new
            self.put(book, "M", order_id=key, side=side, price=new[1], size=new[2], flags=flags)
        elif u < 0.96:
            take, taker = rng.randrange(1, size + 1), "A" if side == "B" else "B"
            self.put(book, "T", order_id=0, side=rng.choice((taker, taker, "N")), price=px, size=take, flags=0)
            self.put(book, "F", order_id=key, side=side, price=px, size=take, flags=0)
            if rng.random() < 0.5:
                self.cancel(book, key, take, flags)
            elif take < size:
                live[key][2] = size - take
                self.put(book, "M", order_id=key, side=side, price=px, size=size - take, flags=flags)
            else:
                self.cancel(book, key, take, 0)
                self.put(book, "N", flags=flags)  # says nothing but that the event ends
        elif u < 0.97:
            self.put(book, "C", order_id=1, side="B", price=px, size=3, flags=flags)  # unknown
        elif u < 0.98:
            self.put(book, "A", order_id=key, side=side, price=px, size=3, flags=flags)  # its id is live
        else:
            self.put(book, "T", side=rng.choice("ABN"), price=px, size=1, flags=flags)

    def cancel(self, book, key, take, flags):
        side, px, size = self.live[book][key]
        self.live[book][key][2] -= take
        if take >= size:
            del self.live[book][key]
        self.put(book, "C", order_id=key, side=side, price=px, size=take, flags=flags)

    def snapshot(self, book):
        """The book is told anew, as after a loss: cleared, then every order with the time that it came at."""
        at = self.now
        self.put(book, "R", flags=dbn.SNAPSHOT if self.rng.random() < 0.7 else dbn.LAST)
        orders = list(self.live[book].items())
        for i, (key, (side, px, size)) in enumerate(orders):
            self.out.append(dbn.mbo("A", key, side, px, size, dbn.SNAPSHOT | 8 | (dbn.LAST if i + 1 == len(orders) else 0),
                                    at - self.rng.randrange(10**9), *book, ts_recv=at + 1000))


def made(n, seed=3, instruments=(5602, 5603, 77), publishers=(1,), version=3, more=b""):
    m = Maker(seed, instruments, publishers)
    while len(m.out) < n:
        m.event()
    maps = [(f"ES{i}", 20240508, 20240509, i) for i in instruments if i != 77]
    return dbn.header(version, mappings=maps, ts_out=1 if more else 0), m.out


def es(m):
    return "glbx.mdp3", f"ES{m.instrument}" if m.instrument != 77 else "id-77"


def check_made():
    head, recs = made(40000)
    path = write("day.dbn", head + b"".join(recs))
    out, books, got = compare("made", path, es)
    digest = tap.digest(out)
    again = os.path.join(tap.SCRATCH, "again")
    for args in (["--lanes", "1"], ["--lanes", "4"], ["--batch", "64"], ["--lanes", "3", "--target", "latency"]):
        code, _, err = tap.run("run", path, "--out", again, "--force", *args)
        if code != 2:  # an option that this program does not have
            tap.check(f"made: equal bytes with {' '.join(args)}", code == 0 and tap.digest(again) == digest, err)
    want = {t: sorted(map(str, f(out).items())) for t, f in (("deltas", deltas_of), ("trades", trades_of), ("books", tops_of))}
    for name, raw in (("day.dbn.zst", dbn.zstd(head + b"".join(recs[:9000])) + dbn.zstd(b"".join(recs[9000:]))),
                      ("day.dbn.gz", gzip.compress(head + b"".join(recs), 1)), ("day.dbn.frag", b"".join(recs))):
        same = tap.run_json(write(name, raw), "--out", again, "--force")
        have = {t: sorted(map(str, f(again).items())) for t, f in (("deltas", deltas_of), ("trades", trades_of), ("books", tops_of))}
        if name.endswith(".frag"):  # no names without a header
            tap.check(f"{name}: the same counts", all(same[k] == got[k] for k in ("lines", "orders", "levels", "trades", "order_faults")), same)
        else:
            tap.check(f"{name}: the same rows", have == want, same)
    return path, books


def check_versions():
    for version in (1, 2, 3):
        more = struct.pack("<Q", 99)
        head, recs = made(2500, seed=version, version=version, more=more)
        recs = [bytes([16]) + r[1:] + more for r in recs]
        compare(f"version {version} with ts_out", write(f"v{version}.dbn", head + b"".join(recs)), es)


def check_publishers():
    """Two publishers give an instrument each a book and order ids of their own."""
    head, recs = made(6000, seed=9, publishers=(39, 41))
    compare("two publishers", write("two.dbn", head + b"".join(recs)), lambda m: (f"glbx.mdp3-p{m.publisher}", es(m)[1]))


def check_kills(path):
    """A plan with small commits, killed over and over, then resumed to its end; plain and packed."""
    packed = write("kill.dbn.zst", dbn.zstd(dbn.load(path)))
    for name in (path, packed):
        base, plan = os.path.basename(name), kills.plan("kill.yaml", name, 3000)
        out = os.path.join(tap.SCRATCH, "killed" + base)
        code, _, err = tap.run("run", plan, "--out", out + ".whole")
        tap.check(f"{base}: a plan with small commits runs", code == 0, err)
        done = kills.to_the_end([plan], out, tap.digest(out + ".whole"), 11, KILLS, ("sync", "rename"), 60)
        tap.check(f"{base}: killed {done.n} times, then the bytes of an undisturbed run", not done.wrong and done.n > 5, done)


def check_damage(path):
    raw = dbn.load(path)
    places = [at for at, _, _ in dbn.records(raw)]
    out = os.path.join(tap.SCRATCH, "damaged")
    got = tap.run_json(write("cut.dbn", raw[:places[30000] + 20]), "--out", out, "--force")
    tap.check("a file cut short: one reject, all before it is there", got.get("rejected", {}).get("truncated") == 1 and got["lines"] == 30001, got)
    for name, bytes_ in (("length 0", b"\0"), ("length 12", b"\3"), ("a second header", b"DBN\3")):
        bad = bytearray(raw)
        bad[places[20000]:places[20000] + len(bytes_)] = bytes_
        code, _, err = tap.run("run", write("bad.dbn", bad), "--out", out, "--force")
        tap.check(f"{name}: exit 3 and the place", code == 3 and f"offset {places[20000]}" in err, f"{code} {err}")
    bad = bytearray(raw)
    for i in range(100):
        at = places[300 * i + 7]
        bad[at + 1] = 0x77 if i % 2 else 0xc3  # an unknown type, and one that is longer
    got = tap.run_json(write("odd.dbn", bad), "--out", out, "--force")
    tap.check("unknown types are passed over, short ones rejected", got.get("rejected", {}).get("unknown_message") == 50 and got["other"] == 50, got)
    plan = os.path.join(tap.SCRATCH, "few.yaml")
    with open(plan, "w") as f:
        f.write(f"input: {{paths: ['{path}']}}\nlimits: {{orders: 50}}\n")
    code, _, err = tap.run("run", plan, "--out", out, "--force")
    tap.check("too many live orders: exit 5, the key is named", code == 5 and "limits.orders" in err, f"{code} {err}")
    for name, head, words in (("version 9", b"DBN\x09" + raw[4:], "version 9"), ("cut metadata", raw[:90], "of "),
                              ("a bad date", dbn.header(mappings=[("A", 20240230, 20240301, 1)]), "date"), ("half a prelude", raw[:6], "cut short")):
        code, _, err = tap.run("run", write("bad.dbn", head), "--out", out, "--force")
        tap.check(f"{name}: refused", code == 3 and words in err, f"{code} {err}")


def check_long_symbols():
    """A symbol table past any head that is looked at."""
    maps = [(f"OPRA {i:017}", 20240508, 20240509, i) for i in range(300000)]
    raw = dbn.header(mappings=maps) + b"".join(dbn.mbo("A", i + 1, "B", 10**9, 1, ts=DAY_NS + i, instrument=i % 60 * 4999) for i in range(3000))
    out = os.path.join(tap.SCRATCH, "long")
    plan = os.path.join(tap.SCRATCH, "long.yaml")
    for name, data in (("long.dbn", raw), ("long.dbn.zst", dbn.zstd(raw))):
        with open(plan, "w") as f:
            f.write(f"input: {{paths: ['{write(name, data)}']}}\nengine: {{memory: 512MB}}\n")
        got = tap.run_json(plan, "--out", out, "--force")
        tap.check(f"{name}: 300,000 symbols, the 60 that are used are there", got.get("instruments") == 60
                  and len(deltas_of(out)) == 60 and ("glbx.mdp3", "OPRA_00000000000294941") in deltas_of(out), got)
        code, _, err = tap.run("run", os.path.join(tap.SCRATCH, name), "--out", out, "--force", "--memory", "64MB")
        tap.check(f"{name}: too little memory is exit 5 and names the key", code == 5 and "engine.memory" in err, f"{code} {err}")


def check_live():
    """Mapping records of the head name instruments where the metadata does not."""
    def mapping(ident, name):
        return struct.pack("<BBHIQB71sB71sQQ", 44, 0x16, 0, ident, 5, 1, b"x", 1, name, 0, 0)
    system = struct.pack("<BBHIQ303sB", 80, 0x17, 0, 0, 5, b"Heartbeat", 0)
    raw = dbn.header(schema=0xffff, mappings=()) + mapping(5, b"AAA") + system + mapping(6, b"BBB")
    raw += b"".join(dbn.mbo("A", i, "B", 10**9, 1, ts=DAY_NS + i, instrument=5 + i % 3) for i in range(1, 10))
    out = os.path.join(tap.SCRATCH, "live")
    got = tap.run_json(write("live.dbn", raw), "--out", out, "--force")
    tap.check("a live stream: symbols of its mapping records", sorted(deltas_of(out)) == [("glbx.mdp3", s) for s in ("AAA", "BBB", "id-7")]
              and got["other"] == 3, got)


def check_uses(path, books):
    """bars, asof and the event table."""
    out = os.path.join(tap.SCRATCH, "bars.csv")
    code, _, err = tap.run("bars", path, "--out", out, "--every", "1s", "--force")
    if code == 2:
        code, _, err = tap.run("bars", path, out, "--every", "1s", "--force")
    volume = 0.0
    if code == 0:
        with open(out, encoding="utf-8") as f:
            names = f.readline().strip().split(",")
            volume = sum(float(line.split(",")[names.index("volume")]) for line in f)
    tap.check("bars: all that was traded", volume == sum(t[2] for b in books.trades.values() for t in b), f"{code} {err} {volume}")
    table = os.path.join(tap.SCRATCH, "events.parquet")
    code, _, err = tap.run("convert", path, table, "--to", "events", "--force", "--json")
    n = sum(map(len, books.trades.values())) + books.n["orders"]
    kinds = collections.Counter(map(text, parquet.read(table)["kind"])) if code == 0 else {}
    tap.check("convert: the table of events has them all", sum(kinds.values()) == n, f"{kinds} {n} {err}")


def check_real():
    data = tap.data_dir()
    if data is None:
        print("# the real files are absent: not checked")
        return
    folder = os.path.join(data, "dbn")
    out, books, got = compare("orderbooks_mbo", os.path.join(folder, "orderbooks_mbo_20240508.dbn.zst"), lambda m: ("glbx.mdp3", symbol(m)))
    tap.check("orderbooks_mbo: 13,796 records, five trades, no order that does not fit",
              got["lines"] == 13796 and got["trades"] == 5 and got["order_faults"] == 0, got)
    compare("esh4 snapshot", os.path.join(folder, "esh4-glbx-mdp3-20231224.mbo.dbn.zst"), lambda m: ("glbx.mdp3", symbol(m)))
    for name in sorted(os.listdir(os.path.join(folder, "samples"))):
        if not name.endswith(".dbz"):
            check_sample(os.path.join(folder, "samples", name))
    got = tap.run_json(os.path.join(folder, "definition-opra.dbn.zst"), "--out", out, "--force")
    tap.check("definition-opra: two definitions behind 6 MB of symbols", got.get("other") == 2 and not got["rejected"], got)


def symbol(m):
    return {5602: "ESM4", 17077: "ESH4"}.get(m.instrument, f"id-{m.instrument}")


def check_sample(path):
    """Which messages each type of record becomes."""
    want = collections.Counter()
    for _, rtype, rec in dbn.records(dbn.load(path)):
        action = {0xa0: 38, 0: 28, 1: 28, 10: 28, 0xb1: 28, 0xc2: 28}.get(rtype)
        is_trade = action is not None and rec[action:action + 1] == b"T"
        want["trades"] += is_trade
        want["orders"] += rtype == 0xa0 and not is_trade
        want["tickers"] += rtype in TICKERS
        want["snapshots"] += rtype == 10
        want["other"] += rtype not in (0, 10, 0xa0, *TICKERS)
        want["lines"] += 1
    got = tap.run_json(path, "--out", os.path.join(tap.SCRATCH, "sample"), "--force")
    name = os.path.basename(path)
    tap.check(f"{name}: {dict(+want)}", not got.get("rejected", True) and all(got[k] == want[k] for k in
                                                                              ("trades", "orders", "tickers", "snapshots", "other", "lines")), got)


def main():
    path, books = check_made()
    check_versions()
    check_publishers()
    check_kills(path)
    check_damage(path)
    check_long_symbols()
    check_live()
    check_uses(path, books)
    check_real()
    tap.finish()


main()
