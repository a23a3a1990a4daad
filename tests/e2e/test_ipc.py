# SPDX-License-Identifier: Apache-2.0
"""Arrow files and streams: ours and others', there and back, the format's own collection, and damage. The collection needs
the real data (HR_DATA_DIR), the other readers a Python with pyarrow, Polars and DuckDB (HR_PYTHON). HR_PQ_DUMP is the program
that prints a file's columns."""
import glob
import gzip
import json
import os
import struct
import subprocess

import tap

DUMP = os.path.abspath(os.environ.get("HR_PQ_DUMP", "build/tests/support/pq_dump"))
NESTED = {"list", "largelist", "fixedsizelist", "struct", "map", "union"}


def path(name):
    return os.path.join(tap.SCRATCH, name)


def dump(name, timeout=60):
    """(exit code, error, [(name, texts)] of flat columns, rows, names of nested ones)"""
    p = subprocess.run([DUMP, name], capture_output=True, text=True, timeout=timeout)
    columns, rows, nested = [], None, []
    for line in p.stdout.split("\n")[:-1]:
        if line.startswith("column\t"):
            columns.append((line.split("\t")[1], []))
        elif line.startswith("nested\t"):
            nested.append(line.split("\t")[1])
        elif line.startswith("rows\t"):
            rows = int(line.split("\t")[1])
        else:
            columns[-1][1].append(line)
    return p.returncode, p.stderr.strip(), columns, rows, nested


# ---- the format's collection ----

def text_of(kind, value):
    """A value of the collection's JSON as pq_dump prints it."""
    name = kind["name"]
    if name == "floatingpoint":
        code = {"HALF": "<e", "SINGLE": "<f", "DOUBLE": "<d"}[kind["precision"]]
        v = struct.unpack(code, struct.pack(code, value))[0]
        return "nan" if v != v else struct.pack(">d", v).hex()
    if name in ("utf8", "largeutf8"):
        return value.encode().hex()
    if name in ("binary", "largebinary", "fixedsizebinary"):
        return value.lower()
    if name == "interval" and kind["unit"] == "DAY_TIME":
        return struct.pack("<ii", value["days"], value["milliseconds"]).hex()
    v = int(value)
    is_wide = name in ("decimal", "int") and (v > 2**63 - 1 or v <= -2**63) and not (name == "int" and kind["isSigned"])
    return "wide" if is_wide else str(v)


def values_of(kind, column):
    if kind["name"] == "null":
        return ["null"] * column["count"]
    return [text_of(kind, v) if ok else "null" for v, ok in zip(column["DATA"], column["VALIDITY"])]


def wanted(doc):
    """[(name, texts)] of the flat columns."""
    fields = doc["schema"]["fields"]
    out = [(f["name"], []) for f in fields]
    dicts = {d["id"]: d["data"]["columns"][0] for d in doc.get("dictionaries", [])}
    for batch in doc["batches"]:
        for f, column, (_, values) in zip(fields, batch["columns"], out):
            if f["type"]["name"] in NESTED:
                continue
            if "dictionary" not in f:
                values += values_of(f["type"], column)
                continue
            words = values_of(f["type"], dicts[f["dictionary"]["id"]])
            values += [words[i] if ok else "null" for i, ok in zip(column["DATA"], column["VALIDITY"])]
    return [v for f, v in zip(fields, out) if f["type"]["name"] not in NESTED]


def first_difference(want, got):
    if [n for n, _ in want] != [n for n, _ in got]:
        return f"columns {[n for n, _ in got]}, not {[n for n, _ in want]}"
    for (name, a), (_, b) in zip(want, got):
        if a != b:
            i = next((i for i, (x, y) in enumerate(zip(a, b)) if x != y), min(len(a), len(b)))
            return f"{name}[{i}]: {b[i:i + 1]} of {len(b)}, not {a[i:i + 1]} of {len(a)}"
    return ""


def check_collection(folder):
    docs = sorted(glob.glob(folder + "/integration/*/*.json.gz"))
    tap.check("the collection is there", len(docs) > 20, folder)
    for doc in docs:
        with gzip.open(doc, "rt", encoding="utf-8") as f:
            want = json.load(f)
        for end in (".arrow_file", ".stream"):
            name = doc[:-len(".json.gz")] + end
            short = os.path.basename(name)
            if not os.path.exists(name):
                continue
            code, err, got, rows, nested = dump(name)
            n_rows = sum(b["count"] for b in want["batches"])
            n_nested = sum(f["type"]["name"] in NESTED for f in want["schema"]["fields"])
            diff = err or first_difference(wanted(want), got)
            tap.check(f"{short}: {len(got)} columns of {rows} rows, every value", code == 0 and not diff and rows == n_rows
                      and len(nested) == n_nested, diff or f"{rows} rows, not {n_rows}; nested {nested}")


def main():
    data = tap.data_dir()
    collection = os.path.join(data or "", "arrow-testing", "arrow-ipc-stream")
    if os.path.isdir(collection):
        check_collection(collection)
    else:
        print(f"# no {collection}: the format's collection is not looked at")
        tap.check("nothing to compare with", True)
    tap.finish()


main()
