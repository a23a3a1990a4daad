# SPDX-License-Identifier: Apache-2.0
"""One file of each format and of each venue through the main job: the same bytes for any lanes and batches, and after kills.
Where the real files are, each of them: its counts as docs/RESULTS.md states them. HR_RESULTS_RENEW=1 writes that table anew."""
import gzip
import json
import lzma
import os
import random
import struct
import subprocess
import sys
import zipfile

import dbn_reader as dbn
import kills
import tap

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "golden"))
import venue_captures  # pylint: disable=wrong-import-position

DAY = "2024-05-07"
DAY_MS = 1715040000000
KILLS = 8


def path(name):
    return os.path.join(tap.SCRATCH, name)


def write(name, text):
    os.makedirs(os.path.dirname(path(name)), exist_ok=True)
    with open(path(name), "wb") as f:
        f.write(text if isinstance(text, bytes) else text.encode())
    return path(name)


# ---- one file of each ----

def captures():
    """Framings and containers of what the generator makes."""
    for name, fmt in (("a.ndjson", "capture"), ("b.ndjson", "capture-json"), ("c.ndjson", "ndjson"), ("d.csv", "tardis"),
                      ("e.csv", "tardis-trades")):
        tap.run("gen", "--format", fmt, "--levels", 20000, "--instruments", 3, "--seed", 5, "--out", path(name))
        yield fmt, path(name)
    with open(path("a.ndjson"), "rb") as f:
        data = f.read()
    yield "capture.gz", write("a.ndjson.gz", gzip.compress(data, 1))
    yield "capture.xz", write("a.ndjson.xz", lzma.compress(data, preset=0))
    subprocess.run(["zstd", "-qf", path("a.ndjson")], check=True)
    yield "capture.zst", path("a.ndjson.zst")
    with zipfile.ZipFile(path("a.zip"), "w", zipfile.ZIP_DEFLATED) as z:
        z.writestr("a.ndjson", data)
    yield "capture.zip", path("a.zip")


def tables():
    """What convert makes of a capture."""
    for end in ("parquet", "arrow", "arrows"):
        tap.run("convert", path("a.ndjson"), path("events." + end))
        yield "events." + end, path("events." + end)
    tap.run("gen", "--format", "capture", "--levels", 20000, "--instruments", 1, "--seed", 6, "--out", path("one.ndjson"))
    for kind in ("deltas", "trades", "tickers"):
        out = path(f"symbol=X/{kind}.parquet")
        os.makedirs(os.path.dirname(out), exist_ok=True)
        code, _, err = tap.run("convert", path("one.ndjson"), out, "--to", kind, "--lossy")
        if kind == "tickers":
            continue  # an output alone
        yield f"{kind}.parquet", out if code == 0 else err
    tap.run("gen", "--format", "lake", "--levels", 20000, "--instruments", 2, "--out", path("lake"))
    yield "lake", path("lake")


def csv_rows(head, rows):
    return "\n".join([head] + rows) + "\n"


def files_of_vendors():
    rng = random.Random(4)
    times = sorted(DAY_MS * 1000 + rng.randrange(10**9) for _ in range(6000))
    px = lambda: f"{60000 + rng.randrange(100000) / 100:.2f}"
    qty = lambda: f"0.{rng.randrange(1, 10**6):06}"
    flag = lambda: rng.choice(("true", "false"))
    yield "binance-aggtrades", write("data/futures/um/BTCUSDT-aggTrades-2024-05-07.csv", csv_rows(
        "agg_trade_id,price,quantity,first_trade_id,last_trade_id,transact_time,is_buyer_maker",
        [f"{i + 9},{px()},{qty()},{2 * i + 5},{2 * i + 6},{t // 1000},{flag()}" for i, t in enumerate(times)]))
    yield "binance-trades", write("data/spot/BTCUSDT-trades-2024-05-07.csv", "".join(
        f"{i + 9},{px()},{qty()},12.5,{t // 1000},{flag().title()},True\n" for i, t in enumerate(times)))
    yield "tardis-quotes", write("quotes.csv", csv_rows(
        "exchange,symbol,timestamp,local_timestamp,ask_amount,ask_price,bid_price,bid_amount",
        [f"binance,BTCUSDT,{t},{t + 900},{qty()},{60100 + i % 9}.5,{59000 + i % 7}.5,{qty()}" for i, t in enumerate(times)]))
    depth = [f"{s}[{i}].{x}" for i in range(5) for s, x in (("asks", "price"), ("asks", "amount"), ("bids", "price"), ("bids", "amount"))]
    yield "tardis-snapshot", write("book_snapshot_5.csv", csv_rows("exchange,symbol,timestamp,local_timestamp," + ",".join(depth), [
        f"binance,BTCUSDT,{t},{t + 900}," + ",".join(f"{60100 + i}.5,{qty()},{60000 - i}.5,{qty()}" for i in range(5)) for t in times[:2000]]))


