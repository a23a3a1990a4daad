# SPDX-License-Identifier: Apache-2.0
"""A dataset and its checkpoint as an earlier build left them: they open, verify and resume. One of a format version to
come, and a checkpoint of another one, are refused by name, and left alone. HR_GOLDEN_RENEW=1 makes dataset-1.tar.gz anew,
which a new format version needs and nothing else does; of a released version the old one stays beside it."""
import glob
import json
import os
import re
import shutil
import sys
import tarfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "e2e"))
import tap  # pylint: disable=wrong-import-position

HERE = os.path.join(tap.ROOT, "tests", "golden")
PLAN = "output: {commit_rows: 300}\nengine: {memory: 64MB}\nlimits: {instruments: 2}\n"


def crc32c(data):
    crc = 0xFFFFFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0x82F63B78 if crc & 1 else 0)
    return crc ^ 0xFFFFFFFF


def renew(path):
    """A run that dies just after its second commit, without what it had begun to write."""
    made = os.path.join(tap.SCRATCH, "made")
    os.makedirs(made)
    with open(os.path.join(made, "plan.yaml"), "w", encoding="utf-8") as f:
        f.write(PLAN)
    tap.run("gen", "--levels", 1500, "--instruments", 1, "--gaps", 1, "--bad", 2, "--out", os.path.join(made, "capture.ndjson.gz"))
    run(made, env={"HEADRACE_FAULT": "call=unlink,nth=2,kill=1"})
    for folder, _, names in os.walk(made):
        for name in names:
            if name.endswith(".tmp") or name == "state-1.bin":
                os.unlink(os.path.join(folder, name))
    with tarfile.open(path, "w:gz", compresslevel=9) as tar:
        for name in ("plan.yaml", "capture.ndjson.gz", "out"):
            tar.add(os.path.join(made, name), name, filter=lambda i: i.replace(mtime=0, uid=0, gid=0, uname="", gname="", deep=False))


def run(folder, *args, env=None):
    code, _, err = tap.run("run", os.path.join(folder, "plan.yaml"), os.path.join(folder, "capture.ndjson.gz"), "--out",
                           os.path.join(folder, "out"), "--lanes", 1, *args, env=env)
    return code, err


def unpacked(archive, name):
    folder = os.path.join(tap.SCRATCH, name)
    shutil.rmtree(folder, ignore_errors=True)
    with tarfile.open(archive) as tar:
        tar.extractall(folder)
    return folder


def edit_manifest(out, change):
    """Rewrites the lines, each with its checksum."""
    path = os.path.join(out, "manifest.jsonl")
    with open(path, "rb") as f:
        lines = f.read().splitlines()
    with open(path, "wb") as f:
        for number, line in enumerate(lines):
            body = change(number, line[:line.rindex(b',"crc32c":')])
            f.write(body + b',"crc32c":"%08x"}\n' % crc32c(body))


def rows(out):
    with open(os.path.join(out, "manifest.jsonl"), encoding="utf-8") as f:
        return json.loads(f.readlines()[-1])["rows"]


def check_opens(archive):
    name = os.path.basename(archive)
    folder = unpacked(archive, "old")
    out = os.path.join(folder, "out")
    code, text, err = tap.run("verify", out)
    tap.check(f"{name}: verify finds nothing", code == 0, text + err)
    parts = glob.glob(out + "/**/*.parquet", recursive=True)
    tap.check(f"{name}: its {len(parts)} parts can be read", parts and all(tap.run("inspect", p)[0] == 0 for p in parts))
    before = rows(out)
    code, err = run(folder, "--resume")
    tap.check(f"{name}: it is resumed", code == 0, err)
    code, text, err = tap.run("verify", out)
    tap.check(f"{name}: and whole afterwards", code == 0, text + err)
    after = rows(out)
    code, err = run(folder, "--force")
    tap.check(f"{name}: with the rows of a run of today", code == 0 and rows(out) == after and after["deltas"] > before["deltas"], err)


def check_refused(archive, what, change, word):
    folder = unpacked(archive, "new")
    out = os.path.join(folder, "out")
    change(out)
    before = tap.digest(out)
    code, err = run(folder, "--resume")
    tap.check(f"{what}: refused by name", code == 3 and word in err, f"exit {code}: {err}")
    tap.check(f"{what}: left alone", tap.digest(out) == before)
    code, err = run(folder, "--force")
    tap.check(f"{what}: replaced when told so", code == 0, err)


def future_dataset(out):
    edit_manifest(out, lambda n, line: line.replace(b'"headrace":1,', b'"headrace":2,') if n == 0 else line)


def future_checkpoint(out):
    path = glob.glob(os.path.join(out, "state-*.bin"))[0]
    with open(path, "rb") as f:
        state = f.read()
    state = state[:7] + b"9" + state[8:]
    with open(path, "wb") as f:
        f.write(state)
    digits = b"%08x" % crc32c(state)
    edit_manifest(out, lambda n, line: re.sub(rb'"state_crc32c":"\w+"', b'"state_crc32c":"' + digits + b'"', line) if n == 2 else line)


def main():
    if os.environ.get("HR_GOLDEN_RENEW"):
        renew(os.path.join(HERE, "dataset-1.tar.gz"))
    for archive in sorted(glob.glob(os.path.join(HERE, "dataset-*.tar.gz"))):
        check_opens(archive)
    newest = os.path.join(HERE, "dataset-1.tar.gz")
    check_refused(newest, "a dataset of version 2", future_dataset, "format version 2")
    check_refused(newest, "a checkpoint of another version", future_checkpoint, "another format version")
    folder = unpacked(newest, "new")
    future_dataset(os.path.join(folder, "out"))
    code, _, err = tap.run("verify", os.path.join(folder, "out"))
    tap.check("verify names the version too", code == 3 and "format version 2" in err, f"exit {code}: {err}")
    tap.finish()


main()
