# SPDX-License-Identifier: Apache-2.0
"""verify: a whole dataset passes; every kind of damage is found, named, and gives exit 1."""
import glob
import os
import re
import shutil

import tap


def forge(folder, was, becomes):
    """A manifest that says something else, with checksums that hold."""
    with open(os.path.join(folder, "manifest.jsonl"), "rb") as f:
        lines = f.read().decode().replace(was, becomes, 1).splitlines()
    with open(os.path.join(folder, "manifest.jsonl"), "wb") as f:
        for line in lines:
            body = line[:line.rindex(',"crc32c":"')].encode()
            f.write(body + b',"crc32c":"%08x"}\n' % tap.crc32c(body))


def main():
    capture = os.path.join(tap.SCRATCH, "c.ndjson")
    good = os.path.join(tap.SCRATCH, "good")
    tap.run("gen", "--levels", 30000, "--instruments", 3, "--gaps", 1, "--bad", 3, "--out", capture)
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
    with open(os.path.join(good, "manifest.jsonl"), encoding="utf-8") as f:
        text = f.read()
    first = re.search(r'"path":"([^"]*)","rows":(\d+),"bytes":(\d+)', text)
    rejects = re.search(r'"reject_bytes":(\d+)', text)
    damaged("a part out of the folder", lambda d: forge(d, first.group(1), "../" + first.group(1)), "proper path")
    damaged("a part by its whole path", lambda d: forge(d, first.group(1), "/" + first.group(1)), "proper path")
    damaged("a part that is not there", lambda d: forge(d, first.group(1), "absent.parquet"), "absent.parquet")
    damaged("rows that are not there", lambda d: forge(d, f'"rows":{first.group(2)}', '"rows":1'), "the manifest says 1")
    damaged("a size that is not the part's", lambda d: forge(d, f'"bytes":{first.group(3)}', '"bytes":77'), first.group(1))
    damaged("rejects cut short", lambda d: os.truncate(os.path.join(d, "rejects.ndjson"), 1), "rejects.ndjson")
    damaged("rejects that are gone", lambda d: os.unlink(os.path.join(d, "rejects.ndjson")), rejects.group(1))
    damaged("a part that is no table", lambda d: shutil.copy(os.path.join(d, "rejects.ndjson"), os.path.join(d, first.group(1))), first.group(1))
    newer = os.path.join(tap.SCRATCH, "newer")
    shutil.copytree(good, newer)
    forge(newer, '"headrace":1', '"headrace":99')
    code, _, err = tap.run("verify", newer)
    tap.check("a manifest of a version to come", code in (3, 4) and "99" in err, f"{code} {err}")
    bare = os.path.join(tap.SCRATCH, "bare")
    os.makedirs(bare)
    code, _, err = tap.run("verify", bare)
    tap.check("a folder that is no dataset", code == 4 and "manifest" in err, err)
    tap.finish()


main()
