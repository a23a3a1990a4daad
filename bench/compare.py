#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Ours beside others and beside what the machine can do, and the tables of docs/PERF.md made of it.

    bench/compare.py BUILD [--write] [--rounds N] [--only NAME]...

A comparison is a list of commands, each of which prints `figure OF/WHAT VALUE UNIT` (bench/figure.h). They run in turns, A B A B, an
odd number of rounds; a ratio is the median of the rounds' own ratios, so that what neighbours do to the machine hits both. Where
commands print `check OF HEX`, these must agree: the same values came out. A command that ends with 77 is not there and is left out.
Figures go to BUILD/bench.json; --write renews what stands between `<!-- bench:NAME -->` and `<!-- /bench -->` in docs/PERF.md.
Names: machine, peers, stages, pipeline. HR_DATA_DIR: real captures; HR_PYTHON: a Python that has DuckDB, Polars and pyarrow."""
import argparse
import glob
import gzip
import json
import os
import platform
import re
import shutil
import statistics
import subprocess
import sys
import tempfile

import pipeline

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
PERF = os.path.join(ROOT, "docs", "PERF.md")
SKIP = 77
DEPTH_LEVELS, CSV_LEVELS = 2000000, 2000000


def run(command):
    """What one command printed: {"OF/WHAT": value}, {"OF": check}; None where it is not there."""
    if not os.path.exists(command[0]) and shutil.which(command[0]) is None:
        return None
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode == SKIP:
        return None
    if done.returncode != 0:
        sys.exit(f"{' '.join(command)}: ended with {done.returncode}\n{done.stdout}{done.stderr}")
    figures = {key: float(value) for key, value in re.findall(r"^figure (\S+) (\S+) ", done.stdout, re.M)}
    return figures, dict(re.findall(r"^check (\S+) (\S+)$", done.stdout, re.M))


def turns(sides, rounds):
    """{side: [figures of each round]} of the sides that are there; values must agree where they are checked."""
    out, checks = {name: [] for name in sides}, {}
    for _ in range(rounds):
        for name, command in sides.items():
            result = run(command) if name in out else None
            if result is None:
                out.pop(name, None)
                continue
            out[name].append(result[0])
            for key, value in result[1].items():
                if checks.setdefault(key, value) != value:
                    sys.exit(f"{' '.join(command)}: other values came out than from '{next(iter(sides))}'")
    return out


def series(figures, key):
    return [f[key] for f in figures if key in f]


def spread(values):
    return f"{statistics.median(values):.4g} ({min(values):.3g}-{max(values):.3g})"


def key(of, what):
    return of.replace(" ", "-") + "/" + what


class Bench:
    def __init__(self, build, rounds):
        self.build, self.rounds = os.path.abspath(build), rounds
        self.folder = tempfile.mkdtemp(prefix="headrace-bench-")
        self.headrace = os.path.join(self.build, "src/app/headrace")
        self.memory = 1.0
        self.results, self.tables, self.missing = {}, {}, []

    def tool(self, name):
        return os.path.join(self.build, "bench", name)

    def path(self, name):
        return os.path.join(self.folder, name)

    def gen(self, name, *options):
        subprocess.run([self.headrace, "gen", "--out", self.path(name), *options], check=True, stdout=subprocess.DEVNULL)
        return self.path(name)

    def skip(self, what):
        self.missing.append(what)
        print(f"left out: {what}", flush=True)

    def table(self, name, head, rows):
        lines = ["| " + " | ".join(row) + " |" for row in [head, ["---"] * len(head), *rows]]
        self.tables[name] = "\n".join(lines)
        print(f"\n{name}\n{self.tables[name]}", flush=True)

    # ---- what the machine can do ----

    def machine(self):
        figures = turns({"machine": [self.tool("bench_machine")]}, self.rounds if self.rounds < 3 else 3)["machine"]
        self.results["machine"] = m = {k: statistics.median(series(figures, k)) for k in figures[0]}

        def of(name):
            return m[key(name, "machine")]

        self.table("machine", ["limit", "figure"], [
            ["memory read, write, copy", f"{of('memory, read'):.1f}, {of('memory, write'):.1f}, {of('memory, copy'):.1f} GB/s"],
            ["first touch of a page", f"{of('memory, first touch') / 1e3:.1f} us, that is {of('memory, first touch') / 4:.0f} ns a KB: "
             "fresh memory is dearer than old"],
            ["dependent load over 256 MB", f"{of('memory, dependent load over 256 MB'):.0f} ns"],
            ["write 64 MB and sync; read 64 MB from the page cache",
             f"{of('file, write 64 MB and sync'):.2f}; {of('file, read 64 MB from the page cache'):.1f} GB/s"],
            ["create a file, write 4 KB, sync", f"{of('file, create, write 4 KB and sync'):.0f} us"]])

    # ---- beside others ----

    def share(self, rate, unit):
        """Of what reading memory gives: text as it is, rows of 29 bytes."""
        gb = {"GB/s": rate, "M rows/s": rate * 29e-3}.get(unit)
        return f"{100 * gb / self.memory:.0f} %" if gb is not None else "-"

    def row(self, what, sides, figure, unit, asked):
        """One line a peer: sides are turns(), the first is ours."""
        ours, *others = sides
        mine = series(sides[ours], figure)
        share = self.share(statistics.median(mine), unit)
        rows = []
        for name in others:
            theirs = series(sides[name], figure)
            ratios = [a / b for a, b in zip(mine, theirs)]
            self.results.setdefault("peers", {})[f"{what} / {name}"] = {
                "unit": unit, "ours": mine, "theirs": theirs, "ratio": statistics.median(ratios)}
            rows.append([what, spread(mine) + " " + unit, name, spread(theirs), f"{statistics.median(ratios):.2f}", asked, share])
        if not others:
            rows.append([what, spread(mine) + " " + unit, "-", "-", "-", asked, share])
        return rows

    def captures(self):
        """Depth messages alone, a line each: of real captures by market, and made ones."""
        data = os.path.join(os.environ.get("HR_DATA_DIR", ""), "binance")
        for market in ("usdm", "coinm", "spot"):
            names = sorted(glob.glob(os.path.join(data, market + "_*.gz")))
            if not names:
                self.skip(f"real depth, {market} (HR_DATA_DIR has no binance/{market}_*.gz)")
                continue
            with open(self.path(market), "wb") as out:
                for name in names:
                    with gzip.open(name) as f:
                        out.writelines(line.split(b" ", 1)[1] for line in f if b'"depthUpdate"' in line)
            yield f"depth to events, real, {market}", self.path(market)
        made = self.gen("all.ndjson", "--levels", str(DEPTH_LEVELS), "--format", "ndjson", "--no-tickers", "--no-trades")
        with open(made, "rb") as f, open(self.path("made"), "wb") as out:
            out.writelines(line for line in f if b'"depthUpdate"' in line)
        yield "depth to events, generated", self.path("made")

    def decode(self):
        rows = []
        for what, path in self.captures():
            sides = turns({"ours": [self.tool("bench_pair"), "decode", path],
                           "simdjson on-demand": [self.tool("peer_simdjson"), path]}, self.rounds)
            rows += self.row(what, sides, "pair/decode", "GB/s", ">= 1.2 GB/s, > 1")
        if len(sides) == 1:
            self.skip("simdjson (Debian: libsimdjson-dev, then a new build)")
        return rows

    def inflate(self):
        plain = self.gen("t.csv", "--levels", str(CSV_LEVELS), "--format", "tardis")
        with open(plain, "rb") as f, gzip.open(plain + ".gz", "wb", 6) as out:
            shutil.copyfileobj(f, out, 1 << 20)
        peer = [self.tool("bench_pair"), "igzip", plain + ".gz"]
        alone = turns({"ours": [self.tool("bench_pair"), "lines", plain + ".gz"], "igzip alone": peer}, self.rounds)
        both = turns({"ours": [self.tool("bench_pair"), "source", plain + ".gz"], "igzip alone": peer}, self.rounds)
        csv = turns({"ours": [self.tool("bench_pair"), "decode", plain]}, self.rounds)
        return (self.row("Tardis CSV to events, in memory", csv, "pair/decode", "GB/s", ">= 1 GB/s") +
                self.row("csv.gz to lines", alone, "pair/inflate", "GB/s", ">= 0.9") +
                self.row("the same while the other core decodes", both, "pair/inflate", "GB/s", "") +
                self.row("csv.gz to events, two cores, by the wall's clock", both, "pair/wall", "GB/s", ">= 0.9"))

    def parquet(self):
        values = self.path("values")
        os.mkdir(values)
        subprocess.run([self.tool("bench_table"), "values", values], check=True)
        ours = self.path("ours.parquet")
        sides = {"ours": [self.tool("bench_table"), "pair", ours]}
        python, script = os.environ.get("HR_PYTHON", sys.executable), os.path.join(ROOT, "bench/peers/peer_parquet.py")
        for name in ("duckdb", "polars", "pyarrow"):
            sides[name] = [python, script, name, values, self.path(name + ".parquet"), ours]
        asked = dict.fromkeys(sides, ">= 2") | {"pyarrow": "-"}
        out = turns(sides, self.rounds)
        for name in sides.keys() - out.keys():
            self.skip(f"{name} (HR_PYTHON: a Python with duckdb, polars and pyarrow)")
        for figures in out["ours"]:
            figures["table/read-ours"] = figures["table/read"]
        rows = []
        for what, figure, unit in (("write", "write", "M rows/s"), ("read", "read", "M rows/s"),
                                   ("read, all of our file", "read-ours", "M rows/s"), ("size", "size", "B/row")):
            found = self.row("Parquet, five columns, " + what, out, "table/" + figure, unit, "")
            for row in found:
                row[5] = "<= 1" if what == "size" else asked.get(row[2], "-")
            rows += found
        return rows

    def gap(self):
        """First of all: the speed of reading memory is what shares are of."""
        sides = turns({"ours": [self.tool("bench_pair"), "gap"], "reading memory": [self.tool("bench_pair"), "read"]}, self.rounds)
        self.memory = statistics.median(series(sides["reading memory"], "pair/memory"))
        return self.row("gap scan, 256 MB", sides, "pair/memory", "GB/s", ">= 0.8")

    def peers(self):
        rows = self.gap() + self.decode() + self.inflate() + self.parquet()
        head = ["what, one core unless said", "ours (min-max)", "beside", "theirs", "ratio", "asked", "ours, of memory's speed"]
        self.table("peers", head, rows)

    # ---- stages ----

    def stages(self):
        f = {}
        for name in ("book", "decode", "foundation", "parquet"):
            f.update(turns({name: [self.tool("bench_" + name)]}, 1)[name][0])
        self.results["stages"] = f

        def of(name, what):
            return f[key(name, what)]

        ndjson, csv = "synthetic NDJSON, all messages", "synthetic Tardis CSV"
        one, many, wide = "1 book(s)", "500 book(s)", "1 wide book"
        self.table("stages", ["stage", "program", "figure", "sketch, and the limit"], [
            ["decode, synthetic NDJSON", "`bench_decode`", f"{of(ndjson, 'text'):.2f} GB/s, {of(ndjson, 'level'):.1f} ns a level with all "
             f"messages around it; level lists alone {of('level lists, the short way', 'level'):.0f} ns",
             "23 bytes a level at 2 bytes a cycle: 4 ns; the rest is the message around the list"],
            ["decode, Tardis CSV, 13 rows a message", "`bench_decode`", f"{of(csv, 'text'):.2f} GB/s, {of(csv, 'level'):.0f} ns a row", ""],
            ["line ends; UTF-8", "`bench_decode`", f"{of('newlines by the kernel', 'text'):.0f}; {of('UTF-8 check', 'text'):.0f} GB/s",
             "memory"],
            ["apply, one hot book", "`bench_book`", f"{of('apply, ' + one, 'best'):.0f} M deltas/s; "
             f"{of('apply + top 10, ' + one, 'best'):.0f} with a top of ten read where it changed", "a compare-free set is 4 ns; asked: 80 M"],
            ["apply, 500 books", "`bench_book`", f"{of('apply, ' + many, 'best'):.0f} M deltas/s; {of('apply + top 10, ' + many, 'best'):.0f} "
             f"with the top read. With a prefetch some messages ahead {of('apply ahead, ' + many, 'best'):.0f} (one hot book then "
             f"{of('apply ahead, ' + one, 'best'):.0f}): the run does without", "two cold lines a delta; asked: 50 M"],
            ["apply, tiny tick, wide window", "`bench_book`", f"{of('apply, ' + wide, 'best'):.0f} M deltas/s", ""],
            ["features", "`bench_book feat`", f"{1e3 / of('feature row', 'best'):.0f} ns a row of ten",
             "ten divisions, one root: 100 to 130 cycles"],
            ["Parquet write, read, (ts, id, side, price, qty), zstd 1", "`bench_parquet`", f"{of('deltas', 'write'):.0f}; "
             f"{of('deltas', 'read'):.0f} ns a row, {of('deltas', 'bytes'):.2f} bytes", "[fmt.md](modules/fmt.md)"],
            ["Parquet write, read, a 44-column book", "`bench_parquet`", f"{of('book', 'write'):.0f}; {of('book', 'read'):.0f} ns a row",
             "44 columns at 2 to 5 ns"],
            ["recorder: span; with histogram", "`bench_foundation`", f"{of('hr_rec_begin + end', 'cost'):.0f}; "
             f"{of('hr_rec_begin + end, histogram', 'cost'):.0f} ns", "40"]])

    def whole(self):
        rows = pipeline.rows(self.headrace, self.rounds, pipeline.LEVELS)
        self.results["pipeline"] = rows
        self.table("pipeline", pipeline.HEAD, rows)

    def close(self):
        shutil.rmtree(self.folder, ignore_errors=True)


def cpu_name():
    with open("/proc/cpuinfo", encoding="ascii", errors="replace") as f:
        found = re.search(r"^model name\s*: (.*)$", f.read(), re.M)
    return found.group(1) if found else platform.machine()


def renew(tables):
    """Puts each table between its markers; a table without a place is an error."""
    with open(PERF, encoding="utf-8") as f:
        text = f.read()
    for name, table in tables.items():
        text, n = re.subn(rf"(<!-- bench:{name} -->\n).*?(<!-- /bench -->)", lambda m: m[1] + table + "\n" + m[2], text, flags=re.S)
        if n != 1:
            sys.exit(f"{PERF}: {n} places for the table '{name}'")
    with open(PERF, "w", encoding="utf-8") as f:
        f.write(text)


def main():
    parser = argparse.ArgumentParser(description="Ours beside others and the machine.")
    parser.add_argument("build")
    parser.add_argument("--write", action="store_true")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--only", action="append", choices=["machine", "peers", "stages", "pipeline"])
    o = parser.parse_args()
    if o.rounds < 1 or o.rounds % 2 == 0:
        parser.error("--rounds is odd")
    bench = Bench(o.build, o.rounds)
    parts = {"machine": bench.machine, "peers": bench.peers, "stages": bench.stages, "pipeline": bench.whole}
    try:
        for name, part in parts.items():
            if not o.only or name in o.only:
                part()
    finally:
        bench.close()
    with open(os.path.join(bench.build, "bench.json"), "w", encoding="utf-8") as f:
        json.dump({"cpu": cpu_name(), "cores": os.cpu_count(), "rounds": o.rounds, "left_out": bench.missing, **bench.results}, f, indent=1)
    if o.write:
        renew(bench.tables)


if __name__ == "__main__":
    main()
