#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""repeat_dbn.py IN.dbn[.zst] OUT.dbn MB: the records of IN again and again behind its header, for measuring."""
import struct
import subprocess
import sys

name, out, mb = sys.argv[1:]
with open(name, "rb") as f:
    raw = f.read()
if name.endswith(".zst"):
    raw = subprocess.run(["zstd", "-dc"], input=raw, capture_output=True, check=True).stdout
head = 8 + struct.unpack_from("<I", raw, 4)[0]
with open(out, "wb") as f:
    f.write(raw[:head])
    for _ in range(int(mb) * 1_000_000 // (len(raw) - head)):
        f.write(raw[head:])
