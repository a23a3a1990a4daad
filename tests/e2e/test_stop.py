# SPDX-License-Identifier: Apache-2.0
"""SIGTERM and SIGINT at random moments, once or twice, under load and in recovery: exit 0 in time, a sound dataset at its last commit, and resuming ends byte-equal."""
import json
import os
import random
import resource
import shutil
import signal
import subprocess
import time

import tap

STOPS = int(os.environ.get("HR_TEST_STOPS", "40"))
SEED = int(os.environ.get("HR_TEST_SEED", "1"))
# where many want the processor it also does less in its time: caches, clock rates
SLOW = 10 if tap.is_sanitized() else 3 if os.getloadavg()[0] > 2 * os.cpu_count() else 1
ONCE_MAX, TWICE_MAX = 2 * SLOW, 0.2 * SLOW  # seconds


def start(args, **env):
    return subprocess.Popen([tap.EXE, "run", *args, "--json"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                            env=dict(os.environ, **env))


def leftovers(folder):
    return [n for _, _, names in os.walk(folder) for n in names if n.endswith(".tmp")]


def check_stopped(cut, out):
    """What must hold of a dataset whose run was stopped; what does not."""
    code, _, err = tap.run("verify", cut)
    if code != 0:
        return f"verify: exit {code} {err}"
    if leftovers(cut):
        return f"left over: {leftovers(cut)[:3]}"
    report = json.loads(out)
    rows = 0
    with open(os.path.join(cut, "manifest.jsonl"), encoding="utf-8") as f:
        for line in f:
            rows = json.loads(line).get("rows", {"deltas": 0})["deltas"]
    if report["written"]["deltas"] != rows:
        return f"the summary says {report['written']['deltas']} deltas, the manifest {rows}"
    return "" if report["stopped"] else "not marked as stopped"


class Times:
    """How a stop was asked for, and how long it then took."""
    def __init__(self):
        self.once, self.twice = [], []
        self.n_early = self.n_recovery = 0

    def has_all(self):
        return self.once and self.twice and self.n_recovery

    def print(self):
        for name, t in (("one signal", sorted(self.once)), ("a second one", sorted(self.twice))):
            if t:
                print(f"# {name}: {len(t)} times, median {t[len(t) // 2]:.3f} s, slowest {t[-1]:.3f} s to the end")
        print(f"# {self.n_recovery} stops asked for within 30 ms of a resume, {self.n_early} of them before anybody listened")


class Watch:
    """Seconds until a process has ended, by the clock or by what it took of the processor, whichever is less: a loaded
    machine makes the clock run on, several lanes the other."""
    def __init__(self, p):
        with open(f"/proc/{p.pid}/stat", encoding="utf-8") as f:
            ticks = f.read().rpartition(")")[2].split()[11:13]
        self.used = sum(map(int, ticks)) / os.sysconf("SC_CLK_TCK")
        self.before = self.of_children()
        self.began = time.monotonic()

    @staticmethod
    def of_children():
        used = resource.getrusage(resource.RUSAGE_CHILDREN)
        return used.ru_utime + used.ru_stime

    def seconds(self):
        """Once it was waited for."""
        return min(time.monotonic() - self.began, max(0.0, self.of_children() - self.before - self.used))


def ask(rng, p, times):
    """Sends one signal or two, waits for the end."""
    watch = Watch(p)
    is_twice = rng.random() < 0.4
    p.send_signal(rng.choice([signal.SIGTERM, signal.SIGINT]))
    if is_twice:
        time.sleep(rng.random() * 0.02)
        watch = Watch(p)
        p.send_signal(signal.SIGTERM)
    out, err = p.communicate(timeout=60)
    if p.returncode == 0:
        (times.twice if is_twice else times.once).append(watch.seconds())
    return out, err


def stop_until_done(rng, plan, capture, cut, whole, times):
    """One dataset from first start to its end; the number of stops, and what was wrong."""
    stops = 0
    full, want = whole
    for attempt in range(1000):
        p = start([plan, capture, "--out", cut, "--lanes", str(rng.choice([1, 2, 3])), *(["--resume"] if attempt else [])])
        in_recovery = attempt > 0 and rng.random() < 0.4
        try:
            out, err = p.communicate(timeout=0.004 + rng.random() * 0.026 if in_recovery else 0.02 + rng.random() * full * 0.7)
        except subprocess.TimeoutExpired:
            out, err = ask(rng, p, times)
            stops += 1
            times.n_recovery += in_recovery
        if p.returncode in (-signal.SIGTERM, -signal.SIGINT):
            times.n_early += 1
            continue  # it had not yet asked to be told
        if p.returncode != 0:
            return stops, f"exit {p.returncode} {err}"
        if not json.loads(out)["stopped"]:
            return stops, "" if tap.digest(cut) == want else "the bytes differ"
        bad = check_stopped(cut, out)
        if bad:
            return stops, bad
    return stops, "it never ends"


def time_slow_stop(args, cut, n_signals):
    """Seconds from the last signal to the end of a run that waits for its disk and is far from any commit."""
    shutil.rmtree(cut, ignore_errors=True)
    p = start([*args, "--out", cut], HEADRACE_FAULT="call=pread,slow_us=50000")
    while not os.path.exists(os.path.join(cut, "manifest.jsonl")):
        time.sleep(0.01)
    time.sleep(0.1)
    for _ in range(n_signals):
        time.sleep(0.02)
        began = time.monotonic()
        p.send_signal(signal.SIGTERM)
    out, err = p.communicate(timeout=60)
    took = time.monotonic() - began
    if p.returncode != 0:
        return 0, f"exit {p.returncode} {err}"
    return took, check_stopped(cut, out)


def check_second_is_prompt(plan, capture, cut):
    """One signal waits for a commit, for a second at most; with a second signal there is no wait."""
    with open(plan, "w", encoding="utf-8") as f:
        f.write("output: {commit_rows: 100000000}\n")
    once, bad1 = time_slow_stop([plan, capture], cut, 1)
    twice, bad2 = time_slow_stop([plan, capture], cut, 2)
    tap.check("far from a commit, both stops are sound", not bad1 and not bad2, f"{bad1} {bad2}")
    tap.check(f"one signal took {once:.2f} s, a second one {twice:.3f} s", once > 0.5 and twice < once / 2)


def main():
    capture = os.path.join(tap.SCRATCH, "capture.ndjson")
    plan = os.path.join(tap.SCRATCH, "plan.yaml")
    whole = os.path.join(tap.SCRATCH, "whole")
    cut = os.path.join(tap.SCRATCH, "cut")
    tap.run("gen", "--levels", 600000, "--instruments", 3, "--gaps", 4, "--bad", 20, "--out", capture)
    for rows in (20000, 250000):
        with open(plan, "w", encoding="utf-8") as f:
            f.write(f"output: {{commit_rows: {rows}}}\n")
        shutil.rmtree(whole, ignore_errors=True)
        began = time.monotonic()
        result = tap.run_json(plan, capture, "--out", whole)
        full = time.monotonic() - began
        tap.check("undisturbed run", result.get("stopped") is False, result)
        rng = random.Random(SEED)
        print(f"# HR_TEST_SEED={SEED}")
        stops, bad, times = 0, "", Times()
        while not bad and (stops < STOPS // 2 or (not times.has_all() and stops < 10 * STOPS)):
            shutil.rmtree(cut, ignore_errors=True)
            n, bad = stop_until_done(rng, plan, capture, cut, (full, tap.digest(whole)), times)
            stops += n
        times.print()
        tap.check(f"{stops} stops, a commit every {rows} rows: sound at once, byte-equal in the end", not bad, bad)
        tap.check("asked once, twice, and in recovery", times.has_all())
        once, twice = max(times.once, default=0), max(times.twice, default=0)
        tap.check(f"the slowest took {once:.2f} s, after a second signal {twice:.3f} s", once < ONCE_MAX and twice < TWICE_MAX)
    check_second_is_prompt(plan, capture, cut)
    tap.finish()


main()
