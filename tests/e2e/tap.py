# SPDX-License-Identifier: Apache-2.0
"""TAP output for the end-to-end scripts, and what they all need: the program, a scratch folder, digests."""
import atexit
import functools
import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time

EXE = os.path.abspath(os.environ.get("HEADRACE", "build/src/app/headrace"))
ROOT = os.environ.get("HR_SOURCE_ROOT", os.getcwd())
SCRATCH = tempfile.mkdtemp(prefix="headrace-test-")
atexit.register(shutil.rmtree, SCRATCH, ignore_errors=True)
_results = []


def data_dir():
    """The real captures, or None where they are absent."""
    path = os.environ.get("HR_DATA_DIR", os.path.join(ROOT, "..", "shared", "data"))
    return path if os.path.isdir(path) else None


def _crc_table():
    table = list(range(256))
    for _ in range(8):
        table = [c >> 1 ^ (0x82F63B78 if c & 1 else 0) for c in table]
    return table


_CRC = _crc_table()


def crc32c(data):
    crc = 0xFFFFFFFF
    for byte in data:
        crc = crc >> 8 ^ _CRC[(crc ^ byte) & 255]
    return crc ^ 0xFFFFFFFF


def check(name, ok, detail=""):
    _results.append(bool(ok))
    print(f"{'ok' if ok else 'not ok'} {len(_results)} - {name}", flush=True)
    if not ok and detail:
        for line in str(detail).splitlines()[:20]:
            print(f"# {line}")


def skip_all(why):
    print(f"1..0 # SKIP {why}")
    sys.exit(0)


def finish():
    print(f"1..{len(_results)}")
    sys.exit(0 if _results and all(_results) else 1)


def run(*args, env=None, timeout=120):
    """Runs the program; (exit code, stdout, stderr)."""
    full = dict(os.environ, **(env or {}))
    p = subprocess.run([EXE, *map(str, args)], capture_output=True, text=True, env=full, timeout=timeout)
    return p.returncode, p.stdout, p.stderr


class Measured:
    """A run of the program: exit code, what it said, seconds, and its peak of memory in bytes. The peak is at least what
    this process had at most, as the kernel counts: keep that small."""

    def __init__(self, *args, env=None, timeout=120, before=None):
        with tempfile.TemporaryFile("w+", errors="replace") as out, tempfile.TemporaryFile("w+", errors="replace") as err:
            began = time.monotonic()
            p = subprocess.Popen([EXE, *map(str, args)], stdout=out, stderr=err, env=dict(os.environ, **(env or {})),
                                 preexec_fn=before)
            killer = threading.Timer(timeout, p.kill)
            killer.start()
            _, status, usage = os.wait4(p.pid, 0)
            killer.cancel()
            p.returncode = self.code = os.waitstatus_to_exitcode(status)
            self.peak = usage.ru_maxrss * 1024
            # a loaded machine makes the clock run on, a second lane the processor's time
            self.seconds = min(time.monotonic() - began, usage.ru_utime + usage.ru_stime)
            self.out, self.err = (f.seek(0) or f.read() for f in (out, err))

    def __str__(self):
        said = f"{self.err[:300]} {self.out[:300]}".replace("\n", " ")  # one line: TAP has no others
        return f"exit {self.code}, {self.seconds:.2f} s, {self.peak / 1e6:.1f} MB: {said}"


def python_with(*modules):
    """A Python that has them all: the one that HR_PYTHON names, or this one; None: neither."""
    for exe in (os.environ.get("HR_PYTHON"), sys.executable):
        if exe and subprocess.run([exe, "-c", "import " + ", ".join(modules)], capture_output=True).returncode == 0:
            return exe
    return None


@functools.lru_cache
def holds(*marks):
    with open(EXE, "rb") as f:
        data = f.read()
    return any(mark in data for mark in marks)


def is_sanitized():
    """Sanitizers take memory and time of their own."""
    return holds(b"__asan_init", b"__tsan_init")


def is_slow():
    """So do builds that count what they run; these are not optimised either."""
    return is_sanitized() or holds(b"libgcov")


def share(cases, of=3):
    """All of them. Under a sanitizer, which is ten times slower, every `of`-th; which ones, HR_TEST_TURN says: ./dev test
    sets the number of commits, so that all have their turn."""
    cases = list(cases)
    return cases[int(os.environ.get("HR_TEST_TURN", "0")) % of::of] if is_sanitized() else cases


def run_json(*args, env=None):
    code, out, err = run("run", *args, "--json", env=env)
    return json.loads(out) if code == 0 else {"exit": code, "error": err}


def digest(folder):
    """One hash over names and bytes of all files below a folder."""
    h = hashlib.sha256()
    for path, dirs, files in os.walk(folder):
        dirs.sort()
        for name in sorted(files):
            full = os.path.join(path, name)
            h.update(os.path.relpath(full, folder).encode())
            with open(full, "rb") as f:
                h.update(f.read())
    return h.hexdigest()
