# SPDX-License-Identifier: Apache-2.0
"""SIGKILL at random moments, then --resume, until done: byte-equal to the undisturbed run."""
import os
import random
import shutil
import subprocess
import time

import tap

KILLS = int(os.environ.get("HR_TEST_KILLS", "100"))
SEED = int(os.environ.get("HR_TEST_SEED", "1"))


def main():
    capture = os.path.join(tap.SCRATCH, "capture.ndjson.gz")
    plan = os.path.join(tap.SCRATCH, "plan.yaml")
    whole = os.path.join(tap.SCRATCH, "whole")
    cut = os.path.join(tap.SCRATCH, "cut")
    code, _, err = tap.run("gen", "--levels", 400000, "--instruments", 3, "--gaps", 4, "--bad", 20, "--out", capture)
    tap.check("gen makes the capture", code == 0, err)
    with open(plan, "w") as f:
        f.write("output: {commit_rows: 40000}\n")
    began = time.monotonic()
    result = tap.run_json(plan, capture, "--out", whole)
    full = time.monotonic() - began
    tap.check("undisturbed run", "lines" in result, result)
    want = tap.digest(whole)
    rng = random.Random(SEED)
    print(f"# HR_TEST_SEED={SEED}")
    kills = 0
    equal = True
    while kills < KILLS and equal:
        shutil.rmtree(cut, ignore_errors=True)
        args = [plan, capture, "--out", cut, "--json", "--lanes", str(rng.choice([1, 2, 3]))]
        for attempt in range(10000):
            extra = ["--resume"] if attempt else []
            p = subprocess.Popen([tap.EXE, "run", *args, *extra], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
            try:
                _, err = p.communicate(timeout=rng.random() * full * 0.7 if kills < KILLS else 60)
                equal = p.returncode == 0 and tap.digest(cut) == want
                if not equal:
                    print(f"# after {kills} kills: exit {p.returncode} {err!r}")
                break
            except subprocess.TimeoutExpired:
                p.kill()
                p.communicate()
                kills += 1
    tap.check(f"{kills} kills, every finished run byte-equal", equal)
    tap.finish()


main()
