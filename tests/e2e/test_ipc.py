# SPDX-License-Identifier: Apache-2.0
"""Arrow files and streams: ours and others', there and back, the format's own collection, and damage. The collection needs
the real data (HR_DATA_DIR), the other readers a Python with pyarrow, Polars and DuckDB (HR_PYTHON). HR_PQ_DUMP is the program
that prints a file's columns."""
import filecmp
import glob
import gzip
import json
import os
import random
import struct
import subprocess

import kills
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
            code2, out, err2 = tap.run("verify", name)
            code3, shown, err3 = tap.run("inspect", name, "--json")
            tap.check(f"{short}: verify and inspect", code2 == code3 == 0 and json.loads(shown)["complete"], out + err2 + err3)
            tap.check(f"{short}: {len(got)} columns of {rows} rows, every value", code == 0 and not diff and rows == n_rows
                      and len(nested) == n_nested, diff or f"{rows} rows, not {n_rows}; nested {nested}")


# ---- ours, there and back ----

KINDS = {"e.arrow": [], "e.feather": ["--zstd"], "e.arrows": [], "z.arrows": ["--zstd"]}


def convert(*args):
    code, out, err = tap.run("convert", *args, "--json")
    return code, json.loads(out) if out else {}, err


def tables(source, *options):
    """One hash a table of the dataset that a run makes."""
    out = path("out")
    tap.run_json(source, "--out", out, "--force", *options)
    return [tap.digest(out + "/" + k) for k in "deltas trades tickers books features gaps".split() if os.path.isdir(out + "/" + k)]


def check_ours():
    tap.run("gen", "--levels", 60000, "--instruments", 4, "--bad", 3, "--gaps", 1, "--out", path("c"))
    code, want, err = convert(path("c"), path("e.parquet"))
    tap.check("a capture to Parquet, to compare with", code == 0, err)
    runs = tables(path("e.parquet"))
    for name, options in KINDS.items():
        code, got, err = convert(path("c"), path(name), *options)
        same = {k: got.get(k) == want[k] for k in ("read", "written", "rejected", "filtered", "rows", "lost")}
        tap.check(f"{name}: written, and it adds up", code == 0 and all(same.values()), f"{err} {same}")
        code, back, err = convert(path(name), path("back.parquet"), "--force")
        tap.check(f"{name}: back to the same Parquet", code == 0 and filecmp.cmp(path("back.parquet"), path("e.parquet"), False), err)
        for other, how in KINDS.items():
            code, _, err = convert(path(name), path("x-" + other), *how, "--force")
            tap.check(f"{name} to {other}: the same bytes", code == 0 and (not os.path.exists(path(other))
                      or filecmp.cmp(path("x-" + other), path(other), False)), err)
        tap.check(f"{name}: run makes the same dataset of it", tables(path(name)) == runs and len(runs) >= 5)
        tap.check(f"{name}: whatever the lanes", tables(path(name), "--lanes", 3) == runs)
        code, out, err = tap.run("inspect", path(name), "--json", "--rows", 2)
        seen = json.loads(out) if code == 0 else {}
        tap.check(f"{name}: inspect", seen.get("format") == "arrow" and seen["complete"] and seen["rows"] == want["rows"]
                  and seen["why"] == ("Arrow stream" if name.endswith("s") else "Arrow file"), err or out[:300])
        code, out, err = tap.run("inspect", path(name), "--where", "kind=trade", "--rows", 1)
        trades = seen.get("trades")
        tap.check(f"{name}: inspect --where", code == 0 and f": {trades} of {want['rows']} rows match" in out, err or out)
        answers = [tap.run(verb, path(n), *o)[1] for verb, o in (("bars", ["--every", "1s"]), ("asof", [])) for n in (name, "e.parquet")]
        tap.check(f"{name}: bars and asof say the same", answers[0] == answers[1] and answers[2] == answers[3] and answers[0], answers[0][:200])
        for verb, o in (("bars", ["--every", "1s"]), ("asof", [])):
            made = [path(verb + end) for end in (".parquet", os.path.splitext(name)[1])]
            ran = [tap.run(verb, path(name), *o, "--out", m, "--force")[0] for m in made]
            told = [dump(m)[2:] for m in made]
            tap.check(f"{verb} of {name}: {os.path.basename(made[1])} holds what Parquet does", ran == [0, 0] and told[0] == told[1]
                      and told[0][1] > 0, ran)
        tap.check(f"{name}: verify says the same", tap.run("verify", path(name))[0] == tap.run("verify", path("e.parquet"))[0])