def order_files():
    day = path(f"day_{DAY}.itch")
    tap.run("gen", "--format", "itch", "--orders", 20000, "--instruments", 6, "--seed", 7, "--out", day)
    yield "itch", day
    with open(day, "rb") as f:
        data = f.read()
    at, seq, packets, head = 0, 1, b"", b"HEADRACE01"
    while at < len(data):
        begin, n = at, 0
        while at < len(data) and n < 9:
            at += 2 + struct.unpack_from(">H", data, at)[0]
            n += 1
        packet = head + struct.pack(">QH", seq, n) + data[begin:at]
        packets += b"" if seq == 10000 else struct.pack(">H", len(packet)) + packet
        seq += n
    yield "moldudp64", write(f"day_{DAY}.mold", packets)
    rng, now, live, rows = random.Random(3), 34200 * 10**9, {}, []
    for key in range(1, 8001):
        now += rng.randrange(10**7)
        if live and rng.random() < 0.5:
            old = rng.choice(list(live))
            px, side, size = live.pop(old)
            rows.append(f"{now // 10**9}.{now % 10**9:09},{rng.choice((3, 4))},{old},{size},{px},{side}")
        else:
            side = rng.choice((1, -1))
            live[key] = 5853300 - side * rng.randrange(1, 40) * 100, side, rng.randrange(1, 900)
            rows.append(f"{now // 10**9}.{now % 10**9:09},1,{key},{live[key][2]},{live[key][0]},{side}")
    yield "lobster", write(f"AAPL_{DAY}_34200000_37800000_message_10.csv", "\n".join(rows) + "\n")
    yield "bitstamp-orders", write("orders.log", "".join(
        f"{DAY_MS + i} order_{rng.choice(('created', 'created', 'deleted'))} "
        + json.dumps({"id": 900 + i // 2, "price": f"{400 + i % 50}.5", "amount": "1.25", "order_type": i % 2}) + "\n" for i in range(8000)))
    mbo, ids = [], []
    for i in range(8000):
        if ids and i % 2:
            order, side, px, size = ids.pop(rng.randrange(len(ids)))
            mbo.append(dbn.mbo("C", order_id=order, side=side, price=px, size=size, ts=DAY_MS * 10**6 + i * 1000))
        else:
            side = rng.choice("BA")
            ids.append((i + 1, side, (5000 + (-1 if side == "B" else 1) * rng.randrange(1, 60)) * 250_000_000, rng.randrange(1, 9)))
            mbo.append(dbn.mbo("A", order_id=i + 1, side=side, price=ids[-1][2], size=ids[-1][3], ts=DAY_MS * 10**6 + i * 1000))
    yield "dbn", write("es.dbn", dbn.header() + b"".join(mbo))


def venues():
    for name in venue_captures.writers():
        yield name, write(f"{name}.ws.1.0", "\n".join(venue_captures.capture(name)) + "\n")


# ---- the job over it ----

def plan_of(name, source, rows, batch):
    return kills.plan(name, source, rows, f"engine: {{batch_min: {batch}, batch_max: {batch * 8}}}\n")


def check(name, source, rows=3000, n_kills=KILLS, compares=True):
    """True where it went well."""
    plan, out = plan_of("plan.yaml", source, rows, 512), path("out")
    code, text, err = tap.run("run", plan, "--out", out, "--force", "--lanes", 2, "--json")
    if code != 0:
        tap.check(f"{name}: runs", False, f"exit {code} {err}")
        return None
    if not compares:
        tap.check(f"{name}: {json.loads(text)['lines']} lines", True)
        return json.loads(text)
    want, wrong = tap.digest(out), ""
    for lanes, batch in ((1, 64), (3, 8192)):
        again = path("again")
        code, _, err = tap.run("run", plan_of("other.yaml", source, rows, batch), "--out", again, "--force", "--lanes", lanes)
        if code != 0 or tap.digest(again) != want:
            wrong += f"{lanes} lanes: exit {code} {err}; "
    done = kills.to_the_end([plan], path("killed"), want, name, n_kills)
    tap.check(f"{name}: {json.loads(text)['lines']} lines, the same bytes for any lanes and batches, and after {done.n} kills",
              not wrong and not done.wrong and done.n > 0, wrong + done.wrong)
    return json.loads(text)


def check_made():
    made = [*captures(), *tables(), *files_of_vendors(), *order_files(), *venues()]
    compared = {name for name, _ in tap.share(made)}
    for name, source in made:
        got = check(name, source, compares=name in compared)
        n = got and sum(got["written"].values()) + sum(got["rejected"].values())
        tap.check(f"{name}: something came of it", n, got)


# ---- real files ----

# what a venue's finest prices and quantities need, where both fit 18 digits
SCALES = {"KRAKEN": ["--price-decimals", "8"], "BITSTAMP": ["--price-decimals", "8"], "bitstamp_orders": ["--price-decimals", "8"],
          "BITMEX": ["--price-decimals", "10"], "HITBTC": ["--price-decimals", "10"], "KUCOIN": ["--price-decimals", "10"],
          "GATEIO.": ["--quantity-decimals", "10"]}
COLUMNS = ("lines", "messages", "snapshots", "levels", "orders", "trades", "tickers", "gaps", "duplicates", "stale", "crossed")
ELSEWHERE = ("JSONTestSuite", "media", "symbols", "parquet-testing", "arrow-testing", "indicators", "venue-samples", "samples")


def real_files(data):
    """(name, paths): a venue's answers and its stream are one recording."""
    for base, folders, names in os.walk(data):
        folders[:] = sorted(d for d in folders if d not in ELSEWHERE)
        for name in sorted(names):
            full = os.path.join(base, name)
            if name.endswith((".md", ".0.gz")) and ".ws." not in name:
                continue  # how a recording was made, and what goes with the stream
            answers = os.path.join(base, name.split(".")[0] + ".http.0.0.gz") if ".ws." in name else ""
            yield os.path.relpath(full, data), ([answers] if os.path.exists(answers) else []) + [full]


def scale_of(name):
    return next((a for k, a in SCALES.items() if os.path.basename(name).startswith(k)), [])


def row_of(name, paths):
    more = scale_of(name)
    code, text, err = tap.run("run", *paths, "--out", path("real"), "--force", "--json", *more)
    if code != 0:
        return f"| `{name}` | - | refused: {'table, no events' if 'holds no events' in err else 'exit ' + str(code)} |" + " |" * (len(COLUMNS) + 1), None
    got = json.loads(text)
    _, seen, _ = tap.run("inspect", paths[-1], "--json")
    fmt = json.loads(seen)["format"] if seen.startswith("{") else "-"
    proof = []
    if got["checksums"]:
        proof.append(f"checksums {got['checksums_equal']} of {got['checksums']}")
    if got["ticker_checks"]:
        proof.append(f"tickers {got['ticker_checks_equal']} of {got['ticker_checks']}")
    if got["synced"] or got["never_synced"]:
        proof.append(f"books {got['synced']} of {got['synced'] + got['never_synced']}")
    if got["order_faults"]:
        proof.append(f"unknown orders {got['order_faults']}")
    rejected = ", ".join(f"{k} {v}" for k, v in got["rejected"].items())
    with_answers = " and its answers" if len(paths) > 1 else ""
    cells = [f"`{name}`{with_answers}", " ".join([fmt, *more]), *(str(got[k]) for k in COLUMNS), rejected, ", ".join(proof)]
    return "| " + " | ".join(cells) + " |", got


def check_real():
    data = tap.data_dir()
    if data is None:
        return
    doc = os.path.join(tap.ROOT, "docs", "RESULTS.md")
    with open(doc, encoding="utf-8") as f:
        text = f.read()
    begin, end = text.index("<!-- results -->\n") + len("<!-- results -->\n"), text.index("<!-- /results -->")
    rows = {}
    for name, paths in tap.share(real_files(data)):
        rows[name], got = row_of(name, paths)
        if got and got["lines"] >= 1000 and not scale_of(name) and not tap.is_slow():
            check(name, paths[-1], rows=20000, n_kills=3)
    head = "| file | format | " + " | ".join(c.replace("_", " ") for c in COLUMNS) + " | rejected | proof |\n|" + " --- |" * (len(COLUMNS) + 4) + "\n"
    table = head + "".join(r + "\n" for r in rows.values())
    if os.environ.get("HR_RESULTS_RENEW"):
        with open(doc, "w", encoding="utf-8") as f:
            f.write(text[:begin] + table + text[end:])
        text = text[:begin] + table + text[end:]
        end = begin + len(table)
    had = set(text[begin:end].splitlines())
    for name, row in rows.items():
        tap.check(f"{name}: as docs/RESULTS.md says", row in had, row)


def main():
    check_made()
    check_real()
    tap.finish()


main()
