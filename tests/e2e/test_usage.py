# SPDX-License-Identifier: Apache-2.0
"""The command line: help, exit codes, what an unknown word gets, a deadline, and a full standard output."""
import os
import re
import subprocess

import tap


def verbs():
    return re.findall(r"^  headrace (\w+) ", tap.run("-h")[1], re.M)


def check_help():
    code, out, err = tap.run("-h")
    tap.check("help goes to standard output, exit 0", code == 0 and out and not err)
    code, out, err = tap.run()
    tap.check("no verb: help on standard error, exit 2", code == 2 and not out and "headrace VERB -h" in err)
    code, out, _ = tap.run("--version")
    tap.check("--version", code == 0 and re.fullmatch(r"headrace \d+\.\d+\.\d+\n", out), out)
    for verb in verbs():
        for option in ("-h", "--help"):
            code, out, err = tap.run(verb, option)
            tap.check(f"{verb} {option}", code == 0 and out.startswith(f"headrace {verb}") and "\nexample: " in out and not err)
        options = re.findall(r"^  (--[\w-]+)( [A-Z]+)?", tap.run(verb, "-h")[1], re.M)
        for name, value in options:
            if value:
                code, _, err = tap.run(verb, "x", name)
                tap.check(f"{verb} {name} takes a value", code == 2 and err == f"headrace: {name} takes a value:{value}\n", err)
            else:
                code, _, err = tap.run(verb, "x", name + "=1")
                tap.check(f"{verb} {name} takes none", code == 2 and err == f"headrace: {name} takes no value\n", err)
        code, _, err = tap.run(verb, "--no-such-thing")
        tap.check(f"{verb}: unknown option", code == 2 and err == f"headrace: unknown option '--no-such-thing' (headrace {verb} -h)\n", err)


def check_words():
    code, _, err = tap.run("verfy")
    tap.check("a verb misspelt", code == 2 and err == "headrace: unknown verb 'verfy', did you mean 'verify'? (headrace -h)\n", err)
    code, _, err = tap.run("frobnicate")
    tap.check("a verb unknown", code == 2 and err == "headrace: unknown verb 'frobnicate' (headrace -h)\n", err)
    code, _, err = tap.run("run", "x", "--resume", "--force")
    tap.check("--resume with --force", code == 2 and "take one" in err, err)
    code, _, err = tap.run("run", "x", "--out", "y" * 5000)
    tap.check("a path too long", code == 2 and "--out: a path of at most 1023 bytes" in err, err)
    code, _, err = tap.run("run", "--", "--force")
    tap.check("after -- a file may begin with -", code == 4 and "'--force'" in err, err)
    plan = os.path.join(tap.SCRATCH, "p.yaml")
    for text, want, message in (("book: {depht: 3}", 2, "unknown key 'depht' in 'book', did you mean 'depth'?"),
                                ("book: {depth: 3}", 2, "no input: name a capture or a plan"),
                                ("{input: {paths: [x]}, engine: {batch_min: 99, batch_max: 64}}", 2, "engine.batch_min 99")):
        with open(plan, "w", encoding="utf-8") as f:
            f.write(text)
        code, _, err = tap.run("run", plan)
        tap.check(f"plan: {text}", code == want and message in err, err)
    code, _, err = tap.run("run", plan + ".absent.yaml")
    tap.check("a plan that is absent", code == 4 and "cannot open plan" in err, err)


def check_output():
    for args in (["-h"], ["run", "-h"], ["--version"]):
        with open("/dev/full", "w", encoding="utf-8") as full:
            p = subprocess.run([tap.EXE, *args], stdout=full, stderr=subprocess.PIPE, text=True)
        tap.check(f"{' '.join(args)} into a full disk is exit 4", p.returncode == 4 and "cannot write to standard output" in p.stderr, p)


def check_deadline():
    capture, plan = os.path.join(tap.SCRATCH, "c.ndjson"), os.path.join(tap.SCRATCH, "often.yaml")
    with open(plan, "w", encoding="utf-8") as f:
        f.write("output: {commit_rows: 50000}")
    tap.run("gen", "--levels", "600000", "--instruments", "3", "--out", capture)
    whole, cut = os.path.join(tap.SCRATCH, "whole"), os.path.join(tap.SCRATCH, "cut")
    tap.check("a run without a deadline", tap.run("run", capture, plan, "--out", whole)[0] == 0)
    code, _, err = tap.run("run", capture, plan, "--out", cut, "--deadline", "1us")
    tap.check("a deadline stops a run with exit 5", code == 5 and err == "headrace: stopped at the deadline of 1us; --resume goes on\n", err)
    code, _, err = tap.run("run", capture, plan, "--out", cut, "--resume", "--deadline", "1h")
    tap.check("and --resume goes on", code == 0, err)
    tap.check("to the same bytes", tap.digest(whole) == tap.digest(cut))


check_help()
check_words()
check_output()
check_deadline()
tap.finish()
