#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes the small DBN files of corpus/dbn: a byte for the cut, then a header by version, records of each type, damage.

    tests/fuzz/make_dbn_seeds.py FOLDER"""
import os
import struct
import sys

TYPES = {"trades": (0, 48), "mbp-1": (1, 80), "mbp-10": (10, 368), "mbo": (160, 56), "bbo": (0xc3, 80), "cmbp-1": (0xb1, 80),
         "cbbo": (0xc0, 80), "ohlcv": (0x20, 56), "status": (0x12, 40), "definition-1": (0x13, 360), "definition-2": (0x13, 400),
         "definition-3": (0x13, 520), "imbalance": (0x14, 112), "statistics-1": (0x18, 64), "statistics-3": (0x18, 80),
         "error-1": (0x15, 80), "error-2": (0x15, 320), "mapping-1": (0x16, 80), "mapping-2": (0x16, 176), "system-1": (0x17, 80),
         "system-2": (0x17, 320), "unknown": (0x77, 20)}


def header(version):
    width = 22 if version == 1 else 71
    text = lambda s: s.ljust(width, b"\0")
    m = b"GLBX.MDP3".ljust(16, b"\0") + struct.pack("<HQQQ", 0, 1, 2**64 - 1, 0) + (bytes(8) if version == 1 else b"")
    m += struct.pack("<BBB", 1, 0, 0) + (b"" if version == 1 else struct.pack("<H", width))
    m = m.ljust(100, b"\0") + struct.pack("<II", 0, 1) + text(b"ESM4") + struct.pack("<III", 0, 0, 1)
    m += text(b"ESM4") + struct.pack("<III", 1, 20240508, 20240509) + text(b"5602")
    return b"DBN" + bytes([version]) + struct.pack("<I", len(m)) + m


def record(name, i=1):
    rtype, size = TYPES[name]
    head = struct.pack("<BBHIQ", size // 4, rtype, 1, 5602, 1715126400 * 10**9 + i)
    if name == "mbo":
        action = b"AACMRTFN"[i % 8:i % 8 + 1]
        return head + struct.pack("<QqIBB", i // 2, i * 10**9, 5, 128, 0) + action + b"BA"[i % 2:i % 2 + 1] + struct.pack("<QiI", i, 1, i)
    return head + (struct.pack("<qI", 5 * 10**12, 3) + b"TA\x80\0" + bytes(range(i, 256)) * 3)[:size - 16]


def main(folder):
    os.makedirs(folder, exist_ok=True)
    seeds = {f"header-{v}": header(v) + record("mbo") for v in (1, 2, 3)}
    seeds |= {name: record(name) + record(name, 2) for name in TYPES}
    seeds["book"] = b"".join(record("mbo", i) for i in range(40))
    seeds["mixed"] = b"".join(record(name) for name in TYPES)
    seeds["length-0"] = record("mbo") + bytes(20)
    seeds["short"] = record("mbo") + bytes([8]) + record("mbo")[1:32] + record("trades")
    seeds["cut"] = record("mbo") + record("mbo")[:30]
    seeds["twice"] = header(3) + record("mbo") + header(3)
    seeds["twice-like"] = b"DBN\5" + bytes(268) + b"DBN\2" + bytes(268)
    seeds["dbz"] = b"\x50\x2a\x4d\x18\x90\0\0\0DBZ\1"
    for name, raw in seeds.items():
        with open(os.path.join(folder, name), "wb") as f:
            f.write(b"\x80" + raw)


main(sys.argv[1])
