# SPDX-License-Identifier: Apache-2.0
"""Same input, same bytes: lanes, batch sizes, back ends, compression, time zone, locale, umask."""
import gzip
import os
import random
import shutil
import subprocess

import tap

ZONES = ["UTC", "Asia/Kathmandu", "America/St_Johns", "Pacific/Kiritimati", "Etc/GMT+12", "Europe/Dublin", ":/no/such", "ABC-24:59:59", ""]
LOCALES = ["C", "C.UTF-8", "de_DE.UTF-8", "tr_TR.UTF-8", "ar_EG.UTF-8", "ja_JP.SJIS", "no_SUCH", ""]
TIERS = ["scalar", "sse42", "avx2", "avx512"]


def feed(path):
    """Two instruments over a connection that is lost twice: a snapshot, ten messages each, and again."""
    with open(path, "w", encoding="utf-8") as f:
        for i in range(30):
            if i % 10 == 0:
                f.write(f"wss://stream.binance.com:9443/stream <-> 17231616{i:02d}.1\n")
            for s in ("AUSDT", "BUSDT"):
                if i < 20 and i % 10 == 0:
                    f.write(f"https://api.binance.com/api/v3/depth?symbol={s} -> 17231616{i:02d}.2: "
                            f'{{"lastUpdateId":{i},"bids":[["1.5","2"]],"asks":[["200","1"]]}}\n')
                f.write(f'17231616{i:02d}.5: {{"stream":"{s.lower()}@depth","data":{{"e":"depthUpdate","E":1723161600000,"s":"{s}",'
                        f'"U":{i + 1},"u":{i + 1},"b":[["{i + 2}.5","1"]],"a":[]}}}}\n')


def check_feed():
    """After a connection is lost a book is whole again with the next snapshot, and not before."""
    feed(os.path.join(tap.SCRATCH, "feed.txt"))
    got = {n: tap.run_json(os.path.join(tap.SCRATCH, "feed.txt"), "--out", os.path.join(tap.SCRATCH, f"feed{n}"), "--lanes", n) for n in (1, 2)}
    tap.check("lost connections: messages, snapshots, books", [got[1].get(k) for k in ("messages", "snapshots", "synced")] == [60, 4, 2], got[1])
    tap.check("lost connections: no row of a book between", got[1].get("written", {}).get("books") == 44, got[1])
    tap.check("lost connections: two lanes, same bytes", len({tap.digest(os.path.join(tap.SCRATCH, f"feed{n}")) for n in (1, 2)}) == 1)


def check_spill():
    """Rows that do not fit memory wait in a file; what comes of them does not depend on who put them there."""
    capture, plan = os.path.join(tap.SCRATCH, "many.ndjson"), os.path.join(tap.SCRATCH, "many.yaml")
    tap.run("gen", "--levels", 150000, "--instruments", 300, "--out", capture)
    with open(plan, "w", encoding="utf-8") as f:
        f.write("engine: {memory: 80MB}\nlimits: {instruments: 300}\noutput: {tickers: false, trades: false}\n")
    digests = set()
    for lanes in (1, 2):
        got = tap.run_json(plan, capture, "--out", os.path.join(tap.SCRATCH, f"many{lanes}"), "--lanes", lanes)
        tap.check(f"rows past memory, {lanes} lanes: spilled", got.get("spilled_blocks", 0) > 0, got)
        digests.add(tap.digest(os.path.join(tap.SCRATCH, f"many{lanes}")))
    tap.check("rows past memory: same bytes", len(digests) == 1, digests)


