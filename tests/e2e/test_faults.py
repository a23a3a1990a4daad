# SPDX-License-Identifier: Apache-2.0
"""Every kind of system call fails, the N-th time: a named error and no crash; a resumed run ends equal."""
import os
import random
import shutil

import tap

SEED = int(os.environ.get("HR_TEST_SEED", "1"))
SAMPLES = int(os.environ.get("HR_TEST_FAULTS", "120"))
CALLS = ["open", "pread", "pwrite", "sync", "rename", "mkdir", "truncate", "fstat", "map", "thread_start", "lock"]
ERRNOS = ["EIO", "ENOSPC", "EMFILE", "ENOMEM", "EDQUOT", "EROFS"]


def check_verbs(capture):
    """Verbs that write a file: any call that fails gives an error that says so, and leaves the folder as it was."""
    klines = os.path.join(tap.SCRATCH, "k.csv")
    with open(klines, "w", encoding="utf-8") as f:
        f.write("date,open,high,low,close\n2024-01-02,1,2,1,2\n2024-01-03,x,2,1,2\n")
    verbs = {"bars": ["bars", capture, "--every", "1s", "--out"], "asof": ["asof", capture, "--out"],
             "report": ["verify", capture, "--report"], "convert": ["convert", klines]}
    names = {"bars": "b.parquet", "asof": "j.csv.gz", "report": "r.html", "convert": "t.parquet"}
    rng = random.Random(SEED)
    for verb, args in verbs.items():
        folder = os.path.join(tap.SCRATCH, verb)
        bad, hit = [], 0
        for call in CALLS + ["stat", "close", "unlink"]:
            for nth in tap.share((1, 2, 3, 5), 2):
                shutil.rmtree(folder, ignore_errors=True)
                os.mkdir(folder)
                fault = f"call={call},nth={nth},errno={rng.choice(ERRNOS)},forever={rng.randint(0, 1)}"
                code, _, err = tap.run(*args, os.path.join(folder, names[verb]), env={"HEADRACE_FAULT": fault})
                left = sorted(os.listdir(folder))
                whole = [names[verb]] + ([names[verb] + ".rejects.ndjson"] if verb == "convert" else [])
                gone = left == [] or (left == whole and "cannot sync the folder" in err)  # whole, but perhaps not durable
                named = code in (4, 5) and "headrace: " in err and len(err) > 15 and gone
                if not named and (code != 0 or left != whole):
                    bad.append(f"{fault}: exit {code}, left {left}: {err}")
                hit += code != 0
        tap.check(f"{verb}: {hit} faults named, nothing is left of them", not bad and hit >= (3 if tap.is_sanitized() else 8), "\n".join(bad))


def main():
    capture = os.path.join(tap.SCRATCH, "c.ndjson")
    plan = os.path.join(tap.SCRATCH, "p.yaml")
    tap.run("gen", "--levels", 20000, "--instruments", 2, "--no-tickers", "--out", capture)
    with open(plan, "w", encoding="utf-8") as f:
        f.write("output: {commit_rows: 6000}\nengine: {memory: 128MB}\n")
    whole = os.path.join(tap.SCRATCH, "whole")
    tap.check("undisturbed", "lines" in tap.run_json(plan, capture, "--out", whole))
    want = tap.digest(whole)
    rng = random.Random(SEED)
    print(f"# HR_TEST_SEED={SEED}")
    bad, hit = [], 0
    for i in range(SAMPLES):
        out = os.path.join(tap.SCRATCH, "cut")
        shutil.rmtree(out, ignore_errors=True)
        kills = i % 3 == 0
        call = rng.choice(CALLS)
        nth = rng.randint(1, 60 if call in ("open", "pread", "pwrite", "sync", "rename") else 4)
        fault = f"call={call},nth={nth}," + ("kill=1" if kills else f"errno={rng.choice(ERRNOS)},forever={rng.randint(0, 1)}")
        code, _, err = tap.run("run", plan, capture, "--out", out, "--json", "--lanes", 2, env={"HEADRACE_FAULT": fault})
        named = code == 0 or (kills and code == -9) or (code in (2, 4, 5) and err.startswith("headrace: ") and len(err) > 15)
        if not named:
            bad.append(f"{fault}: exit {code} {err}")
        hit += code != 0
        code, _, err = tap.run("run", plan, capture, "--out", out, "--json", "--resume")
        if code != 0 or tap.digest(out) != want:
            bad.append(f"{fault}: resume: exit {code} {err}")
    tap.check(f"{SAMPLES} faults, {hit} of them fatal: named errors, and resume ends equal", not bad and hit > SAMPLES // 12, "\n".join(bad))
    replaced = []
    for nth in range(1, 12):
        out = os.path.join(tap.SCRATCH, "replaced")
        shutil.rmtree(out, ignore_errors=True)
        shutil.copytree(whole, out)
        code, _, _ = tap.run("run", plan, capture, "--out", out, "--force", env={"HEADRACE_FAULT": f"call=unlink,nth={nth},kill=1"})
        again, _, err = tap.run("run", plan, capture, "--out", out, "--resume")
        if code != -9 or again != 0 or tap.digest(out) != want:
            replaced.append(f"unlink {nth}: exit {code}, then {again} {err}")
    tap.check("killed while it replaces a dataset, it begins anew when resumed", not replaced, "\n".join(replaced))
    check_verbs(capture)
    tap.finish()


main()
