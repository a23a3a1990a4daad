# SPDX-License-Identifier: Apache-2.0
"""engine.memory is a wall: at each cap, with 500 instruments and the inputs that take most, no more is ever mapped nor
resident. A cap that is too small is refused at the start with the figure that would do, and that figure does.
A page or a book may still be too large for it: that too ends by the key's name.

The wall is RLIMIT_DATA, where an overrun fails the run. HR_TEST_CGROUP, a memory cgroup in which children may be made,
adds the kernel's own: a child with the cap and 8 MiB, in which nothing may be killed."""
import json
import os
import random
import re
import resource
import shutil

import bombs
import tap

MIB = 1 << 20
CAPS = (64, 128, 256, 1024)
LANES = 2
STACK = MIB  # of a lane, when the limit says so
BESIDE = 8 * MIB  # the program, its libraries, what they keep


def path(name):
    return os.path.join(tap.SCRATCH, name)


def line(symbol, first, last, bids, asks, extra=""):
    levels = [",".join(f'["{p / 100:.2f}","{q}"]' for p, q in side) for side in (bids, asks)]
    return (f'{{"stream":"x@depth","data":{{"e":"depthUpdate","E":{1723161600000 + last},"T":1723161600000,"s":"{symbol}",'
            f'"U":{first},"u":{last},{extra}"b":[{levels[0]}],"a":[{levels[1]}]}}}}\n')


def snapshot(symbol, last, n):
    sides = [",".join(f'["{p / 100:.2f}","1"]' for p in prices) for prices in (range(10 ** 6 - n, 10 ** 6), range(10 ** 6 + 1, 10 ** 6 + n))]
    return f'{{"lastUpdateId":{last},"E":1723161600000,"symbol":"{symbol}","bids":[{sides[0]}],"asks":[{sides[1]}]}}\n'


def write_books(name, spread, with_snapshots):
    """500 instruments; levels of a message lie within spread cents of the middle. Without snapshots all is kept back."""
    rng = random.Random(5)
    with open(path(name), "w", encoding="utf-8") as f:
        for k in range(500 if with_snapshots else 0):
            f.write(snapshot(f"S{k}", 0, 500))
        for i in range(8):
            for k in range(500):
                bids = [(10 ** 6 - rng.randrange(1, spread), rng.randrange(1, 9)) for _ in range(60)]
                asks = [(10 ** 6 + rng.randrange(1, spread), rng.randrange(1, 9)) for _ in range(60)]
                f.write(line(f"S{k}", i + 1, i + 1, bids, asks))


def write_all():
    write_books("near.ndjson", 900, True)
    write_books("far.ndjson", 9 * 10 ** 5, True)
    write_books("kept.ndjson", 900, False)
    bombs.gzip_bomb(path("line.gz"), bombs.GOOD, "x", 256 * MIB)
    bombs.gzip_bomb(path("message.csv.gz"), bombs.TARDIS, bombs.ROW, 64 * MIB)
    bombs.gzip_bomb(path("rejects.gz"), bombs.GOOD, '{"e":"depthUpdate"}' + "x" * 4076 + "\n", 64 * MIB)
    bombs.write(path("wide.zst"), bombs.zstd_frame(27, (bombs.GOOD + "x").encode(), 2048))
    bombs.expanding_page(path("page.parquet"), 60 * MIB, 480)
    bombs.runs_file(path("runs.parquet"), 1 << 20)


def wall(cap):
    data = cap + BESIDE + (LANES + 2) * STACK

    def limit():
        resource.setrlimit(resource.RLIMIT_STACK, (STACK, resource.getrlimit(resource.RLIMIT_STACK)[1]))
        resource.setrlimit(resource.RLIMIT_DATA, (data, data))
    return limit


class Cgroup:
    """A child of HR_TEST_CGROUP for one run; nothing where that is not set."""

    def __init__(self, limit):
        parent = os.environ.get("HR_TEST_CGROUP")
        self.folder = os.path.join(parent, f"headrace-{os.getpid()}") if parent else None
        if self.folder:
            os.mkdir(self.folder)
            is_v2 = os.path.exists(os.path.join(self.folder, "memory.max"))
            self.put("memory.max" if is_v2 else "memory.limit_in_bytes", limit)
            self.events = "memory.events" if is_v2 else "memory.oom_control"

    def put(self, name, value):
        with open(os.path.join(self.folder, name), "w", encoding="utf-8") as f:
            f.write(str(value))

    def enter(self):
        if self.folder:
            self.put("cgroup.procs", 0)

    def close(self):
        """How many processes the kernel killed in it."""
        if not self.folder:
            return 0
        with open(os.path.join(self.folder, self.events), encoding="utf-8") as f:
            killed = int(re.search(r"^oom_kill (\d+)", f.read(), re.M).group(1))
        os.rmdir(self.folder)
        return killed


def run(name, cap, has_wall=True):
    group, limit = Cgroup(cap + BESIDE + 4 * MIB), wall(cap)

    def before():
        group.enter()
        if has_wall:
            limit()
    out = path("out")
    got = tap.Measured("run", path("plan.yaml"), path(name), "--out", out, "--force", "--json", "--lanes", LANES, "--memory", cap,
                       before=before)
    shutil.rmtree(out, ignore_errors=True)
    return got, group.close()


def check(name, cap):
    got, killed = run(name, cap)
    what = f"{name} in {cap / MIB:g} MiB"
    refused = got.code == 5 and "engine.memory" in got.err
    tap.check(f"{what}: done, or refused by that key", got.code == 0 or refused, got)
    tap.check(f"{what}: resident within the cap", got.peak <= cap + BESIDE, got)
    tap.check(f"{what}: nothing killed", killed == 0, killed)
    if got.code == 0:
        return
    figure = re.search(r"(\d+) MB would do", run(name, cap, has_wall=False)[0].err)  # it is found by trying
    if figure is None:  # not at the start: the input alone tells
        tap.check(f"{what}: stopped where memory ended", "'" + path(name) in got.err, got)
        return
    again, _ = run(name, int(figure.group(1)) * 10 ** 6)
    starts = again.code == 0 or again.code == 5 and "would do" not in again.err and "engine.memory" in again.err
    tap.check(f"{what}: {figure.group(0)} to start", starts, again)
    tap.check(f"{what}: resident within that", again.peak <= int(figure.group(1)) * 10 ** 6 + BESIDE, again)


def main():
    if tap.is_sanitized():
        tap.skip_all("a sanitizer has memory of its own")
    pid = os.fork()  # this process stays small
    if pid == 0:
        write_all()
        os._exit(0)
    tap.check("inputs are made", os.waitpid(pid, 0)[1] == 0)
    with open(path("plan.yaml"), "w", encoding="utf-8") as f:
        f.write("limits: {instruments: 500}\noutput: {deltas: false, features: false}\n")
    names = [n for n in sorted(os.listdir(tap.SCRATCH)) if n != "plan.yaml"]
    for cap in CAPS:
        for name in names:
            check(name, cap * MIB)
    got, _ = run("near.ndjson", 256 * MIB)
    tap.check("500 instruments, all whole", got.code == 0 and json.loads(got.out)["synced"] == 500, got)
    tap.finish()


main()
