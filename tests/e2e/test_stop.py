# SPDX-License-Identifier: Apache-2.0
"""SIGTERM and SIGINT at random moments: exit 0 in time, a sound dataset at its last commit, and resuming ends byte-equal."""
import json
import os
import random
import shutil
import signal
import subprocess
import time

import tap

STOPS = int(os.environ.get("HR_TEST_STOPS", "40"))
SEED = int(os.environ.get("HR_TEST_SEED", "1"))


def start(args):
    return subprocess.Popen([tap.EXE, "run", *args, "--json"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


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


def stop_until_done(rng, plan, capture, cut, full, want, slowest):
    """One dataset from first start to its end; the number of stops, and what was wrong."""
    stops = 0
    for attempt in range(1000):
        p = start([plan, capture, "--out", cut, "--lanes", str(rng.choice([1, 2, 3])), *(["--resume"] if attempt else [])])
        try:
            out, err = p.communicate(timeout=0.02 + rng.random() * full * 0.7)
        except subprocess.TimeoutExpired:
            began = time.monotonic()
            p.send_signal(rng.choice([signal.SIGTERM, signal.SIGINT]))
            if rng.random() < 0.4:
                time.sleep(rng.random() * 0.02)
                p.send_signal(signal.SIGTERM)
            out, err = p.communicate(timeout=60)
            slowest[0] = max(slowest[0], time.monotonic() - began)
            stops += 1
        if p.returncode in (-signal.SIGTERM, -signal.SIGINT):
            continue  # it had not yet asked to be told
        if p.returncode != 0:
            return stops, f"exit {p.returncode} {err}"
        if not json.loads(out)["stopped"]:
            return stops, "" if tap.digest(cut) == want else "the bytes differ"
        bad = check_stopped(cut, out)
        if bad:
            return stops, bad
    return stops, "it never ends"


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
        want = tap.digest(whole)
        rng = random.Random(SEED)
        print(f"# HR_TEST_SEED={SEED}")
        stops, bad, slowest = 0, "", [0.0]
        while stops < STOPS // 2 and not bad:
            shutil.rmtree(cut, ignore_errors=True)
            n, bad = stop_until_done(rng, plan, capture, cut, full, want, slowest)
            stops += n
        tap.check(f"{stops} stops, a commit every {rows} rows: sound at once, byte-equal in the end", not bad, bad)
        tap.check(f"the slowest took {slowest[0]:.2f} s", slowest[0] < 10)  # 2 s, and a loaded machine
    tap.finish()


main()
