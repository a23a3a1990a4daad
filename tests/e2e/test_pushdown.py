# SPDX-License-Identifier: Apache-2.0
"""What a plan does not want is not read, and nobody can tell but by the bytes: tables with statistics, page indexes and
Bloom filters against the same rows without them, and against a file of the wanted rows alone. The second half needs a
Python with pyarrow, DuckDB and Polars (HR_PYTHON)."""
import glob
import json
import os
import random
import shutil
import subprocess

import kills
import tap

MAKER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "pushdown_tables.py")
SEED = int(os.environ.get("HR_TEST_SEED", "1"))


def path(*names):
    return os.path.join(tap.SCRATCH, *names)


def plan(name, text):
    with open(path(name), "w", encoding="utf-8") as f:
        f.write(text)
    return path(name)


def tables(folder):
    """The dataset's bytes but for its manifest, which names the inputs."""
    if os.path.exists(os.path.join(folder, "manifest.jsonl")):
        os.unlink(os.path.join(folder, "manifest.jsonl"))
    return tap.digest(folder)


def run(name, *args):
    out = path(name)
    shutil.rmtree(out, ignore_errors=True)
    got = tap.run_json(*args, "--out", out)
    return got, tables(out) if "lines" in got else None


def rows_read(got):
    return sum(got["written"][k] for k in ("deltas", "trades", "tickers")) + got["filtered"] if "written" in got else -1


def check_paths():
    """A dataset's files: the symbol is in the path."""
    capture = path("c.ndjson")
    tap.run("gen", "--levels", 60000, "--instruments", 4, "--no-trades", "--no-tickers", "--out", capture)
    tap.run_json(capture, "--out", path("d"))
    parts = sorted(glob.glob(path("d", "deltas", "**", "*.parquet"), recursive=True))
    symbols = [p.split("symbol=")[1].split("/")[0] for p in parts]
    tap.check("one file a symbol", len(set(symbols)) == 4, parts)
    want = plan("one.yaml", f"input: {{symbols: [{symbols[1]}]}}\n")
    mine = [p for p, s in zip(parts, symbols) if s == symbols[1]]
    alone, digest = run("alone", *mine)
    got, digest_got = run("of-all", want, *parts)
    n_all = sum(run(f"n{i}", p)[0]["lines"] for i, p in enumerate(parts))
    tap.check("files of a dataset: the same tables", digest is not None and digest == digest_got, got)
    tap.check("files of a dataset: every row is counted", got.get("lines") == n_all and rows_read(got) == n_all, got)
    read = got.get("counters", {}).get("bytes_read", 1 << 60)
    most = alone["counters"]["bytes_read"] + 20000 * len(parts)
    tap.check("files of a dataset: of the others no more than the footer", read <= most, f"{read} > {most}")


def check_tables(python):
    """All ways to write the same rows; `one`: those of the wanted symbol, which are also all that a run may read."""
    made = subprocess.run([python, MAKER, tap.SCRATCH, str(SEED)], capture_output=True, text=True)
    tap.check("tables are made", made.returncode == 0, made.stderr)
    if made.returncode != 0:
        return
    facts = json.loads(made.stdout)
    for kind in ("deltas", "trades", "book"):
        one = plan(f"{kind}.yaml", f"input: {{symbols: [{facts['symbol']}]}}\noutput: {{commit_rows: 3000}}\n")
        want, digest = run("want", plan("all.yaml", "output: {commit_rows: 3000}\n"), path(f"{kind}-one.parquet"))
        size = os.path.getsize(path(f"{kind}-plain.parquet"))
        for how in facts["ways"]:
            file = path(f"{kind}-{how}.parquet")
            for lanes in (1, 2, 3):
                got, mine = run("got", one, file, "--lanes", lanes)
                tap.check(f"{kind}, {how}, {lanes} lanes: the same tables", mine is not None and mine == digest, got)
                same = all(got.get(k) == want.get(k) for k in ("messages", "levels", "trades", "snapshots", "written", "gaps"))
                tap.check(f"{kind}, {how}, {lanes} lanes: counts are exact",
                          same and got.get("lines") == facts["rows"] and got.get("filtered") == facts["rows"] - facts["wanted"], got)
            share = got.get("counters", {}).get("bytes_read", 0) / size
            print(f"# {kind}, {how}: {share:.3f} of the bytes read")
            if how != "plain":
                tap.check(f"{kind}, {how}: most is not read", share < facts["most"][how], share)
    got, _ = run("wide", path("wide.parquet"))
    rest = os.path.getsize(path("wide.parquet")) - 100 * facts["wanted"]
    tap.check("a column that no table has is not read", 0 < got["counters"]["bytes_read"] < rest, (got["counters"], rest))
    check_where(facts)
    check_none(facts)
    check_batches(facts)
    check_kills(facts)
    check_damage(facts)


