# SPDX-License-Identifier: Apache-2.0
"""Disks that are really full: a tmpfs of 1 to 16 MiB, one that runs out of inodes, an ext4 image. The run stops with exit 4
and a word on what had no room, leaves a sound prefix, and ends byte-equal once there is room. Where a user may not mount
in a namespace of his own, it says so and skips."""
import os
import shutil
import subprocess
import sys

import tap

MIB = 1 << 20
INNER = "HR_TEST_FULL_DISK"  # set: we are in the namespace


def sh(*args):
    p = subprocess.run([str(a) for a in args], capture_output=True, text=True, check=False)
    return p.returncode == 0, p.stderr.strip()


def is_sound(out):
    """A prefix that verify finds nothing in; a dataset that has not begun is one too."""
    manifest = os.path.join(out, "manifest.jsonl")
    if not os.path.exists(manifest) or os.path.getsize(manifest) == 0:
        return True, ""
    code, text, err = tap.run("verify", out)
    return code == 0, text + err


def fill_and_resume(name, args, out, make_room, want):
    """Runs into the full disk, looks, makes room, resumes; a disk on which it fits is said to have been too large."""
    code, _, err = tap.run("run", *args, "--out", out, "--json")
    if code == 0:
        return tap.check(f"{name}: all of it fits", tap.digest(out) == want) or "fits"
    named = err.startswith("headrace: ") and ("space" in err or "room" in err) and len(err.splitlines()) == 1
    tap.check(f"{name}: exit 4, one line that says what had no room", code == 4 and named, f"exit {code}: {err}")
    sound, why = is_sound(out)
    tap.check(f"{name}: what is there is sound", sound, why)
    code, _, err = tap.run("run", *args, "--out", out, "--json", "--resume")
    tap.check(f"{name}: still full, it stops again", code == 4, f"exit {code}: {err}")
    sound, why = is_sound(out)
    tap.check(f"{name}: and is sound again", sound, why)
    make_room()
    code, _, err = tap.run("run", *args, "--out", out, "--json", "--resume")
    tap.check(f"{name}: with room it ends byte-equal", code == 0 and tap.digest(out) == want, f"exit {code}: {err}")
    return "full"


def tmpfs(folder, name, args, want, options, grown):
    os.makedirs(folder, exist_ok=True)
    ok, err = sh("mount", "-t", "tmpfs", "-o", options, "none", folder)
    if not ok:
        print(f"# no {name}: {err}")
        return ""

    def grow():
        sh("mount", "-i", "-t", "tmpfs", "-o", f"remount,{grown}", "none", folder)

    seen = fill_and_resume(name, args, os.path.join(folder, "out"), grow, want)
    sh("umount", folder)
    return seen


def ext4(folder, args, want):
    """Needs a loop device: only root has one. Room comes back when a file that took it goes."""
    image = os.path.join(tap.SCRATCH, "image")
    with open(image, "wb") as f:
        f.truncate(48 * MIB)
    os.makedirs(folder, exist_ok=True)
    ok, err = sh("mkfs.ext4", "-q", "-F", "-m", "0", image)
    if ok:
        ok, err = sh("mount", "-o", "loop", image, folder)
    if not ok:
        print(f"# no ext4 of its own: {err.splitlines()[-1] if err else 'no mkfs.ext4'}")
        return
    stat = os.statvfs(folder)
    ballast = os.path.join(folder, "ballast")
    with open(ballast, "wb") as f:
        f.write(b"\1" * (stat.f_bavail * stat.f_frsize - 2 * MIB))
        os.fsync(f.fileno())
    fill_and_resume("ext4 with 2 MiB left", args, os.path.join(folder, "out"), lambda: os.unlink(ballast), want)
    sh("umount", folder)


def inner():
    capture = os.path.join(tap.SCRATCH, "capture.ndjson")
    plan = os.path.join(tap.SCRATCH, "plan.yaml")
    tap.run("gen", "--levels", 250000, "--instruments", 3, "--gaps", 2, "--bad", 20, "--out", capture)
    with open(plan, "w", encoding="utf-8") as f:
        f.write("output: {commit_rows: 25000}\nengine: {memory: 64MB}\nlimits: {instruments: 8}\n")
    args = [plan, capture, "--lanes", 2]
    whole = os.path.join(tap.SCRATCH, "whole")
    report = tap.run_json(*args, "--out", whole)
    tap.check("undisturbed", "lines" in report, report)
    stat = os.stat(os.path.join(whole, "manifest.jsonl"))
    tap.check("the manifest's reserve is given back", stat.st_blocks * 512 < stat.st_size + 16384, stat)
    want = tap.digest(whole)
    folder = os.path.join(tap.SCRATCH, "disk")
    seen = [tmpfs(folder, f"tmpfs of {n} MiB", args, want, f"size={n}m", "size=64m") for n in (1, 2, 3, 4, 8, 16)]
    seen += [tmpfs(folder, f"{n} inodes", args, want, f"size=64m,nr_inodes={n}", "nr_inodes=100000") for n in (3, 6, 20, 60)]
    if os.environ[INNER] == "root":
        ext4(folder, args, want)
    shutil.rmtree(folder, ignore_errors=True)
    tap.check("some were too small", seen.count("full") >= 4, seen)
    tap.finish()


def main():
    if INNER in os.environ:
        inner()
    if not sh("unshare", "-rm", "true")[0]:
        tap.skip_all("no namespace of one's own to mount in")
    is_root = os.geteuid() == 0
    # root keeps its own identity: a loop device is not given to another
    command = ["unshare", "-m" if is_root else "-rm", sys.executable, os.path.abspath(__file__)]
    sys.exit(subprocess.run(command, env=dict(os.environ, **{INNER: "root" if is_root else "user"}), check=False).returncode)


main()
