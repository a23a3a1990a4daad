# SPDX-License-Identifier: Apache-2.0
"""Our Parquet reader against others' files: every value of every column, and tables as the engine reads them. Needs a
Python with pyarrow, DuckDB and Polars (HR_PYTHON); the crash sweep needs the real data (HR_DATA_DIR). HR_PQ_DUMP is
the program that prints a file's columns."""
import glob
import json
import os
import resource
import subprocess
import sys

import tap

DUMP = os.path.abspath(os.environ.get("HR_PQ_DUMP", "build/tests/support/pq_dump"))
MATRIX = os.path.join(os.path.dirname(os.path.abspath(__file__)), "parquet_matrix.py")


def python_with_writers():
    for exe in (os.environ.get("HR_PYTHON"), sys.executable):
        if exe and subprocess.run([exe, "-c", "import duckdb, polars, pyarrow"], capture_output=True).returncode == 0:
            return exe
    return None


def limited(seconds, n_bytes):
    def set_up():
        resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
        resource.setrlimit(resource.RLIMIT_AS, (n_bytes, n_bytes))
    return set_up


def dump(path, mb=None):
    """(exit code, error, {column: texts}, rows, nested columns); mb: in that much memory and two seconds."""
    env = dict(os.environ, **({"HR_PQ_DUMP_MB": str(mb)} if mb else {}))
    p = subprocess.run([DUMP, path], capture_output=True, text=True, timeout=120, env=env,
                       preexec_fn=limited(2, (mb + 64) << 20) if mb else None)
    columns, now, rows, nested = {}, None, None, []
    for line in p.stdout.split("\n")[:-1]:
        if line.startswith("column\t"):
            now = columns[line.split("\t")[1]] = []
        elif line.startswith("nested\t"):
            nested.append(line.split("\t")[1])
        elif line.startswith("rows\t"):
            rows = int(line.split("\t")[1])
        else:
            now.append(line)
    return p.returncode, p.stderr.strip(), columns, rows, nested


def first_difference(want, got):
    for name, values in want.items():
        if name not in got:
            return f"{name}: not read"
        for i, (a, b) in enumerate(zip(values, got[name])):
            if a != b:
                return f"{name}[{i}]: {b}, not {a}"
        if len(values) != len(got[name]):
            return f"{name}: {len(got[name])} rows, not {len(values)}"
    return ""


def reports(exe, *args):
    p = subprocess.run([exe, MATRIX, *args], capture_output=True, text=True, cwd=tap.SCRATCH)
    tap.check(f"parquet_matrix.py {args[0]}", p.returncode == 0, p.stderr[-1500:])
    with open(os.path.join(tap.SCRATCH, "report.jsonl"), encoding="utf-8") as f:
        return [json.loads(line) for line in f]


def check_values(exe):
    files = reports(exe, "write", tap.SCRATCH)
    for name, want in files:
        code, err, got, *_ = dump(os.path.join(tap.SCRATCH, name))
        diff = err if code else first_difference(want, got)
        tap.check(f"{name}: {len(want)} columns, every value", code == 0 and not diff, diff)
    return [name for name, _ in files]


def check_runs(names):
    """A table gives one dataset, whoever wrote it: nulls are rejected by name, the rest is read."""
    for kind, tables in (("lake", "deltas"), ("trades", "trades"), ("book", "books")):
        digests, counts = {}, {}
        for name in names:
            if f"-{kind}-" not in name:
                continue
            out = os.path.join(tap.SCRATCH, "out")
            code, text, err = tap.run("run", os.path.join(tap.SCRATCH, name), "--out", out, "--force", "--json")
            got = json.loads(text) if text.startswith("{") else {"error": err}
            digests[name] = tap.digest(os.path.join(out, tables)) if os.path.isdir(os.path.join(out, tables)) else str(got)
            counts[name] = (code, str(got.get("rejected")))
        tap.check(f"{kind}: {len(digests)} files, one dataset", len(digests) > 10 and len(set(digests.values())) == 1, counts)
        tap.check(f"{kind}: the same rows are rejected", len(set(counts.values())) == 1, counts)


