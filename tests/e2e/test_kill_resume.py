# SPDX-License-Identifier: Apache-2.0
"""SIGKILL at random moments, then --resume, until done: at each moment a prefix, in the end byte-equal to the undisturbed
run, and no row that was committed is made again. HR_TEST_SECONDS runs on until then instead of counting kills."""
import concurrent.futures
import json
import os
import random
import shutil
import subprocess
import time

import tap

KILLS = int(os.environ.get("HR_TEST_KILLS", "300"))
SECONDS = float(os.environ.get("HR_TEST_SECONDS", "0"))
SEED = int(os.environ.get("HR_TEST_SEED", "1"))
WORKERS = 2
KINDS = ("deltas", "trades", "tickers", "books", "features", "gaps")


class Undisturbed:
    """What every run must come to."""
    def __init__(self, args, folder):
        self.args, self.seconds = args, float("inf")
        for _ in range(3):  # the machine may stall once
            shutil.rmtree(folder, ignore_errors=True)
            began = time.monotonic()
            self.report = tap.run_json(*args, "--out", folder)
            self.seconds = min(self.seconds, time.monotonic() - began)
        self.digest = tap.digest(folder)
        self.manifest = manifest(folder)
        self.rows = rows_of(self.manifest)


def manifest(folder):
    try:
        with open(os.path.join(folder, "manifest.jsonl"), "rb") as f:
            return f.read()
    except FileNotFoundError:
        return b""


def rows_of(text):
    """Rows of all kinds that the last whole line counts."""
    lines = text[:text.rfind(b"\n") + 1].splitlines()
    for line in reversed(lines):
        try:
            return sum(json.loads(line)["rows"].values())
        except (ValueError, KeyError):
            continue
    return 0


class Worker:
    """One dataset at a time, from its first start to its end, over and over."""
    def __init__(self, number, whole, kills, deadline):
        self.whole, self.kills_wanted, self.deadline = whole, kills, deadline
        self.cut = os.path.join(tap.SCRATCH, f"cut{number}")
        self.rng = random.Random(SEED * 1000 + number)
        self.kills = self.finished = self.resumed_late = 0
        self.first_rows = []
        self.bad = ""

    def is_done(self):
        return bool(self.bad) or (time.monotonic() > self.deadline if SECONDS > 0 else self.kills >= self.kills_wanted)

    def start(self, resumes):
        args = [*self.whole.args, "--out", self.cut, "--json", "--lanes", str(self.rng.choice([1, 2, 3]))]
        return subprocess.Popen([tap.EXE, "run", *map(str, args), *(["--resume"] if resumes else [])],
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE)

    def check_prefix(self):
        """Whole lines of the manifest are the undisturbed run's."""
        text = manifest(self.cut)
        whole = text[:text.rfind(b"\n") + 1]
        if not self.whole.manifest.startswith(whole):
            self.bad = f"after {self.kills} kills the manifest is no prefix"

    def time_first_row(self, p, before, began):
        """Until the manifest names more than it did: the first new rows, durable."""
        while p.poll() is None and time.monotonic() - began < self.whole.seconds:
            if len(manifest(self.cut)) > before:
                self.first_rows.append(time.monotonic() - began)
                return
            time.sleep(0.001)

    def finish(self, p, out, err, rows_before):
        if p.returncode != 0:
            self.bad = f"after {self.kills} kills: exit {p.returncode} {err!r}"
            return
        report = json.loads(out)
        made = report["counters"]["rows_encoded"]
        if tap.digest(self.cut) != self.whole.digest:
            self.bad = f"after {self.kills} kills the bytes differ"
        elif report["stopped"] or made != self.whole.rows - rows_before:
            self.bad = f"{made} rows made by the last run, {self.whole.rows - rows_before} were missing"
        self.finished += 1
        self.resumed_late += rows_before > 0

    def run(self):
        while not self.is_done():
            shutil.rmtree(self.cut, ignore_errors=True)
            for attempt in range(10000):
                text = manifest(self.cut)
                began = time.monotonic()
                p = self.start(attempt > 0)
                if rows_of(text) > 0 and self.rng.random() < 0.1:
                    self.time_first_row(p, len(text), began)
                try:
                    wait = None if self.is_done() else self.rng.random() * self.whole.seconds * 0.6
                    out, err = p.communicate(timeout=wait)
                    self.finish(p, out, err, rows_of(text))
                    break
                except subprocess.TimeoutExpired:
                    p.kill()
                    p.communicate()
                    self.kills += 1
                    self.check_prefix()
                    if self.bad:
                        break
        return self


def main():
    capture = os.path.join(tap.SCRATCH, "capture.ndjson.gz")
    plan = os.path.join(tap.SCRATCH, "plan.yaml")
    code, _, err = tap.run("gen", "--levels", 60000, "--instruments", 3, "--gaps", 4, "--bad", 20, "--out", capture)
    tap.check("gen makes the capture", code == 0, err)
    with open(plan, "w", encoding="utf-8") as f:
        f.write("output: {commit_rows: 6000}\nengine: {memory: 64MB}\nlimits: {instruments: 8}\n")
    whole = Undisturbed([plan, capture], os.path.join(tap.SCRATCH, "whole"))
    tap.check("undisturbed run", whole.rows > 60000 and whole.rows == sum(whole.report["written"][k] for k in KINDS), whole.report)
    print(f"# HR_TEST_SEED={SEED}, undisturbed {whole.seconds:.2f} s, {whole.report.get('commits')} commits")
    deadline = time.monotonic() + SECONDS
    with concurrent.futures.ThreadPoolExecutor(WORKERS) as pool:
        share = [KILLS // WORKERS + (i < KILLS % WORKERS) for i in range(WORKERS)]
        workers = list(pool.map(lambda i: Worker(i, whole, share[i], deadline).run(), range(WORKERS)))
    kills = sum(w.kills for w in workers)
    bad = "\n".join(w.bad for w in workers if w.bad)
    firsts = sorted(t for w in workers for t in w.first_rows)
    print(f"# states {kills}")
    if firsts:
        late = sum(t >= 1 for t in firsts)
        print(f"# first new rows after a resume: median {firsts[len(firsts) // 2]:.3f} s, slowest {firsts[-1]:.3f} s, "
              f"{late} of {len(firsts)} later than 1 s")
    tap.check(f"{kills} kills: a prefix each time, {sum(w.finished for w in workers)} finished runs byte-equal", not bad, bad)
    tap.check("resumed runs were among those that finished, and made no row again", sum(w.resumed_late for w in workers) > 0)
    tap.finish()


main()