def check_tables():
    """The tables of one instrument, and what has no table."""
    tap.run("gen", "--levels", 9000, "--instruments", 1, "--out", path("one"))
    folder = path("venue=binance/symbol=BTCUSDT")
    os.makedirs(folder)
    for kind in ("deltas", "trades", "tickers"):
        pair = [f"{folder}/{kind}{end}" for end in (".parquet", ".arrow", ".arrows")]
        got = [convert(path("one"), name, "--to", kind, "--lossy")[1] for name in pair]
        tap.check(f"{kind}: as many rows", got[0] and got[0]["rows"] == got[1]["rows"] == got[2]["rows"] > 0, got)
        columns = [dump(name)[2] for name in pair]
        diff = first_difference(columns[0], columns[1]) or first_difference(columns[0], columns[2])
        tap.check(f"{kind}: every value as in Parquet", len(columns[0]) > 5 and not diff, diff)
        if kind != "tickers":
            for wanted_rows in ("symbols: [ETHUSDT]", "from: 2024-08-09T00:00:00.01Z, to: 2024-08-09T00:00:00.03Z"):
                with open(path("want.yaml"), "w", encoding="utf-8") as f:
                    f.write(f"input: {{{wanted_rows}}}\n")
                told = [tap.run_json(path("want.yaml"), name, "--out", path("want"), "--force") for name in pair]
                counts = [{k: t.get(k) for k in ("lines", "messages", "levels", "trades", "filtered")} for t in told]
                tap.check(f"{kind}, {wanted_rows}: as many rows are left out", counts[0] == counts[1] == counts[2] and counts[0]["filtered"], counts)
            runs = [tables(name) for name in pair]
            tap.check(f"{kind}: run makes the same of each", runs[0] == runs[1] == runs[2] and runs[0])
    with open(path("none"), "w", encoding="utf-8") as f:
        f.write("{\"capture_ns\":1,\"stream\":\"btcusdt@trade\",\"data\":{}}\n")
    for name in ("none.arrow", "none.arrows"):
        code, got, err = convert(path("none"), path(name), "--format", "capture-json", "--force")
        code2, _, columns, rows, _ = dump(path(name))
        tap.check(f"{name}: no batch at all", code == code2 == 0 and rows == 0 and len(columns) == 14, f"{err} {got}")
    for args in ([path("one"), path("x.parquet"), "--zstd"], [path("one"), path("x.arrow.gz")], [path("one"), path("x.csv"), "--zstd"]):
        code, _, err = convert(*args)
        tap.check(f"bad use: {' '.join(os.path.basename(a) for a in args)}", code == 2 and err, err)


def check_kills():
    """A run that is killed goes on in the middle of a batch."""
    plan, out = path("kill.yaml"), path("killed")
    tap.run("gen", "--levels", 20000, "--instruments", 2, "--out", path("k"))
    for name in ("k.arrow", "k.arrows"):
        convert(path("k"), path(name))
        with open(plan, "w", encoding="utf-8") as f:
            f.write("output: {commit_rows: 2000}\n")
        tap.run("run", plan, path(name), "--force", "--out", path("whole"))
        n, wrong = kills.once_each([plan, path(name)], out, tap.digest(path("whole")), range(20, 140, 20))
        tap.check(f"{name}: killed and resumed, the same bytes", not wrong and n > 2, [n, wrong])


def check_damage():
    """Nothing sums an Arrow file up: a damaged one may read as another. It must never be more than that."""
    rng = random.Random(5)
    tap.run("gen", "--levels", 1500, "--instruments", 2, "--out", path("small"))
    for name, options in KINDS.items():
        convert(path("small"), path(name), "--force", *options)
        with open(path(name), "rb") as f:
            whole = f.read()
        codes, loud = {}, []
        for i in range(60):
            data = bytearray(whole)
            at = rng.randrange(64) if i < 10 else len(data) - 1 - rng.randrange(600) if i < 30 else rng.randrange(len(data))
            data[at] ^= 1 << rng.randrange(8) if i % 2 else 255
            with open(path("flip-" + name), "wb") as f:
                f.write(data if i % 7 else data[:at])
            code, _, err = convert(path("flip-" + name), path("flip.parquet"), "--force")
            codes[code] = codes.get(code, 0) + 1
            if code not in (0, 2, 3, 5) or (code and "flip-" not in err):
                loud.append((i, at, code, err))
        tap.check(f"{name}: flipped bytes and cuts end in an error or other values: {codes}", not loud and codes.get(3, 0) > 10, loud[:3])


