# SPDX-License-Identifier: Apache-2.0
"""verify: a whole dataset passes; every kind of damage is found, named, and gives exit 1."""
import glob
import os
import shutil

import tap


def main():
    capture = os.path.join(tap.SCRATCH, "c.ndjson")
    good = os.path.join(tap.SCRATCH, "good")
    tap.run("gen", "--levels", 30000, "--instruments", 3, "--gaps", 1, "--out", capture)
    tap.run_json(capture, "--out", good)
    code, out, err = tap.run("verify", good, "--json")
    tap.check("a whole dataset passes", code == 0 and '"findings":0' in out, out + err)
    part = sorted(glob.glob(good + "/books/**/*.parquet", recursive=True))[0]
    name = os.path.relpath(part, good)
    size = os.path.getsize(part)

    def damaged(what, change, expect):
        bad = os.path.join(tap.SCRATCH, "bad")
        shutil.rmtree(bad, ignore_errors=True)
        shutil.copytree(good, bad)
        change(bad)
        exit_code, stdout, stderr = tap.run("verify", bad)
        tap.check(what, exit_code == 1 and expect in stderr, f"{exit_code} {stdout} {stderr}")

    def flip(path, at):
        with open(path, "r+b") as f:
            f.seek(at)
            byte = f.read(1)
            f.seek(at)
            f.write(bytes([byte[0] ^ 0x10]))

    for at in (4, size // 3, size // 2, size - 20, size - 1):
        damaged(f"a flipped bit at byte {at} of {size}", lambda d, at=at: flip(os.path.join(d, name), at), name)
    damaged("a missing part", lambda d: os.unlink(os.path.join(d, name)), name)
    damaged("a part cut short", lambda d: os.truncate(os.path.join(d, name), size - 1), name)
    damaged("a manifest line changed", lambda d: flip(os.path.join(d, "manifest.jsonl"), 40), "manifest.jsonl:1")
    code, _, err = tap.run("verify", tap.SCRATCH)
    tap.check("a folder that is no dataset", code == 4 and "manifest" in err, err)
    tap.finish()


main()
