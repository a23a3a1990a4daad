# SPDX-License-Identifier: Apache-2.0
"""engine.memory is a wall: at each cap, with 500 instruments and the inputs that take most, no more is ever mapped nor
resident. A cap that is too small is refused at the start with the figure that would do, and that figure does.
A page or a book may still be too large for it: that too ends by the key's name.

There are two walls. RLIMIT_DATA, where an overrun fails the run. And a memory cgroup of the run's own with the cap and
8 MiB, no swap, where an overrun is killed: nothing may be. Cgroups of version 1 and 2 do, where this user may make one
(HR_TEST_CGROUP names the folder to make it in, else it is sought); where not, the test says so."""
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


def put(folder, name, value):
    with open(os.path.join(folder, name), "w", encoding="utf-8") as f:
        f.write(str(value))


def has_swap():
    with open("/proc/swaps", encoding="utf-8") as f:
        return len(f.readlines()) > 1


class Cgroup:
    """A memory cgroup for one run at a time: made in parent, with a limit, without swap."""

    def __init__(self, parent):
        self.folder = os.path.join(parent, f"headrace-{os.getpid()}")
        self.is_v2 = os.path.exists(os.path.join(parent, "cgroup.controllers"))

    def open(self, limit):
        os.mkdir(self.folder)
        try:
            if self.is_v2:
                put(self.folder, "memory.max", limit)
                self.without_swap("memory.swap.max", 0)
            else:
                put(self.folder, "memory.limit_in_bytes", limit)
                self.without_swap("memory.memsw.limit_in_bytes", limit)
        except OSError:
            os.rmdir(self.folder)
            raise

    def without_swap(self, name, value):
        """Where swap is not accounted for, there must be none."""
        if os.path.exists(os.path.join(self.folder, name)):
            put(self.folder, name, value)
        elif has_swap():
            raise OSError("swap is on and cannot be limited")

    def enter(self):
        put(self.folder, "cgroup.procs", 0)

    def close(self):
        """How many processes the kernel killed in it."""
        name = "memory.events" if self.is_v2 else "memory.oom_control"
        with open(os.path.join(self.folder, name), encoding="utf-8") as f:
            killed = int(re.search(r"^oom_kill (\d+)", f.read(), re.M).group(1))
        os.rmdir(self.folder)
        return killed

    def works(self):
        """Can a process be put in it, and be killed there? Then 0 kills mean something."""
        try:
            self.open(32 * MIB)
        except OSError:
            return False
        try:
            pid = os.fork()
            if pid == 0:
                try:
                    self.enter()
                except OSError:
                    os._exit(1)
                os._exit(len(b"\1" * (64 * MIB)) == 0)
            status = os.waitpid(pid, 0)[1]
        finally:
            killed = self.close()
        return killed > 0 and os.WIFSIGNALED(status)


def find_cgroup():
    """One that works, or None: in HR_TEST_CGROUP, in our own cgroup or, where that is not to be seen or is in use, at the
    root of the hierarchy."""
    parents = []
    if "HR_TEST_CGROUP" in os.environ:
        parents = [os.environ["HR_TEST_CGROUP"]]
    else:
        with open("/proc/self/cgroup", encoding="utf-8") as f:
            for own in f.read().splitlines():
                _, controllers, place = own.split(":", 2)
                root = "/sys/fs/cgroup/memory" if "memory" in controllers.split(",") else "/sys/fs/cgroup" if not controllers else None
                if root:
                    parents += [root + place.rstrip("/"), root]
    for parent in parents:
        if os.access(parent, os.W_OK) and Cgroup(parent).works():
            return Cgroup(parent)
    return None


def run(name, cap, before=None):
    out = path("out")
    got = tap.Measured("run", path("plan.yaml"), path(name), "--out", out, "--force", "--json", "--lanes", LANES, "--memory", cap,
                       before=before)
    shutil.rmtree(out, ignore_errors=True)
    return got


def figure_of(name, cap):
    """What a refusal says would do; None where the refusal came later, of what the input holds."""
    figure = re.search(r"(\d+) MB would do", run(name, cap).err)
    return int(figure.group(1)) * 10 ** 6 if figure else None


def is_refused(got):
    return got.code == 5 and "engine.memory" in got.err


def in_cgroup(group, name, cap):
    group.open(cap + BESIDE)
    got = run(name, cap, group.enter)
    return got, group.close()


def check_cgroup(group, name, cap):
    what = f"{name} in a cgroup of {cap / MIB:g} + 8 MiB"
    got, killed = in_cgroup(group, name, cap)
    tap.check(f"{what}: nothing killed, done or refused by the key", killed == 0 and (got.code == 0 or is_refused(got)), f"{killed} killed; {got}")
    figure = figure_of(name, cap) if got.code != 0 else None
    if figure:
        again, killed = in_cgroup(group, name, figure)
        tap.check(f"{what}: so in one of the figure that it gave", killed == 0 and (again.code == 0 or is_refused(again)), f"{killed} killed; {again}")


def check(name, cap):
    got = run(name, cap, wall(cap))
    what = f"{name} in {cap / MIB:g} MiB"
    tap.check(f"{what}: done, or refused by that key", got.code == 0 or is_refused(got), got)
    tap.check(f"{what}: resident within the cap", got.peak <= cap + BESIDE, got)
    if got.code == 0:
        return
    figure = figure_of(name, cap)  # it is found by trying
    if figure is None:  # not at the start: the input alone tells
        tap.check(f"{what}: stopped where memory ended", "'" + path(name) in got.err, got)
        return
    again = run(name, figure, wall(figure))
    starts = again.code == 0 or is_refused(again) and "would do" not in again.err
    tap.check(f"{what}: {figure // 10 ** 6} MB to start", starts, again)
    tap.check(f"{what}: resident within that", again.peak <= figure + BESIDE, again)


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
    group = find_cgroup()
    print(f"# memory cgroups of version {2 if group.is_v2 else 1}" if group else "# no memory cgroup that this user may make: RLIMIT_DATA alone")
    for cap in CAPS:
        for name in names:
            check(name, cap * MIB)
            if group:
                check_cgroup(group, name, cap * MIB)
    got = run("near.ndjson", 256 * MIB, wall(256 * MIB))
    tap.check("500 instruments, all whole", got.code == 0 and json.loads(got.out)["synced"] == 500, got)
    tap.finish()


main()