# ---- others ----

WRITE = r"""
import sys
import pyarrow as pa, pyarrow.parquet as pq, pyarrow.ipc as ipc, pyarrow.feather as feather, polars as pl
d = sys.argv[1]
t = pq.read_table(d + "/e.parquet")

def swap(t, columns, fn):
    for c in columns:
        t = t.set_column(t.schema.get_field_index(c), c, fn(t[c]))
    return t

def put(name, t, kind=ipc.new_file, rows=7001, **options):
    with kind(f"{d}/{name}", t.schema, options=ipc.IpcWriteOptions(**options)) as w:
        w.write_table(t, max_chunksize=rows)

words = ["venue", "symbol", "kind", "side", "format"]
coded = swap(t, words, lambda c: c.dictionary_encode())
for codec in (None, "lz4", "zstd"):
    put(f"o-{codec}.arrow", t, compression=codec)
    put(f"o-{codec}.arrows", coded, ipc.new_stream, compression=codec)
put("o-coded.arrow", coded, rows=999)
put("o-small.arrows", t, ipc.new_stream, rows=61)
put("o-old.arrows", coded, ipc.new_stream, use_legacy_format=True, metadata_version=ipc.MetadataVersion.V4)
put("o-old.arrow", t, metadata_version=ipc.MetadataVersion.V4)
put("o-wide.arrow", swap(swap(t, ["venue", "symbol", "trade_id"], lambda c: c.cast(pa.large_string())), ["px", "qty"],
                         lambda c: c.cast(pa.decimal256(40, c.type.scale))))
put("o-views.arrow", swap(t, ["venue", "symbol", "trade_id"], lambda c: c.cast(pa.string_view())))
put("o-narrow.arrow", swap(t, ["px", "qty"], lambda c: c.cast(pa.decimal64(18, c.type.scale))))
put("o-nested.arrow", t.add_column(2, "more", pa.array([[dict(a=[1], b="x")]] * len(t))).add_column(0, "nothing", pa.nulls(len(t))))
# dictionaries that differ from batch to batch: replaced, and grown
parts = [coded.slice(i, 5000).combine_chunks() for i in range(0, len(t), 5000)]
for name, grows in (("o-replaced.arrows", False), ("o-grown.arrows", True)):
    base = pa.concat_tables(parts).unify_dictionaries() if grows else None
    with ipc.new_stream(f"{d}/{name}", coded.schema, options=ipc.IpcWriteOptions(emit_dictionary_deltas=grows)) as w:
        for p in parts:
            w.write_batch(swap(p, words, lambda c: c.cast(pa.string()).combine_chunks().dictionary_encode()).to_batches()[0])
feather.write_feather(t, d + "/o-default.feather")
p = pl.read_parquet(d + "/e.parquet")
p.write_ipc(d + "/o-polars.arrow")
p.write_ipc(d + "/o-polars-lz4.arrow", compression="lz4", compat_level=pl.CompatLevel.oldest())
p.write_ipc_stream(d + "/o-polars.arrows", compression="zstd")
p.with_columns(pl.col("symbol").cast(pl.Categorical), pl.col("venue").cast(pl.Enum(p["venue"].drop_nulls().unique()))).write_ipc(d + "/o-categorical.arrow")
n = 20000
ts = [1700000000000000000 + i // 8 * 1000000 for i in range(n)]
lake = pa.table(dict(origin_time=pa.array(ts, pa.timestamp("ns")), received_time=pa.array([x // 1000 for x in ts], pa.timestamp("us", "UTC")),
                     sequence_number=pa.array([i // 8 for i in range(n)], pa.uint32()), side_is_bid=[i % 3 == 0 for i in range(n)],
                     price=[(50000 + i * 7 % 400) / 10 for i in range(n)], size=pa.array([None if i % 911 == 5 else i % 50 / 4 for i in range(n)], pa.float32())))
pq.write_table(lake, d + "/lake.parquet")
feather.write_feather(lake, d + "/lake.feather")
put("lake.arrows", lake, ipc.new_stream, rows=4096)
for f in "s ms us ns".split():
    k = swap(lake.slice(0, 800), ["origin_time", "received_time"], lambda c: pa.array([x // 10**9 * 10**9 for x in ts[:800]], pa.timestamp("ns")).cast(pa.timestamp(f)))
    pq.write_table(swap(k, ["origin_time", "received_time"], lambda c: c.cast(pa.timestamp("ns"))), f"{d}/time-{f}.parquet")
    put(f"time-{f}.arrow", k)
"""

