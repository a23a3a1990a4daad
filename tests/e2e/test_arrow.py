# SPDX-License-Identifier: Apache-2.0
"""The Arrow C data interface against pyarrow: batches go over and come back, and are released exactly once."""
import json
import os
import shutil
import subprocess
import sys

import tap

SOURCES = ["tests/support/arrow_probe.c", "src/col/arrow_export.c", "src/col/arrow_import.c", "src/col/evbatch.c",
           "src/base/status.c", "src/base/assert.c"]
SCRIPT = r'''
import ctypes, gc, json, sys
import pyarrow as pa
lib = ctypes.CDLL(sys.argv[1])
N, out = 1000, {}

class Schema(ctypes.Structure):
    _fields_ = [("_", ctypes.c_char * 72)]

class Array(ctypes.Structure):
    _fields_ = [("_", ctypes.c_char * 80)]

def give(table, n=N, as_integers=0):
    s, a = Schema(), Array()
    lib.probe_make(ctypes.c_int64(n), table, as_integers, ctypes.byref(s), ctypes.byref(a))
    return pa.RecordBatch._import_from_c(ctypes.addressof(a), ctypes.addressof(s))

def take(batch):
    s, a = Schema(), Array()
    batch._export_to_c(ctypes.addressof(a), ctypes.addressof(s))
    sums, text = (ctypes.c_int64 * 6)(), ctypes.create_string_buffer(512)
    st = lib.probe_take(ctypes.byref(s), ctypes.byref(a), sums, text)
    return st, list(sums), text.value.decode()

m = give(0)
m.validate(full=True)
rows = m.to_pylist()
out["rows"] = m.num_rows == N and rows[8]["kind"] == "trade" and rows[8]["symbol"] == "SOLUSDT" and rows[8]["venue"] == "binance"
out["nulls"] = all((r["ts_event"] is None) == (i % 5 == 0) and (r["seq"] is None) == (i % 7 == 0) for i, r in enumerate(rows))
out["levels"] = all(len(r["levels"]) == (1 if i % 3 == 2 else i % 4) for i, r in enumerate(rows))
out["decimals"] = str(rows[1]["levels"][0]["px"]) == "3.000000000" and rows[1]["levels"][0]["side"] == "ask"
out["time"] = str(m.schema.field("ts_recv").type) == "timestamp[ns, tz=UTC]" and m["ts_recv"][3].value == 1700000000000000103
out["text"] = [r["trade_id"] for r in rows[:9]] == [None, None, "trade", None, None, None, None, None, "trade"]
st, whole, text = take(m)
out["back"] = st == 0 and whole[0] == N and whole[1] == sum(len(r["levels"]) for r in rows)
out["sums"] = whole[2] == sum(int(l["px"].scaleb(9)) for r in rows for l in r["levels"])
half = take(m.slice(100, 500))[1], take(m.slice(0, 100))[1], take(m.slice(600))[1]
out["slices"] = [sum(x) for x in zip(*half)] == whole
picked = pa.Table.from_batches([m]).filter(pa.array([i % 2 == 0 for i in range(N)])).combine_chunks().to_batches()[0]
out["filtered"] = take(picked)[:1] == (0,) and take(picked)[1][0] == N // 2
plain = pa.RecordBatch.from_arrays([c.dictionary_decode() if pa.types.is_dictionary(c.type) else c for c in m.columns], names=m.schema.names)
out["no dictionaries"] = take(plain)[1] == whole
t = give(2)
t.validate(full=True)
wide = pa.RecordBatch.from_arrays([c.cast(pa.decimal128(30, 12)) if pa.types.is_decimal(c.type) else c for c in t.columns], names=t.schema.names)
us = t.set_column(1, "ts_recv", t["ts_recv"].cast(pa.timestamp("us", "UTC"), safe=False))
out["trades"] = t.num_rows == sum(r["kind"] == "trade" for r in rows) and take(t)[0] == 0
out["decimal128"] = take(wide)[1] == take(t)[1]
out["microseconds"] = take(us)[0] == 0
out["levels alone"] = give(1).num_rows == whole[1]
ints = give(0, as_integers=1)
ints.validate(full=True)
out["integers"] = str(ints.schema.field("levels").type.value_type.field("px").type) == "int64" and take(ints)[1] == whole
out["empty"] = give(0, 0).num_rows == 0 and take(give(0, 0))[0] == 0
bad = t.set_column(t.schema.get_field_index("px"), "px", pa.array([1.5] * t.num_rows))
out["floats refused"] = take(bad)[0] < 0 and "px" in take(bad)[2]
views = t.set_column(t.schema.get_field_index("symbol"), "symbol", t["symbol"].dictionary_decode().cast(pa.string_view()))
out["views refused"] = take(views)[0] < 0 and "symbol" in take(views)[2]
null = t.set_column(t.schema.get_field_index("ts_recv"), "ts_recv", pa.nulls(t.num_rows, pa.timestamp("ns", "UTC")))
out["null times refused"] = take(null)[0] < 0 and "ts_recv" in take(null)[2]
made = 7
column = m["symbol"]
del m, t, ints, picked, plain, wide, us, bad, views, null, rows
gc.collect()
out["a kept column keeps its memory"] = lib.probe_done() < made and column[2].as_py() == "SOLUSDT"
del column
gc.collect()
out["all released, once"] = lib.probe_done() == 6
print(json.dumps(out))
'''


def main():
    exe, cc = tap.python_with("pyarrow"), shutil.which(os.environ.get("CC", "cc").split()[0]) or shutil.which("gcc")
    if exe is None or cc is None:
        tap.skip_all("pyarrow or a C compiler is not there (HR_PYTHON names a Python that has pyarrow)")
    lib = os.path.join(tap.SCRATCH, "libarrow_probe.so")
    args = [cc, "-std=gnu17", "-D_GNU_SOURCE", "-O1", "-fPIC", "-shared", "-fvisibility=hidden", "-Iinclude", "-Isrc", "-o", lib, *SOURCES]
    p = subprocess.run(args, cwd=tap.ROOT, capture_output=True, text=True)
    tap.check("the interface builds alone as a shared library", p.returncode == 0, p.stderr)
    p = subprocess.run([exe, "-c", SCRIPT, lib], capture_output=True, text=True)
    tap.check("pyarrow and headrace exchange batches", p.returncode == 0, p.stderr)
    if p.returncode == 0:
        for name, ok in json.loads(p.stdout).items():
            tap.check(name, ok)
    tap.finish()


main()