def main():
    check_feed()
    check_spill()
    packed = os.path.join(tap.SCRATCH, "c.ndjson.gz")
    plain = os.path.join(tap.SCRATCH, "c.ndjson")
    code, _, err = tap.run("gen", "--levels", 200000, "--gaps", 2, "--bad", 5, "--instruments", 7, "--out", packed)
    tap.check("gen", code == 0, err)
    with gzip.open(packed, "rb") as f, open(plain, "wb") as g:
        g.write(f.read())
    again = os.path.join(tap.SCRATCH, "again.ndjson.gz")
    tap.run("gen", "--levels", 200000, "--gaps", 2, "--bad", 5, "--instruments", 7, "--out", again)
    with open(packed, "rb") as f, open(again, "rb") as g:
        tap.check("gen twice gives the same bytes", f.read() == g.read())

    def digest(name, capture, plan="", env=None, options=(), tables_only=False, cpu=None):
        out = os.path.join(tap.SCRATCH, name)
        path = os.path.join(tap.SCRATCH, name + ".yaml")
        with open(path, "w", encoding="utf-8") as f:
            f.write("output: {commit_rows: 60000}\n" + plan)
        result = tap.run_json(path, capture, "--out", out, *options, env=env)
        tap.check(f"{name}: runs", "lines" in result, result)
        if cpu is not None:
            tap.check(f"{name}: on {cpu} at most", result.get("cpu") in TIERS[:TIERS.index(cpu) + 1], result)
        if tables_only:
            os.unlink(os.path.join(out, "manifest.jsonl"))
        return tap.digest(out)

    want = digest("base", packed)
    for lanes in tap.share((1, 2, 3, 4, 8), 2):
        tap.check(f"{lanes} lanes", digest(f"l{lanes}", packed, options=["--lanes", lanes]) == want)
    for low, high in tap.share(((64, 64), (64, 65536), (1024, 1024), (65536, 65536)), 2):
        plan = f"engine: {{batch_min: {low}, batch_max: {high}}}\n"
        tap.check(f"batches {low} to {high}", digest(f"b{low}-{high}", packed, plan) == want)
    tap.check("target latency", digest("latency", packed, "engine: {target: latency}\n") == want)
    tap.check("threads instead of io_uring", digest("threads", packed, "engine: {io: threads}\n") == want)
    masks = {"scalar": "scalar", "sse42": "sse42", "pclmul": "sse42", "avx2": "avx2", "-avx512": "avx2", "all,-avx2": "sse42"}
    for mask, most in tap.share(masks.items()):
        plan = f"engine: {{cpu_mask: '{mask}'}}\n"
        tap.check(f"kernels {mask}", digest("cpu" + mask.replace(",", "_"), packed, plan, cpu=most) == want)
    seed = int(os.environ.get("HR_TEST_SEED") or 1)
    rng = random.Random(seed)
    for i in tap.share(range(6)):
        env = {"TZ": rng.choice(ZONES), "LC_ALL": rng.choice(LOCALES), "LANG": rng.choice(LOCALES)}
        mask = rng.randrange(0o1000) & 0o377  # the owner's bits are needed
        lanes, low = rng.choice((1, 2, 5, 8)), 1 << rng.randrange(6, 17)
        plan = f"engine: {{batch_min: {low}, batch_max: {low}}}\n"
        old = os.umask(mask)
        got = digest(f"place{i}", packed, plan, env=env, options=["--lanes", lanes])
        os.umask(old)
        tap.check(f"HR_TEST_SEED={seed}: {env}, umask {mask:o}, {lanes} lanes, batches of {low}", got == want)
    shifted = ["unshare", "--time", "--monotonic", "100000000", "--boottime", "100000000"]
    if shutil.which("unshare") and subprocess.run([*shifted, "true"], capture_output=True).returncode == 0:
        for lanes in (1, 2):  # a machine that has run for three years
            out = os.path.join(tap.SCRATCH, f"shifted{lanes}")
            subprocess.run([*shifted, tap.EXE, "run", os.path.join(tap.SCRATCH, "base.yaml"), packed, "--out", out, "--lanes", str(lanes)], stdout=subprocess.DEVNULL)
            tap.check(f"a time namespace, {lanes} lanes", tap.digest(out) == want)
    short = {"HEADRACE_FAULT": "short=777,eintr=3"}
    tap.check("short transfers and interrupts", digest("short", packed, env=short) == want)
    tap.check("odd splits", digest("odd", packed, env={"HEADRACE_FAULT": "short=61"}) == want)
    base_tables = digest("base-tables", packed, tables_only=True)
    tap.check("plain input, same tables", digest("plain", plain, tables_only=True) == base_tables)
    tap.finish()


main()