READ = r"""
import json, sys
import duckdb, polars as pl, pyarrow as pa, pyarrow.ipc as ipc, pyarrow.parquet as pq
d, out = sys.argv[1], {}
want = pq.read_table(d + "/e.parquet")
for name in "e.arrow e.feather e.arrows z.arrows".split():
    source = pa.memory_map(f"{d}/{name}")
    reader = (ipc.open_stream if name.endswith("s") else ipc.open_file)(source)
    t = reader.read_all()
    t.validate(full=True)
    addresses = [b.address for c in t.columns for k in c.chunks for b in k.buffers() if b is not None]
    schema = pa.schema([pa.field(f.name, f.type.value_type if pa.types.is_dictionary(f.type) else f.type, f.nullable) for f in t.schema])
    plain = t.cast(schema)
    p = (pl.read_ipc_stream if name.endswith("s") else pl.read_ipc)(f"{d}/{name}").with_columns(pl.col(pl.Categorical).cast(pl.String))
    out[name] = dict(pyarrow=plain.equals(want.replace_schema_metadata(None)), polars=p.equals(pl.read_parquet(d + "/e.parquet")),
                     duckdb=duckdb.sql("select count(*) from (select * from plain except all select * from want)").fetchall() == [(0,)],
                     aligned=all(a % 64 == 0 for a in addresses), copies=pa.total_allocated_bytes() if name == "e.arrow" else 0)
    del t, plain, reader
print(json.dumps(out))
"""


def check_others(exe):
    for name, options in {"e.arrow": [], "e.feather": ["--zstd"], "e.arrows": [], "z.arrows": ["--zstd"]}.items():
        convert(path("c"), path(name), "--force", *options)
    p = subprocess.run([exe, "-c", WRITE, tap.SCRATCH], capture_output=True, text=True)
    tap.check("files written by others", p.returncode == 0, p.stderr[-1500:])
    names = sorted(glob.glob(path("o-*")))
    tap.check("many of them", len(names) > 15, names)
    for name in names:
        code, _, err = convert(name, path("back.parquet"), "--force")
        tap.check(f"{os.path.basename(name)}: the same events", code == 0 and filecmp.cmp(path("back.parquet"), path("e.parquet"), False), err)
    _, _, columns, rows, nested = dump(path("o-nested.arrow"))
    tap.check("nested columns are passed over", nested == ["more"] and columns[0] == ("nothing", ["null"] * rows), nested)
    want = tables(path("lake.parquet"))
    for name in ("lake.feather", "lake.arrows"):
        tap.check(f"{name}: run makes of Lake's columns what it makes of Parquet", tables(path(name)) == want and want)
    for unit in "s ms us ns".split():
        tap.check(f"times in {unit}", tables(path(f"time-{unit}.arrow")) == tables(path(f"time-{unit}.parquet")))
    p = subprocess.run([exe, "-c", READ, tap.SCRATCH], capture_output=True, text=True)
    tap.check("others open ours", p.returncode == 0, p.stderr[-1500:])
    for name, ok in (json.loads(p.stdout) if p.returncode == 0 else {}).items():
        tap.check(f"{name}: equal in pyarrow, Polars and DuckDB", ok["pyarrow"] and ok["polars"] and ok["duckdb"], ok)
        tap.check(f"{name}: buffers on 64 bytes", ok["aligned"] or name in ("e.feather", "z.arrows"), ok)


def main():
    data = tap.data_dir()
    collection = os.path.join(data or "", "arrow-testing", "arrow-ipc-stream")
    check_ours()
    if os.path.isdir(collection):
        check_collection(collection)
    else:
        print(f"# no {collection}: the format's collection is not looked at")
    exe = tap.python_with("duckdb", "polars", "pyarrow")
    if exe is not None:
        check_others(exe)
    else:
        print("# duckdb, polars and pyarrow are not installed (HR_PYTHON names a Python that has them): others are not asked")
    check_tables()
    check_kills()
    check_damage()
    tap.finish()


main()