# Of other people's files: what we refuse, by a word of the sentence. pyarrow refuses those in BOTH too.
BOTH = {"datapage_v1-corrupt-checksum.parquet": "wrong checksum", "rle-dict-uncompressed-corrupt-checksum.parquet": "wrong checksum",
        "ARROW-RS-GH-6229-DICTHEADER.parquet": "outside the file", "PARQUET-1481.parquet": "columns, the schema",
        "ARROW-GH-41321.parquet": "bad index width", "ARROW-GH-47662.parquet": "cut or out of range"}
REFUSED = dict(BOTH, **{"ARROW-GH-41317.parquet": "too few values"})  # columns of unequal length


def check_collection(exe, data):
    """Every flat column equal to pyarrow's values, those skipped by name, rows counted beside nested columns."""
    patterns = ("parquet-testing/data/**/*.parquet", "parquet-testing/bad_data/*", "arrow-testing/parquet/*.parquet", "tables/*.parquet")
    paths = [f for p in patterns for f in sorted(glob.glob(os.path.join(data, p), recursive=True))]
    n_flat, n_nested = 0, 0
    for path, want in reports(exe, "collection", *paths):
        name = os.path.basename(path)
        code, err, got, rows, nested = dump(path)
        if name in REFUSED:
            told = code == 3 and REFUSED[name] in err
            tap.check(f"{name}: refused: {REFUSED[name]}", told and (name not in BOTH or want["errors"]), (code, err, want["errors"]))
            continue
        if "*" in want["errors"]:
            tap.check(f"{name}: pyarrow refuses it ({want['errors']['*']}), we read {len(got)} flat columns", code == 0, err)
            continue
        diff = err if code else first_difference(want["columns"], got)
        same = sorted(nested) == sorted(want["nested"]) and sorted(got) == sorted(want["columns"]) and rows == want["rows"]
        skipped = f", skips {len(nested)} nested ({nested[0]} ...)" if nested else ""
        tap.check(f"{name}: {rows} rows, {len(got)} columns, every value{skipped}", code == 0 and not diff and same,
                  f"{diff} {rows} rows, not {want['rows']}; nested {nested}, not {want['nested']}; {want['errors']}")
        n_flat, n_nested = n_flat + len(got), n_nested + len(nested)
    tap.check(f"{len(paths)} files of others: {n_flat} flat columns equal, {n_nested} nested left out", len(paths) > 80 and n_flat > 250)


def check_sweep(data):
    """Files made to break readers: read or refused, in two seconds and 128 MiB, never a crash."""
    patterns = ("parquet-testing/data/**/*", "parquet-testing/bad_data/*", "arrow-testing/parquet/**/*", "tables/*.parquet")
    files = [f for p in patterns for f in sorted(glob.glob(os.path.join(data, p), recursive=True)) if os.path.isfile(f)]
    answers = {f: dump(f, 128)[:2] for f in files}
    bad = {f: a for f, a in answers.items() if a[0] not in (0, 3) or a[0] == 3 and not a[1]}
    tap.check(f"{len(files)} hostile files: read, or refused with a word, in 2 s and 128 MiB", not bad and len(files) > 150, bad)
    refused = [os.path.basename(f) for f, a in answers.items() if a[0] and "parquet-testing/data/" in f and f.endswith(".parquet")]
    tap.check("of the good ones, only those with wrong checksums are refused", set(refused) <= set(BOTH), refused)
    silent = [f for f, a in answers.items() if f.endswith(".encrypted") and "encrypted" not in a[1]]
    tap.check("encrypted files are refused by name", not silent, silent)
    crashes = []
    for f in files:
        p = subprocess.run([tap.EXE, "inspect", f], capture_output=True, timeout=120, preexec_fn=limited(2, 512 << 20))
        if p.returncode not in (0, 3, 4, 5) or p.returncode and not p.stderr:
            crashes.append((f, p.returncode, p.stderr[-300:]))
    tap.check("inspect survives them too", not crashes, crashes)


def main():
    exe, data = python_with_writers(), tap.data_dir()
    if exe is None and data is None:
        tap.skip_all("neither a Python with duckdb, polars and pyarrow (HR_PYTHON) nor the real data (HR_DATA_DIR)")
    if exe is not None:
        check_runs(check_values(exe))
    if exe is not None and data is not None:
        check_collection(exe, data)
    if data is not None:
        check_sweep(data)
    tap.finish()


main()
