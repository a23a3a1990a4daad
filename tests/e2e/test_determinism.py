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


def main():
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
    for lanes in (1, 2, 3, 4, 8):
        tap.check(f"{lanes} lanes", digest(f"l{lanes}", packed, options=["--lanes", lanes]) == want)
    for low, high in ((64, 64), (64, 65536), (1024, 1024), (65536, 65536)):
        plan = f"engine: {{batch_min: {low}, batch_max: {high}}}\n"
        tap.check(f"batches {low} to {high}", digest(f"b{low}-{high}", packed, plan) == want)
    tap.check("target latency", digest("latency", packed, "engine: {target: latency}\n") == want)
    tap.check("threads instead of io_uring", digest("threads", packed, "engine: {io: threads}\n") == want)
    masks = {"scalar": "scalar", "sse42": "sse42", "pclmul": "sse42", "avx2": "avx2", "-avx512": "avx2", "all,-avx2": "sse42"}
    for mask, most in masks.items():
        plan = f"engine: {{cpu_mask: '{mask}'}}\n"
        tap.check(f"kernels {mask}", digest("cpu" + mask.replace(",", "_"), packed, plan, cpu=most) == want)
    seed = int(os.environ.get("HR_TEST_SEED") or 1)
    rng = random.Random(seed)
    for i in range(6):
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
            subprocess.run([*shifted, tap.EXE, "run", os.path.join(tap.SCRATCH, "base.yaml"), packed, "--out", out, "--lanes", str(lanes)])
            tap.check(f"a time namespace, {lanes} lanes", tap.digest(out) == want)
    short = {"HEADRACE_FAULT": "short=777,eintr=3"}
    tap.check("short transfers and interrupts", digest("short", packed, env=short) == want)
    tap.check("odd splits", digest("odd", packed, env={"HEADRACE_FAULT": "short=61"}) == want)
    base_tables = digest("base-tables", packed, tables_only=True)
    tap.check("plain input, same tables", digest("plain", plain, tables_only=True) == base_tables)
    tap.finish()


main()
