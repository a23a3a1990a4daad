#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The long version of a test: new seeds until the time is over or something is found. ./dev campaign calls it.

campaign.py NAME [SECONDS | --full] [--record]
SIGINT and SIGTERM stop it: what is under way is ended and not counted, the line is printed and recorded all the same.
Each program prints "# states N" lines: what it tried. The end is one line for docs/TRACK_RECORD.md; --record adds it."""
import datetime
import glob
import os
import random
import re
import resource
import signal
import subprocess
import sys
import time

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
BUILD = os.path.join(ROOT, "build")
RECORD = os.path.join(ROOT, "docs", "TRACK_RECORD.md")
FULL = {"HR_TEST_FULL": "1"}
FAULT_STATES = 500_000  # five or six captures, each complete
STOPS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
# name: (commands, environment, what else --full sets, states that --full goes on to)
CAMPAIGNS = {
    "power": ([[os.path.join(BUILD, "tests/fault/fault_job_power")]], {}, {}, 10_000_000),
    "kills": ([[sys.executable, os.path.join(ROOT, "tests/e2e/test_kill_resume.py")]], {"HR_TEST_KILLS": "500"}, {}, 100_000),
    "faults": ([[os.path.join(BUILD, "tests/fault/fault_job_syscalls")], [os.path.join(BUILD, "tests/fault/fault_app_sites")]], {}, FULL,
               FAULT_STATES),
    "flips": ([[os.path.join(BUILD, "tests/fault/fault_store_flips")]], {}, FULL, 1),
    "memory": ([[os.path.join(BUILD, "tests/fault/fault_job_memory")]], {}, FULL, 1),
}
FUZZ_FULL_SECONDS = 5 * 3600  # a target


class Stopped(Exception):
    """By a signal."""


class Campaign:
    def __init__(self, name, seconds, is_full):
        self.name, self.seconds, self.is_full = name, seconds, is_full
        self.base = random.SystemRandom().randrange(1, 1 << 40)
        self.n_seeds = self.n_states = 0
        self.find = ""
        self.began = time.monotonic()

    def is_over(self):
        return bool(self.find) or time.monotonic() - self.began > self.seconds

    def say(self, text):
        print(f"[{time.monotonic() - self.began:7.0f} s] {text}", flush=True)

    def run_one(self, command, env, replay):
        """One program with one seed; its output when it went well."""
        # a session of its own: a signal to our group is ours alone, and ours to pass on
        p = subprocess.Popen(command, env=dict(os.environ, **env), cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                             errors="replace", start_new_session=True)
        try:
            out = p.communicate()[0]
        except Stopped:
            os.killpg(p.pid, signal.SIGTERM)
            try:
                p.communicate(timeout=10)
            except subprocess.TimeoutExpired:
                os.killpg(p.pid, signal.SIGKILL)
                p.communicate()
            raise
        replay = replay.replace(ROOT + os.sep, "")  # to be run from the root of the tree
        if -p.returncode in STOPS:  # nothing of ours sends these
            self.say(f"ended by signal {-p.returncode} from elsewhere: not counted")
            raise Stopped
        if p.returncode != 0:
            self.find = replay
            print("\n".join(out.splitlines()[-40:]))
            print(f"found something: exit {p.returncode}. Again with:\n    {replay}")
        return out

    def run_seeds(self):
        commands, env, full_env, full_states = CAMPAIGNS[self.name]
        env = dict(env, HEADRACE=os.path.join(BUILD, "src/app/headrace"), HR_SOURCE_ROOT=ROOT, **(full_env if self.is_full else {}))
        while not (self.n_states >= full_states if self.is_full else self.is_over()) and not self.find:
            own = dict(env, HR_TEST_SEED=str(self.base + self.n_seeds))
            shown = " ".join(f"{k}={v}" for k, v in own.items() if k.startswith("HR_TEST"))
            for command in commands:
                out = self.run_one(command, own, f"{shown} HEADRACE={env['HEADRACE']} {' '.join(command)}")
                self.n_states += sum(int(n) for n in re.findall(r"^# states (\d+)", out, re.M))
                sites = re.findall(r"^# sites (\d+/\d+)", out, re.M)
                self.say(f"seed {own['HR_TEST_SEED']}: {self.n_states:,} states{''.join(f', {n} sites' for n in sites)}")
                if self.find:
                    break
            self.n_seeds += 1

    def run_fuzz(self):
        targets = sorted(t for t in glob.glob(os.path.join(ROOT, "build-fuzz/tests/fuzz/fuzz_*")) if os.path.isfile(t) and os.access(t, os.X_OK))
        share = FUZZ_FULL_SECONDS if self.is_full else max(1, int(self.seconds / len(targets)))
        for target in targets:
            short = os.path.basename(target)[len("fuzz_"):]
            corpus = os.path.join(ROOT, "build-fuzz/corpus", short)
            os.makedirs(corpus, exist_ok=True)
            artifact = os.path.join(ROOT, f"build-fuzz/{short}-")
            seed = (self.base + self.n_seeds) % (1 << 31)
            command = [target, f"-max_total_time={share}", f"-seed={seed}", "-max_len=65536", "-timeout=10", "-print_final_stats=1",
                       f"-artifact_prefix={artifact}", corpus, os.path.join(ROOT, "tests/fuzz/corpus", short)]
            out = self.run_one(command, {}, f"{target} {artifact}*")
            self.n_seeds += 1
            runs = sum(int(n) for n in re.findall(r"number_of_executed_units: (\d+)", out))
            edges = re.findall(r"cov: (\d+)", out)
            self.n_states += runs
            self.say(f"{short}: {runs:,} runs in {share} s, {edges[-1] if edges else '?'} edges")
            if self.find:
                return

    def line(self):
        used = resource.getrusage(resource.RUSAGE_CHILDREN)
        hours = (used.ru_utime + used.ru_stime) / 3600
        commit = git("rev-parse", "--short", "HEAD") + ("+" if git("status", "--porcelain", "--untracked-files=no", "--", ".", ":!docs/TRACK_RECORD.md") else "")
        found = f"1: `{self.find}`" if self.find else "0"
        return (f"| {datetime.date.today()} | {commit} | {self.name}{' --full' if self.is_full else ''} | {self.base} + {self.n_seeds} | "
                f"{hours:.2f} | {self.n_states:,} | {found} |")


def git(*args):
    return subprocess.run(["git", *args], cwd=ROOT, capture_output=True, text=True, check=False).stdout.strip()


def on_signal(number, _frame):
    for k in STOPS:
        signal.signal(k, signal.SIG_IGN)  # once is enough; the line still has to be written
    raise Stopped(number)


def main():
    args = sys.argv[1:]
    records = "--record" in args
    is_full = "--full" in args
    rest = [a for a in args if not a.startswith("--")]
    known = [*CAMPAIGNS, "fuzz"]
    bad = [a for a in args if a.startswith("--") and a not in ("--full", "--record")]
    if not rest or rest[0] not in known or bad or len(rest) > 2 or (len(rest) == 2 and not rest[1].isdigit()):
        print(f"./dev campaign NAME [SECONDS | --full] [--record]; NAME: {', '.join(known)}", file=sys.stderr)
        return 2
    c = Campaign(rest[0], int(rest[1]) if len(rest) > 1 else 600, is_full)
    for k in STOPS:
        if signal.getsignal(k) != signal.SIG_IGN:  # nohup, a job in the background
            signal.signal(k, on_signal)
    try:
        if c.name == "fuzz":
            c.run_fuzz()
        else:
            c.run_seeds()
    except Stopped:
        c.say("stopped")
    print(c.line())
    if records and not c.n_seeds and not c.find:
        c.say("nothing was tried to its end: nothing to record")
    elif records:
        with open(RECORD, "a", encoding="utf-8") as f:
            f.write(c.line() + "\n")
    return 1 if c.find else 0


sys.exit(main())
