# SPDX-License-Identifier: Apache-2.0
"""--from and --to: a run of part of the time writes the rows that a run of all writes for that part, whatever the format,
the lanes and the batches, killed or not; tables leave unread what they can. The second half needs a Python with pyarrow,
DuckDB and Polars (HR_PYTHON)."""
import glob
import json
import os
import shutil
import subprocess

import kills
import tap

MAKER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "pushdown_tables.py")
KINDS = ("deltas", "trades", "tickers", "books", "features", "gaps")
SEED = int(os.environ.get("HR_TEST_SEED", "1"))


def path(*names):
    return os.path.join(tap.SCRATCH, *names)


def run(name, *args):
    shutil.rmtree(path(name), ignore_errors=True)
    return tap.run_json(*args, "--out", path(name))


def tables(name):
    """The dataset's bytes but for its manifest, which names the inputs."""
    if os.path.exists(path(name, "manifest.jsonl")):
        os.unlink(path(name, "manifest.jsonl"))
    return tap.digest(path(name))


def total(got):
    return sum(got[k] for k in ("levels", "snapshot_levels", "trades", "tickers")) if "lines" in got else -1


def inspect(file, *args):
    code, out, err = tap.run("inspect", file, "--json", "--rows", 1000, *args)
    return json.loads(out) if code == 0 else {"error": err}


def expect_part(what, full, part, got, begin, end):
    """Rows of `full` within the times, as inspect finds them, are those of `part`."""
    n, bad = dict.fromkeys(KINDS, 0), []
    for file in glob.glob(path(full, "**", "*.parquet"), recursive=True):
        name = os.path.relpath(file, path(full))
        of_all = inspect(file, "--where", f"ts_recv={begin if begin else ''}..{end - 1 if end else ''}")
        n[name.split("/")[0]] += of_all["where"]["matches"]
        mine = path(part, name)
        if os.path.exists(mine) != (of_all["where"]["matches"] > 0):
            bad.append((name, of_all["where"]))
        elif os.path.exists(mine) and inspect(mine, "--head")["head"] != of_all["head"]:
            bad.append((name, "rows differ"))
    tap.check(f"{what}: the rows of that time", not bad, bad[:3])
    tap.check(f"{what}: as many of each kind", got.get("written") == n and sum(n.values()) > 0, (got, n))


