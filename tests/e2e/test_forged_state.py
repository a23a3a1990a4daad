# SPDX-License-Identifier: Apache-2.0
"""A run with expressions is killed, its checkpoint is changed and the checksums are made right again: resumed, it says that the
checkpoint is damaged or goes on, and never crashes or hangs."""
import json
import os
import random
import shutil
import struct

import tap

TEXT = """
    a: std(mid, 50)
    b: quantile(spread, 200, 0.9)
    c: rank(mid, 10ms)
    d: kurt(mid, 20ms)
    e: max(mid, 10ms, 2ms)
    f: var(mid, 10ms, 2ms)
    g: microprice(100, 0.01).gap
    h: realised_spread(1ms)
    i: realised_vol(20ms)
    j: hop_mean(mid, 10ms, 3ms)
    k: lag(mid, 3ms)
    l: stochrsi(mid, 14)
"""

def path_of(name):
    return os.path.join(tap.SCRATCH, name)


def change(data, rng, strong):
    """Words (strong) or bytes become others, behind the mark of the format."""
    for _ in range(rng.choice((1, 1, 3, 40))):
        at = rng.randrange(8, len(data) - 8)
        if strong:
            word = rng.choice((0, 1, 2 ** 64 - 1, 2 ** 63 - 1, 2 ** 32 - 1, 2 ** 40, rng.getrandbits(64)))
            struct.pack_into("<Q", data, at & ~7, word)
        else:
            data[at] ^= rng.randrange(1, 256)


def has_state(out):
    with open(os.path.join(out, "manifest.jsonl"), encoding="utf-8") as f:
        return '"state_crc32c"' in f.read()


def forge(out, rng):
    """Changes the checkpoint that the manifest's last line names, with its checksums."""
    manifest = os.path.join(out, "manifest.jsonl")
    with open(manifest, encoding="utf-8") as f:
        lines = [line for line in f.read().split("\n") if line.startswith("{")]
    last = max(i for i, line in enumerate(lines) if '"state_crc32c"' in line)
    state = os.path.join(out, json.loads(lines[last])["state"])
    with open(state, "rb") as f:
        data = bytearray(f.read())
    change(data, rng, rng.random() < 0.5)
    with open(state, "wb") as f:
        f.write(data)
    body = lines[last][:lines[last].rindex(',"crc32c":"')]
    at = body.index('"state_crc32c":"') + len('"state_crc32c":"')
    body = body[:at] + "%08x" % tap.crc32c(data) + body[at + 8:]
    lines[last] = body + ',"crc32c":"%08x"}' % tap.crc32c(body.encode())
    with open(manifest, "w", encoding="utf-8") as f:
        f.write("\n".join(lines) + "\n")


def main():
    capture, plan, whole = path_of("c.ndjson.gz"), path_of("plan.yaml"), path_of("whole")
    tap.run("gen", "--levels", 30000, "--instruments", 2, "--rate", 100000, "--out", capture)
    with open(plan, "w", encoding="utf-8") as f:
        f.write(f"output: {{commit_rows: 10000}}\nlimits: {{instruments: 2}}\ncalc:\n  max_rows: 1024\n  expressions: |{TEXT}")
    for nth in range(10, 400, 10):
        shutil.rmtree(whole, ignore_errors=True)
        code, _, err = tap.run("run", plan, capture, "--out", whole, "--lanes", 1, env={"HEADRACE_FAULT": f"call=rename,nth={nth},kill=1"})
        if code != -9 or has_state(whole):
            break
    tap.check("a run that is killed leaves a checkpoint", code == -9, (code, err))
    shutil.copytree(whole, path_of("same"))
    code, _, err = tap.run("run", plan, capture, "--out", path_of("same"), "--resume", "--lanes", 1)
    tap.check("it is resumed as it is", code == 0, (code, err))
    rng, n_refused, wrong, n = random.Random(7), 0, [], 12 if tap.is_sanitized() else 40
    for i in range(n):
        out = path_of("forged")
        shutil.rmtree(out, ignore_errors=True)
        shutil.copytree(whole, out)
        forge(out, rng)
        code, _, err = tap.run("run", plan, capture, "--out", out, "--resume", "--lanes", 1, timeout=100)
        n_refused += code != 0
        if code != 0 and not (code == 3 and "checkpoint" in err):
            wrong.append((i, code, err[-2000:]))
    tap.check(f"{n} forged checkpoints: refused or resumed, no crash", not wrong, wrong[:3])
    tap.check(f"{n_refused} were refused", n_refused > 0)
    tap.finish()


main()
