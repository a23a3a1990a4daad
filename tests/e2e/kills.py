# SPDX-License-Identifier: Apache-2.0
"""Runs that are killed at a call of the system and resumed, over and over, until they end. Which call, a seed says: the same
kills on any machine, however loaded."""
import collections
import json
import os
import random
import shutil

import tap

COUNTS = ("lines", "filtered", "levels", "trades", "written")
CALLS = ("sync", "rename", "write", "pread")

# n: how often it was killed; wrong: what is wrong, or ""; report: of the last run that was not killed and read anything
Killed = collections.namedtuple("Killed", "n wrong report resumed")


def plan(name, source, rows, more=""):
    """A plan that commits every so many rows."""
    with open(os.path.join(tap.SCRATCH, name), "w", encoding="utf-8") as f:
        f.write(f"input: {{paths: ['{source}']}}\noutput: {{commit_rows: {rows}}}\n{more}")
    return os.path.join(tap.SCRATCH, name)


def to_the_end(args, out, want, seed, kills, calls=CALLS, nth=9, fewer=True):
    """`run` of these arguments into a fresh folder: killed at the first to nth-1th call of some kind, `kills` times at the
    most (under a sanitizer fewer: a third), and resumed to its end, by any lanes. want: the digest of an undisturbed run."""
    rng, n, report = random.Random(seed), 0, {}
    kills = kills // 3 if fewer and tap.is_sanitized() else kills
    shutil.rmtree(out, ignore_errors=True)
    while True:
        fault = f"call={rng.choice(calls)},nth={rng.randrange(1, nth)},kill=1" if n else "call=sync,nth=2,kill=1"
        resume = ["--resume"] if os.path.isdir(out) else []
        code, text, err = tap.run("run", *args, "--out", out, "--json", "--lanes", rng.randrange(1, 4), *resume,
                                  env={"HEADRACE_FAULT": fault} if n < kills else {})
        if code == 0:
            got = json.loads(text)
            wrong = "" if tap.digest(out) == want else f"other bytes, seed {seed}"
            return Killed(n, wrong, got if got["lines"] else report, bool(resume))
        if code != -9:
            return Killed(n, f"exit {code}, seed {seed}: {err}", report, bool(resume))
        n += 1


def once_each(args, out, want, nths):
    """Killed once at each of these syncs, in a fresh folder, and resumed: how often it was killed, and what is wrong."""
    n, wrong = 0, []
    for nth in nths:
        shutil.rmtree(out, ignore_errors=True)
        code, _, _ = tap.run("run", *args, "--out", out, "--lanes", 2, env={"HEADRACE_FAULT": f"call=sync,nth={nth},kill=1"})
        again, _, err = tap.run("run", *args, "--out", out, "--resume", "--lanes", 1)
        n += code == -9
        wrong += [] if code in (-9, 0) and again == 0 and tap.digest(out) == want else [f"sync {nth}: exit {code}, {again} {err}"]
    return n, wrong


def counts_hold(what, args, out, seed, rounds):
    """Killed up to five times and resumed, `rounds` times over: bytes and counts are those of an undisturbed run."""
    shutil.rmtree(out + ".whole", ignore_errors=True)  # of another call
    whole = tap.run_json(*args, "--out", out + ".whole")
    want, n, n_resumed, wrong = tap.digest(out + ".whole"), 0, 0, []
    rounds = rounds // 3 if tap.is_sanitized() else rounds
    for i in range(rounds):
        done = to_the_end(args, out, want, f"{seed}.{i}", 2 + i % 4, nth=20, fewer=False)
        got = done.report or whole  # it was complete when it was killed
        wrong += [done] if done.wrong or any(got.get(k) != whole.get(k) for k in COUNTS) else []
        n, n_resumed = n + done.n, n_resumed + done.resumed
    tap.check(f"{what}: killed and resumed, the same bytes and counts", not wrong and "written" in whole, wrong[:2])
    tap.check(f"{what}: {n} kills, {n_resumed} of {rounds} ended resumed", n >= rounds and n_resumed >= rounds // 3, (n, n_resumed))