def check_texts():
    capture, cut = path("c.ndjson"), path("cut.ndjson")
    tap.run("gen", "--levels", 60000, "--instruments", 3, "--gaps", 2, "--out", capture)
    with open(capture, encoding="utf-8") as f:
        lines = f.readlines()
    times = [int(line.split(" ")[0]) for line in lines]
    begin, end = times[len(times) // 3], times[len(times) * 2 // 3]
    full = run("full", capture)
    upto = run("upto", capture, "--to", end)
    with open(cut, "w", encoding="utf-8") as f:
        f.writelines(line for line, t in zip(lines, times) if t < end)
    short = run("short", cut)
    tap.check("--to: as if the capture had ended there", tables("upto") == tables("short"), (upto, short))
    tap.check("--to: every row is counted", upto.get("lines") == len(lines) and sum(upto["written"][k] for k in KINDS[:3]) + upto["filtered"] == total(full), upto)
    part = run("part", capture, "--from", begin, "--to", end)
    expect_part("texts, --from and --to", "full", "part", part, begin, end)
    tap.check("--from: every row is counted", sum(part["written"][k] for k in KINDS[:3]) + part["filtered"] == total(full), part)
    expect_part("texts, --from", "full", "since", run("since", capture, "--from", begin), begin, None)
    with open(path("p.yaml"), "w", encoding="utf-8") as f:
        f.write(f"input: {{from: {begin}, to: {end}}}\nengine: {{batch_min: 64, batch_max: 128}}\n")
    digests = {tables("part")}
    for lanes in (1, 3):
        run("lanes", path("p.yaml"), capture, "--lanes", lanes)
        digests.add(tables("lanes"))
    tap.check("lanes, batches, a plan's keys: the same bytes", len(digests) == 1)
    none = run("none", capture, "--from", times[-1] + 1)
    tap.check("after the end: nothing is written, all is counted", none.get("filtered") == total(full) and not any(none["written"].values()), none)
    none = run("none", capture, "--to", "2001-01-01")
    tap.check("before the beginning: nothing, and no instrument's book", none.get("filtered") == total(full) and none.get("synced") == 0, none)
    tap.run("convert", capture, path("c.parquet"))
    mixed = run("mixed", path("c.parquet"), "--from", begin, "--to", end)
    tap.check("an events table: the same bytes", tables("mixed") == tables("part"), mixed)
    kills.counts_hold("texts", [capture, "--from", begin, "--to", end, path("small.yaml")], path("killed"), SEED, 15)
    for args, word in (((begin, end), None), ((end, begin), "input.from is not before input.to"), (("noon", end), "--from: 'noon' is not a time such as"),
                       ((begin, "2024-02-30"), "--to: '2024-02-30' is not a time")):
        code, _, err = tap.run("run", capture, "--out", path("usage"), "--force", "--from", args[0], "--to", args[1])
        tap.check(f"--from {args[0]} --to {args[1]}", code == (2 if word else 0) and (word or "") in err, err)


def check_tables(python):
    made = subprocess.run([python, MAKER, tap.SCRATCH, "1"], capture_output=True, text=True)
    tap.check("tables are made", made.returncode == 0, made.stderr)
    if made.returncode != 0:
        return
    facts = json.loads(made.stdout)
    begin, end = 1700000000000000000 + 8 * 10**9, 1700000000000000000 + 8 * 10**9 + 5 * 10**8
    with open(path("w.yaml"), "w", encoding="utf-8") as f:
        f.write("features: {window: 500ms}\n")
    for kinds in (("deltas",), ("trades",), ("book",), ("deltas", "trades")):
        name = " and ".join(kinds)
        part = None
        for how in facts["ways"]:
            files = [path(f"{kind}-{how}.parquet") for kind in kinds]
            got = run("got", path("w.yaml"), *files, "--from", begin, "--to", end)
            digest = tables("got")
            if part is None:
                part, want = got, digest
            same = all(got.get(k) == part.get(k) for k in ("lines", "messages", "trades", "snapshots", "written", "filtered"))
            tap.check(f"{name}, {how}: the same tables and counts", digest == want and same and got["lines"] == facts["rows"] * len(kinds), got)
            share = got["counters"]["bytes_read"] / sum(map(os.path.getsize, files))
            print(f"# {name}, {how}: {share:.3f} of the bytes read")
            if how == "pages":
                tap.check(f"{name}: pages are left out", share < (0.98 if "deltas" in kinds else 0.85), share)
        # times that never fall, else it is the order of the file that decides what comes before what
        files = [path(f"{kind}-one.parquet") for kind in kinds]
        run("full", path("w.yaml"), *files)
        expect_part(f"{name} of one symbol", "full", "got", run("got", path("w.yaml"), *files, "--from", begin, "--to", end), begin, end)
    both = run("both", path("w.yaml"), path("trades-pages.parquet"), path("deltas-pages.parquet"), "--from", "2023-11-14T22:13:28Z", "--to", end)
    tap.check("a time as text is that time", both.get("written") == part["written"], (both, part))
    tables_in = [path("small.yaml"), path("deltas-pages.parquet"), path("trades-pages.parquet")]
    kills.counts_hold("tables", [*tables_in, "--from", begin, "--to", end], path("killed"), SEED, 15)


def main():
    with open(path("small.yaml"), "w", encoding="utf-8") as f:
        f.write("output: {commit_rows: 1500}\n")
    check_texts()
    exe = tap.python_with("duckdb", "polars", "pyarrow")
    if exe is not None:
        check_tables(exe)
    else:
        print("# no Python with pyarrow, DuckDB and Polars: others' tables are left out")
    tap.finish()


main()
