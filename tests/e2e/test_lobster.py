# SPDX-License-Identifier: Apache-2.0
"""LOBSTER's orderbook files beside message files: the first row begins the book, verify compares every later one; made pairs
against a model, damaged and shifted ones, and the real files."""
import collections
import gzip
import json
import os
import random
import shutil

import parquet
import tap

HALF_TICK, LEVELS = 100, 5
EMPTY = {"ask": 9999999999, "bid": -9999999999}


class Market:
    """Orders from before the file and after it began; what the venue would publish."""

    def __init__(self, seed, n_before):
        self.rng, self.order, self.next_id, self.time = random.Random(seed), {}, 1000, 34200 * 10**9
        self.rows, self.books = [], []
        for _ in range(n_before):
            self.add(say=False)

    def level(self, side):
        out = collections.Counter()
        for s, px, qty in self.order.values():
            if s == side:
                out[px] += qty
        return sorted(out.items(), reverse=side == "bid")

    def say(self, kind, key, qty, px, side):
        self.time += self.rng.randrange(1, 10**7)
        self.rows.append(f"{self.time // 10**9}.{self.time % 10**9:09d},{kind},{key},{qty},{px},{1 if side == 'bid' else -1}\n")
        book = []
        ask, bid = self.level("ask"), self.level("bid")
        for k in range(LEVELS):
            for side_, of in (("ask", ask), ("bid", bid)):
                book += of[k] if k < len(of) else (EMPTY[side_], 0)
        self.books.append(",".join(map(str, book)) + "\n")

    def add(self, say=True):
        side = self.rng.choice(("bid", "ask"))
        away = int(self.rng.expovariate(0.2)) * HALF_TICK + HALF_TICK
        px, qty = 5850000 - away if side == "bid" else 5850000 + away, self.rng.randrange(1, 300)
        self.next_id += 1
        self.order[self.next_id] = (side, px, qty)
        if say:
            self.say(1, self.next_id, qty, px, side)

    def step(self):
        r = self.rng.random()
        if r < 0.5 or len(self.order) < 20:
            self.add()
            return
        if r < 0.55:
            self.say(5, 0, 7, 5850000, "bid")
            return
        if r < 0.65:
            best = self.level(self.rng.choice(("bid", "ask")))[0][0]
            key = next(k for k, o in self.order.items() if o[1] == best)
        else:
            key = self.rng.choice(list(self.order))
        side, px, qty = self.order[key]
        n = self.rng.randrange(1, qty + 1) if r < 0.8 else qty
        kind = 4 if r < 0.65 else 2 if n < qty else 3
        if n == qty:
            del self.order[key]
        else:
            self.order[key] = (side, px, qty - n)
        self.say(kind, key, n, px, side)


def pair(folder, rows, books, suffix=""):
    path = os.path.join(tap.SCRATCH, folder)
    os.makedirs(path, exist_ok=True)
    name = os.path.join(path, "XYZ_2012-06-21_34200000_57600000_{}_5.csv")
    with open(name.format("message"), "w", encoding="utf-8") as f:
        f.writelines(rows)
    with (gzip.open if suffix else open)(name.format("orderbook") + suffix, "wt", encoding="utf-8") as f:
        f.writelines(books)
    return name.format("message")


def verify(path):
    code, out, err = tap.run("verify", path, "--json")
    return code, json.loads(out) if out else {"error": err}


def check_made():
    for seed in range(8):
        m = Market(seed, 200 if seed % 2 else 30)
        for _ in range(1500):
            m.step()
        path = pair(f"made{seed}", m.rows, m.books, ".gz" if seed % 3 == 2 else "")
        code, got = verify(path)
        tap.check(f"made {seed}: every level that can be known is equal", code in (0, 1) and got.get("book_levels_different") == 0
                  and got["book_rows"] == 1499 and got["book_levels_equal"] > 1000, got)
        alone = os.path.join(tap.SCRATCH, f"alone{seed}")
        os.makedirs(alone)
        shutil.copy(path, alone)
        _, bare = verify(os.path.join(alone, os.path.basename(path)))
        tap.check(f"made {seed}: without the file nothing is compared, and more orders are unknown",
                  bare["book_rows"] == 0 and bare["order_faults"] > got["order_faults"], [bare["order_faults"], got["order_faults"]])
    rows = [json.loads(tap.run("run", path, "--out", os.path.join(tap.SCRATCH, f"lanes{n}"), "--lanes", n, "--json")[1])["written"] for n in (1, 3)]
    tap.check("the same rows and bytes for any lanes", rows[0] == rows[1]
              and tap.digest(os.path.join(tap.SCRATCH, "lanes1")) == tap.digest(os.path.join(tap.SCRATCH, "lanes3")))
    check_damage(m)