def check_where(facts):
    """inspect --where: as many rows as DuckDB counts, and those that are shown are they."""
    for file, condition, n, by in facts["where"]:
        code, out, err = tap.run("inspect", file, "--where", condition, "--rows", 1000, "--json")
        got = json.loads(out) if out else {"error": err}
        where, names = got.get("where", {}), [c["name"] for c in got.get("columns", [])]
        tap.check(f"{os.path.basename(file)}, {condition}: {n} rows", code == 0 and where.get("matches") == n and len(got["head"]) == min(n, 1000), where)
        column, _, value = condition.partition("=")
        shown = {row[names.index(column)] for row in got.get("head", [])}
        if ".." not in value and column in ("name", "symbol", "side"):
            tap.check(f"{condition}: those rows", shown <= {value}, shown)
        out = dict(bounds=where.get("out_by_bounds"), bloom=where.get("out_by_bloom"), pages=where.get("pages_out"))
        tap.check(f"{condition}: left out by {by}", by is None or out[by] > 0, where)


def check_none(facts):
    nothing = plan("none.yaml", "input: {symbols: [NOSUCH-USDT, ZZZ]}\n")
    for how in facts["ways"]:
        got, _ = run("none", nothing, path(f"deltas-{how}.parquet"))
        tap.check(f"{how}: a symbol that is not there", got.get("filtered") == facts["rows"] and got.get("instruments") == 0, got)
    # two inputs, in turns by their times
    some = plan("some.yaml", f"input: {{symbols: [{facts['symbol']}, {facts['other']}]}}\noutput: {{commit_rows: 3000}}\n")
    digests = {run("two", some, path(f"deltas-{how}.parquet"), path(f"trades-{how}.parquet"))[1] for how in facts["ways"]}
    tap.check("deltas and trades, two symbols: the same tables from all", len(digests) == 1 and None not in digests, digests)


def check_batches(facts):
    digests = set()
    for low, high in ((64, 64), (64, 1024), (65536, 65536)):
        small = plan("batch.yaml", f"input: {{symbols: [{facts['symbol']}]}}\noutput: {{commit_rows: 3000}}\n"
                                   f"engine: {{batch_min: {low}, batch_max: {high}}}\n")
        digests |= {run("batch", small, path(f"deltas-{how}.parquet"))[1] for how in ("pages", "plain")}
    tap.check("batches of any size: the same tables", len(digests) == 1 and None not in digests, digests)


def check_kills(facts):
    """Killed at random places of the table, resumed, until it is done."""
    one = plan("kill.yaml", f"input: {{symbols: [{facts['symbol']}, {facts['other']}]}}\noutput: {{commit_rows: 1000}}\n")
    kills.counts_hold("places", [one, path("deltas-pages.parquet"), path("trades-bloom.parquet")], path("killed"), SEED, 40)


def check_damage(facts):
    """Indexes that are damaged or lie by more than their neighbours and statistics allow: rows are not lost."""
    rng = random.Random(SEED)
    one = plan("damage.yaml", f"input: {{symbols: [{facts['symbol']}]}}\noutput: {{commit_rows: 3000}}\n")
    _, want = run("undamaged", one, path("deltas-pages.parquet"))
    with open(path("deltas-pages.parquet"), "rb") as f:
        data = f.read()
    begin, end = facts["indexes"]
    n_same = n_error = 0
    lost = []
    symbol, lie = facts["symbol"].encode(), facts["lie"].encode()
    cases = [("zeros", lambda d: b"\0" * len(d)), ("ones", lambda d: b"\xff" * len(d)),
             ("another symbol in each bound", lambda d: d.replace(symbol, lie)),
             ("half", lambda d: d[:len(d) // 2] + b"\0" * (len(d) - len(d) // 2))]
    cases += [(f"byte {i}", None) for i in range(40)]
    for name, change in cases:
        index = data[begin:end]
        if change is None:
            at = rng.randrange(len(index))
            index = index[:at] + bytes([rng.randrange(256)]) + index[at + 1:]
        else:
            index = change(index)
        with open(path("damaged.parquet"), "wb") as f:
            f.write(data[:begin] + index + data[end:])
        got, mine = run("damaged", one, path("damaged.parquet"))
        n_same += mine == want
        n_error += got.get("exit") == 3
        if mine != want and got.get("exit") != 3:
            lost.append((name, got))
    print(f"# damaged indexes: {n_same} read all the same, {n_error} refused")
    tap.check("damaged indexes: no row is lost unseen", not lost, lost[:2])
    tap.check("damaged indexes: most are done without", n_same > len(cases) // 2, (n_same, n_error))


def main():
    check_paths()
    exe = tap.python_with("duckdb", "polars", "pyarrow")
    if exe is not None:
        check_tables(exe)
    else:
        print("# no Python with pyarrow, DuckDB and Polars: others' tables are left out")
    tap.finish()


main()
