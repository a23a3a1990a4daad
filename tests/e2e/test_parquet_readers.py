# SPDX-License-Identifier: Apache-2.0
"""Our Parquet reader against others' files: every value of every column, and tables as the engine reads them. Needs a
Python with pyarrow, DuckDB and Polars (HR_PYTHON); the crash sweep needs the real data (HR_DATA_DIR). HR_PQ_DUMP is
the program that prints a file's columns."""
import glob
import json
import os
import random
import resource
import struct
import subprocess

import tap

DUMP = os.path.abspath(os.environ.get("HR_PQ_DUMP", "build/tests/support/pq_dump"))
MATRIX = os.path.join(os.path.dirname(os.path.abspath(__file__)), "parquet_matrix.py")


def limited(seconds, n_bytes):
    """A sanitizer maps terabytes of shadow and takes ten times as long: only time is bounded there."""
    slow = tap.is_sanitized()

    def set_up():
        resource.setrlimit(resource.RLIMIT_CPU, (seconds * (10 if slow else 1),) * 2)
        if not slow:
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
    check_pruning(tap.SCRATCH, files)
    return [name for name, _ in files]


def key(kind, text):
    """A printed value as something that compares as its column's values do."""
    if kind == "int":
        return int(text)
    return struct.unpack(">d", bytes.fromhex(text))[0] if kind == "float" else bytes.fromhex(text)


def where(path, use, column, low, high):
    """(rows that were selected, rows found in them)"""
    p = subprocess.run([DUMP, path, "--where", str(use), column, low, high], capture_output=True, text=True, timeout=120)
    words = p.stdout.split()
    return (int(words[1]), int(words[3])) if p.returncode == 0 else (-1, p.stderr)


def questions(kind, values, rng):
    """Ranges around what is there, and values that are not: (low, high) as the program takes them."""
    real = [v for v in values if v not in ("null", "nan", "wide")]
    if not real:
        return
    form = {"int": str, "float": repr, "bytes": bytes.hex}[kind]
    for _ in range(4):
        a, b = sorted((key(kind, rng.choice(real)), key(kind, rng.choice(real))))
        yield form(a), form(b)
        yield form(a), form(a)
    if kind == "int" and abs(key(kind, real[0])) < 2**61:
        yield from ((str(key(kind, v) + d),) * 2 for v in rng.sample(real, min(3, len(real))) for d in (-1, 1))


def check_pruning(folder, reports):
    """Whatever is left out holds nothing that was asked for, and something is left out."""
    rng, n_rows, n_selected, n_asked, wrong = random.Random(3), 0, 0, 0, []
    for name, columns in reports:
        path, some = os.path.join(folder, name), "-pruned" in name or "-own" in name
        if not some and not ("-types-" in name and rng.random() < 0.3):
            continue
        kinds = kinds_of(path)
        for column, values in columns.items():
            full = [None if v in ("null", "nan", "wide") else key(kinds[column], v) for v in values]
            for low, high in questions(kinds[column], values, rng) if some or rng.random() < 0.2 else ():
                a, b = ({"int": int, "float": float, "bytes": bytes.fromhex}[kinds[column]](v) for v in (low, high))
                want = sum(v is not None and a <= v <= b for v in full)
                selected, found = where(path, rng.choice((1, 2, 4, 5, 7, 7)), column, low, high)
                n_rows, n_selected, n_asked = n_rows + len(values), n_selected + selected, n_asked + 1
                if found != want or selected < 0:
                    wrong.append((name, column, low, high, selected, found, want))
    tap.check(f"push-down: {n_asked} questions, {n_selected} of {n_rows} rows read, none missed", not wrong and n_selected < n_rows * 0.9, wrong[:5])
    # one row: by bounds of pages, of row groups, and by Bloom filters where bounds cannot tell
    for name, use, column, value, most in (
            ("arrow-pruned-pages.parquet", 7, "row", "1500", 130), ("arrow-pruned-pages.parquet", 1, "row", "1500", 1000),
            ("arrow-pruned-bloom.parquet", 2, "even", "1501", 1000), ("arrow-pruned-bloom.parquet", 2, "name", b"name1501".hex(), 1000),
            ("polars-pruned.parquet", 7, "row", "1500", 500), ("duckdb-pruned.parquet", 7, "row", "1500", 2048),
            ("duckdb-pruned.parquet", 2, "word", b"ETC".hex(), 0)):
        selected, found = where(os.path.join(folder, name), use, column, value, value)
        tap.check(f"{name}: {column} = {value} by {use}: {selected} rows read", 0 <= selected <= most and found == (column == "row"), found)


def kinds_of(path):
    lines = subprocess.run([DUMP, path], capture_output=True, text=True, timeout=120).stdout.split("\n")
    return dict(line.split("\t")[1:] for line in lines if line.startswith("column\t"))


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
    for path in (p for p in paths if "bloom_encoding" in p):  # parquet-mr's and arrow-rs's filters
        answers = [where(path, 2, "String", word.encode().hex(), word.encode().hex()) for word in ("Hello", "nothing like it")]
        tap.check(f"{os.path.basename(path)}: its Bloom filter", answers[0][1] == 1 and answers[1] == (0, 0), answers)
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
    exe, data = tap.python_with("duckdb", "polars", "pyarrow"), tap.data_dir()
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