def check_damage(m):
    values = m.books[700].rstrip("\n").split(",")
    values[1] = str(int(values[1]) + 1)
    wrong = m.books[:700] + [",".join(values) + "\n"] + m.books[701:]
    path = pair("wrong", m.rows, wrong)
    code, got = verify(path)
    found = [f for f in got["list"] if f["kind"] == "book"]
    tap.check("one level changed: found at its row, once", code == 1 and got["book_levels_different"] == 1 and len(found) == 1
              and found[0]["line"] == 701 and "ask 1 of the published book" in found[0]["text"], found)
    code, got = verify(pair("short", m.rows, m.books[:800]))
    tap.check("a file that ends early: what is there is compared", got["book_rows"] == 799 and got["book_levels_different"] == 0, got)
    for name, books in (("bad-first", ["1,2,3\n"] + m.books[1:]), ("text", ["hello\n"])):
        code, out, err = tap.run("verify", pair(name, m.rows, books))
        tap.check(f"{name}: no book of LOBSTER's, said with its row", code == 3 and "row 1 is no book" in err, out + err)
    code, out, err = tap.run("verify", pair("bad-later", m.rows, m.books[:300] + ["x\n"] + m.books[301:]))
    tap.check("bad later: said, the messages are read on", "row 301 is no book" in out and "1500 lines" in out, out + err)
    code, _, err = tap.run("verify", pair("none", m.rows, []))
    tap.check("an empty one is none", code in (0, 1), err)


def states(folder):
    out = []
    for base, _, files in sorted(os.walk(os.path.join(folder, "books"))):
        for name in sorted(files, key=lambda s: int(s.split("-")[1].split(".")[0])):
            t = parquet.read(os.path.join(base, name))
            for v in zip(t["ask_px_0"], t["ask_qty_0"], t["bid_px_0"], t["bid_qty_0"]):
                out.append((v[0] // 10**5, v[1] // 10**8, v[2] // 10**5, v[3] // 10**8))
    return [s for i, s in enumerate(out) if i == 0 or s != out[i - 1]]


def resynced(ours, theirs):
    """States that are equal in order, going on after a difference where both meet again soonest."""
    i = j = n = 0
    while i < len(ours) and j < len(theirs):
        if ours[i] == theirs[j]:
            i, j, n = i + 1, j + 1, n + 1
            continue
        near = next(((a, k - a) for k in range(1, 200) for a in range(k + 1)
                     if ours[i + a:i + a + 3] == theirs[j + k - a:j + k - a + 3] and ours[i + a:i + a + 3]), None)
        if near is None:
            break
        i, j = i + near[0], j + near[1]
    return n


def check_real():
    data = tap.data_dir()
    if data is None:
        return
    folder = os.path.join(data, "lobster")
    code, got = verify(os.path.join(folder, "AAPL_2012-06-21_34200000_34249086_message_10.csv"))
    tap.check("the sample of AAPL: 998 rows, 6,403 levels that can be known, all equal",
              code == 0 and (got["book_rows"], got["book_levels_equal"], got["book_levels_different"]) == (998, 6403, 0), got)
    hour = os.path.join(tap.SCRATCH, "AAPL_2012-06-21_34200000_37800000_message_50.csv.gz")
    shutil.copy(os.path.join(folder, os.path.basename(hour)), hour)
    with open(os.path.join(folder, "AAPL_2012-06-21_34200000_34249086_orderbook_10.csv"), encoding="utf-8") as f:
        seed = f.readline()
    with open(hour.replace("_message_", "_orderbook_").replace(".gz", ""), "w", encoding="utf-8") as f:
        f.write(seed)
    out = os.path.join(tap.SCRATCH, "hour")
    got = tap.run_json(hour, "--out", out)
    with gzip.open(os.path.join(folder, "AAPL_2012-06-21_orderbook_1_first13000.csv.gz"), "rt") as f:
        theirs = [tuple(map(int, line.split(","))) for line in f]
    theirs = [s for i, s in enumerate(theirs) if i == 0 or s != theirs[i - 1]]
    ours = states(out)
    same = next((i for i, (a, b) in enumerate(zip(ours, theirs)) if a != b), min(len(ours), len(theirs)))
    n = resynced(ours, theirs)
    print(f"# {len(theirs)} published states of the first 13,000 rows: the first {same} are equal, {n} with resynchronisation; {len(ours)} of ours")
    tap.check("the hour of AAPL, begun with ten levels: all but some states of the best levels are the published ones",
              n >= 0.999 * len(theirs) and got["order_faults"] < 84, [n, len(theirs), same, got["order_faults"]])


def main():
    check_made()
    check_real()
    tap.finish()


main()
