# SPDX-License-Identifier: Apache-2.0
"""Expressions and signals in a run: the same bytes for any lanes, batches, processors and kills in mid-window; the rows are those
of `calc`; signals are those of a model in Python over the outputs; plans that are wrong are told so."""
import csv
import glob
import io
import json
import os

import kills
import parquet
import tap

TEXT = """
    a: mean(mid, 50)
    b: std(mid, 20ms)
    c: quantile(spread, 100, 0.9)
    d: sketch(trade.qty, 50ms, 0.5)
    e: corr(mid, bid_qty[0], 64)
    f: max(trade.px, 30) - min(trade.px, 10ms)
    g: ewma_time(mid, 5ms)
    h: slope(mid, 40)
    i: kurt(mid, 33)
    j: rank(ask_qty[2], 70)
    k: lag(mid, 3ms) - mid
    l: rsi(mid, 14)
    m: cumsum(trade.qty)
    n: is_trade
"""
OTHERS = TEXT + """
    o: mid - of("BTCUSDT", mean(mid, 20))
    p: of("SOLUSDT", o / spread)
"""
SIGNALS = """
signals:
  - {name: high, when: "mid > a and b > 0", until: "mid < a", confirm: 2, cooldown: 2ms, hold: 1ms, priority: 3, score: "(mid - a) / b", values: [mid, "l / 2"]}
  - {name: low, when: "l < 30", until: "l > 50", values: [l]}
  - {name: wide, when: "spread > c", priority: -1}
"""


def path_of(name):
    return os.path.join(tap.SCRATCH, name)


def write(name, text):
    with open(path_of(name), "w", encoding="utf-8") as f:
        f.write(text)
    return path_of(name)


def plugin(name):
    return os.path.join(os.environ.get("HR_PLUGINS", os.path.join(tap.ROOT, "build", "tests", "support")), f"plugin_{name}.so")


def plan(name, text, more="", stages=""):
    return write(name, f"output: {{commit_rows: 30000}}\nlimits: {{instruments: 8}}\ncalc:\n  max_rows: 4096\n{stages}  expressions: |{text}{SIGNALS}{more}")


def check_same(what, text, capture, stages=""):
    digests = {}
    for i, more in enumerate(("engine: {lanes: 1}", "engine: {lanes: 2, batch_min: 64, batch_max: 64}", "engine: {lanes: 4}",
                              "engine: {lanes: 3, batch_max: 65536, cpu_mask: scalar}", "engine: {lanes: 2, io: threads, pin: 'off'}", "engine: {target: latency, lanes: 2}")):
        out = path_of(f"{what}{i}")
        got = tap.run_json(plan(f"{what}{i}.yaml", text, more + "\n", stages), capture, "--out", out)
        tap.check(f"{what}, {more}: rows and signals", got.get("written", {}).get("calc", 0) > 1000 and got["written"]["signals"] > 50, got)
        digests[tap.digest(out)] = more
        span = got.get("spans_us", {}).get("signal", {})
        tap.check(f"{what}, {more}: each signal's time is measured", span.get("n") == got["written"]["signals"] and 0 < span["p50"] <= span["p99"] <= span["max"], span)
    tap.check(f"{what}: the same bytes for any lanes, batches and processors", len(digests) == 1, digests)
    return path_of(f"{what}0"), next(iter(digests))


def check_kills(what, text, capture, want, stages=""):
    path = plan("kills.yaml", text, "", stages)
    for seed in range(4):
        done = kills.to_the_end([path, capture], path_of("killed"), want, f"{what}.{seed}", 6)
        tap.check(f"{what}: killed {done.n} times in mid-window and resumed, the same bytes", not done.wrong and done.n > 0, done.wrong)
    wrong = kills.once_each([path, capture], path_of("killed"), want, range(2, 30, 5))
    tap.check(f"{what}: killed once at a sync", not wrong[1] and wrong[0] > 0, wrong)


def table(out, kind):
    """Rows of one kind by symbol, as dictionaries."""
    rows = {}
    for file in sorted(glob.glob(os.path.join(out, kind, "venue=*", "symbol=*", "date=*", "part-*.parquet")),
                       key=lambda f: (os.path.dirname(f), int(f.rsplit("-", 1)[1].split(".")[0]))):
        symbol = file.split("symbol=")[1].split(os.sep)[0]
        columns = parquet.read(file)
        names = list(columns)
        rows.setdefault(symbol, []).extend(dict(zip(names, r)) for r in zip(*columns.values()))
    return rows


def check_verb(out, text, capture, *more):
    lines = ";".join(line.strip() for line in text.strip().splitlines())
    code, printed, err = tap.run("calc", lines, capture, "--max-rows", 4096, *more)
    want = {}
    for r in csv.DictReader(io.StringIO(printed)):
        want.setdefault(r["instrument"], []).append(r)
    found, wrong = table(out, "calc"), []
    for symbol, rows in want.items():
        if len(rows) != len(found.get(symbol, [])):
            wrong.append(f"{symbol}: {len(found.get(symbol, []))} rows, not {len(rows)}")
        for r, f in zip(rows, found.get(symbol, [])):
            bad = [k for k in r if k not in ("ts_event", "instrument") and (f[k] is not None if r[k] == "" else f[k] != float(r[k]))]
            wrong += [f"{symbol} {bad} {f} {r}"] if bad else []
    tap.check("the table has the bits that `calc` prints", code == 0 and want and not wrong, (err, wrong[:2]))


class Rule:
    def __init__(self, until=None, confirm=1, cooldown=0, hold=0):
        self.until, self.confirm, self.cooldown, self.hold = until, confirm, cooldown, hold
        self.on, self.run, self.at, self.since = False, 0, None, None

    def step(self, ts, when, until):
        if self.on:
            end = until is True if self.until else when is False
            if end and ts - self.at >= self.hold:
                self.on, self.at, self.run = False, ts, 0
                return "off"
            return None
        self.run = self.run + 1 if when is True else 0
        if self.run >= self.confirm and (self.at is None or ts - self.at >= self.cooldown):
            self.on, self.at, self.run = True, ts, 0
            return "on"
        return None


def less(a, b):
    return None if a is None or b is None else a < b


def check_signals(out, capture):
    """From the outputs that they are made of, printed by `calc`."""
    text = "m: mid; a: mean(mid, 50); b: std(mid, 20ms); c: quantile(spread, 100, 0.9); l: rsi(mid, 14); s: spread"
    rows, found, wrong, n = {}, table(out, "signals"), [], 0
    for r in csv.DictReader(io.StringIO(tap.run("calc", text, capture, "--max-rows", 4096)[1])):
        rows.setdefault(r["instrument"], []).append((int(r["ts_event"]), {k: None if r[k] == "" else float(r[k]) for k in "mabcls"}))
    for symbol, events in rows.items():
        rules = {"high": Rule(True, 2, 2000000, 1000000), "low": Rule(True), "wide": Rule()}
        want, now = [], None
        for ts, v in events:
            now = ts if now is None else max(now, ts)
            above, moves = less(v["a"], v["m"]), less(0, v["b"])
            both = False if above is False or moves is False else None if above is None or moves is None else True
            asked = {"high": (both, less(v["m"], v["a"])), "low": (less(v["l"], 30), less(50, v["l"])), "wide": (less(v["c"], v["s"]), None)}
            for name in ("high", "low", "wide"):
                turn = rules[name].step(now, *asked[name])
                if turn:
                    want.append((ts, name, turn, v["m"] if name == "high" else v["l"] if name == "low" else None))
        got = [(r["ts_event"], r["signal"], r["state"], r["value_1"]) for r in found.get(symbol, [])]
        n += len(want)
        wrong += [f"{symbol}: {len(got)} and {len(want)}"] if len(got) != len(want) else []
        wrong += [f"{g} {w}" for g, w in zip(got, want) if g != w]
    tap.check(f"{n} turns of signals are the model's", n > 100 and not wrong, wrong[:3])


def check_wrong(capture):
    cases = (("calc: {expressions: 'emaa(mid, 3)'}", 2, "calc: line 1, column 1: expected a function, found 'emaa'"),
             ("calc: {expressions: 'seq: mid'}", 2, "'seq' is a column of the table already"),
             ("signals: [{name: x, when: mid}]", 2, "signal 'x'"),
             ("signals: [{name: x, when: 'mid > 1', values: ['emaa(mid, 3)']}]", 2, "values[0]"),
             ("signals: [{name: x}]", 2, "a signal without 'when'"),
             ("signals: [{name: x, whem: y}]", 2, "did you mean 'when'"),
             ("signals: [{name: x, when: 'mid > 1', cooldown: soon}]", 2, "expected a duration"),
             ("signals: [{name: x, when: 'mid > 1', confirm: 0}]", 2, "from 1 to 1000000"),
             ("signals: {name: x}", 2, "expected a list under 'signals'"),
             ("signal: []", 2, "did you mean 'signals'"),
             ("calc: {expressions: 'sum(mid, 1h)', max_rows: 1000000}", 5, "instruments take"))
    for i, (text, want, words) in enumerate(cases):
        code, _, err = tap.run("run", write(f"wrong{i}.yaml", text + "\n"), capture, "--out", path_of(f"wrong{i}"))
        tap.check(f"{text}: told", code == want and words in err, (code, err))


def check_plugins(capture):
    example, bad = plugin("example"), plugin("bad")
    text = "a: decayed_sum(trade.qty, 10ms)"
    digests = set()
    for lanes in (1, 3):
        out = path_of(f"plugin{lanes}")
        got = tap.run_json(write("plugin.yaml", f"calc: {{expressions: '{text}', plugins: ['{example}']}}\nlimits: {{instruments: 8}}\n"), capture,
                           "--lanes", lanes, "--out", out)
        tap.check(f"a plugin's function in a run, {lanes} lanes", got.get("written", {}).get("calc", 0) > 1000, got)
        digests.add(tap.digest(out))
    tap.check("a plugin's function: the same bytes", len(digests) == 1, digests)
    code, printed, err = tap.run("calc", text, capture, "--plugin", example)
    want = [float(r["a"]) for r in csv.DictReader(io.StringIO(printed)) if r["instrument"] == "BTCUSDT" and r["a"]]
    found = [r["a"] for r in table(path_of("plugin1"), "calc")["BTCUSDT"] if r["a"] is not None]
    tap.check("and the same values by `calc`", code == 0 and len(want) > 100 and want == found, err)
    code, printed, err = tap.run("calc", "--list", "decayed_sum", "--plugin", example)
    tap.check("--list shows it", code == 0 and printed.startswith("decayed_sum("), err)
    code, printed, err = tap.run("calc", "--list", "on_move", "--plugin", example)
    tap.check("and a stage", code == 0 and "stage of example" in printed and "reads mid, trade.px; gives mid_move" in printed, printed + err)
    wild = {"HR_TEST_PLUGIN": "write out"}
    code, printed, err = tap.run("calc", "two(mid, 5).x", capture, "--plugin", bad, "--out", path_of("wild.csv"), env=wild)
    tap.check("a plugin that writes too far ends `calc`, and no file is left",
              code == 3 and "has written behind" in err and not os.path.exists(path_of("wild.csv")), (code, err))
    path = write("wild.yaml", f"calc: {{expressions: 'two(mid, 5).x', plugins: ['{bad}']}}\nlimits: {{instruments: 8}}\n")
    code, _, err = tap.run("run", path, capture, "--out", path_of("wild"), env=wild)
    tap.check("and a run, before it commits", code == 3 and "has written behind" in err, (code, err))
    code, _, err = tap.run("calc", "mid", capture, "--plugin", bad, env={"HR_TEST_PLUGIN": "info size"})
    tap.check("a plugin whose structs have another size is refused", code != 0 and "struct_size" in err, err)
    code, _, err = tap.run("calc", "mid", capture, "--plugin", path_of("none.so"))
    tap.check("one that is not there is named", code != 0 and "none.so" in err, err)


def model_of_stages(capture):
    """Rows that `despike` and `on_move` leave, and what they add, from the rows of a run without them."""
    kept, last, n_dropped = {}, {}, 0
    for r in csv.DictReader(io.StringIO(tap.run("calc", "m: mid; p: trade.px", capture)[1])):
        symbol, mid, is_trade = r["instrument"], float(r["m"]) if r["m"] else None, r["p"] != ""
        row, first = {"ts": int(r["ts_event"]), "gap": None, "move": None}, symbol not in last
        if mid is not None:
            row["gap"] = 0.0 if first else mid / last[symbol] - 1  # never far in this capture
            row["move"] = 0.0 if first else mid - last[symbol]
            if not first and row["move"] == 0 and not is_trade:
                n_dropped += 1
                continue
            last[symbol] = mid
        kept.setdefault(symbol, []).append(row)
    return kept, n_dropped


def check_stages(capture):
    example, bad = plugin("example"), plugin("bad")
    stages = f"  plugins: ['{example}']\n  stages: [despike, on_move]\n"
    text = TEXT + "    gap: mid_gap\n    move: mid_move\n    sum: decayed_sum(raw(mid_move), 5ms)\n"
    out, want = check_same("stages", text, capture, stages)
    check_verb(out, text, capture, "--plugin", example, "--stage", "despike,example.on_move")
    check_kills("stages", text, capture, want, stages)
    kept, n_dropped = model_of_stages(capture)
    wrong, found = [], table(out, "calc")
    for symbol, rows in kept.items():
        got = [(r["ts_event"], r["gap"], r["move"]) for r in found.get(symbol, [])]
        wrong += [] if got == [(r["ts"], r["gap"], r["move"]) for r in rows] else [(symbol, len(got), len(rows))]
    tap.check(f"stages drop {n_dropped} rows and give columns as a model does", n_dropped > 100 and not wrong, wrong)
    text += '    other: of("BTCUSDT", sum(raw(mid_move), 10))\n    step: of("SOLUSDT", mid_move / mid)\n'
    out, want = check_same("stages and others", text, capture, stages)
    check_verb(out, text, capture, "--plugin", example, "--stage", "despike,on_move")
    check_kills("stages and others", text, capture, want, stages)
    code, printed, err = tap.run("calc", "mid", capture, "--plugin", example, "--stage", "on_move", "--json", "--out", path_of("dropped.csv"))
    tap.check("calc says what was dropped", code == 0 and json.loads(printed)["rows_dropped"] == n_dropped, printed + err)
    check_stages_wrong(capture, example, bad)


def check_stages_wrong(capture, example, bad):
    for how, words in (("stage keep", "behind the end of 'keep'"), ("stage out", "behind the end of its output"), ("stage state", "behind the end of its state")):
        code, _, err = tap.run("calc", "mid", capture, "--plugin", bad, "--stage", "second", "--out", path_of("wild.csv"), env={"HR_TEST_PLUGIN": how})
        tap.check(f"{how}: ends `calc`, and no file is left", code == 3 and words in err and not os.path.exists(path_of("wild.csv")), (code, err))
        path = write("wild.yaml", f"calc: {{expressions: mid, plugins: ['{bad}'], stages: [second]}}\nlimits: {{instruments: 8}}\n")
        code, _, err = tap.run("run", path, capture, "--out", path_of(how), env={"HR_TEST_PLUGIN": how})
        tap.check(f"{how}: ends a run before it commits", code == 3 and words in err, (code, err))
    for args, words in ((("--stage", "despike"), "no plugin has a stage 'despike'"), (("--plugin", example, "--stage", "despik"), "did you mean 'despike'"),
                        (("--plugin", example, "--stage", "despike,,on_move"), "expected names with commas between")):
        code, _, err = tap.run("calc", "mid", capture, *args)
        tap.check(f"{args}: told", code == 2 and words in err, (code, err))
    table_of = write("bars.csv", "time,close\n2024-01-01,1\n2024-01-02,2\n")
    code, _, err = tap.run("calc", "close", table_of, "--plugin", example, "--stage", "despike")
    tap.check("a table's rows go through no stages", code == 2 and "--stage" in err, (code, err))
    for text, words in (("calc: {stages: [x]}", "nothing looks at the rows"), ("calc: {expressions: mid, stages: [x]}", "no plugin has a stage 'x'"),
                        ("calc: {expressions: mid, stages: ['a b']}", "the name of a stage"),
                        (f"calc: {{expressions: mid, plugins: ['{example}'], stages: [{', '.join(['despike'] * 17)}]}}", "one too many")):
        code, _, err = tap.run("run", write("wrong.yaml", text + "\n"), capture, "--out", path_of("wrong"))
        tap.check(f"{text[:60]}: told", code == 2 and words in err, (code, err))


def check_unwritten(capture):
    """What is not written is not worked out, but it has to be right."""
    text = "calc: {expressions: 'a: mean(mid, 1000)'}\nsignals: [{name: above, when: mid > a}]"
    for i, (off, kinds) in enumerate((("{calc: false, signals: false}", ()), ("{signals: false}", ("calc",)), ("{calc: false}", ("signals",)),
                                      ("{}", ("calc", "signals")))):
        got = tap.run_json(write("off.yaml", f"output: {off}\nlimits: {{instruments: 8}}\n{text}\n"), capture, "--out", path_of(f"off{i}"))
        tap.check(f"output {off}: times of signals where there are some", ("signal" in got.get("spans_us", {})) == ("signals" in kinds), got)
        tap.check(f"output {off}: {kinds} are written", all((got.get("written", {}).get(k, 0) > 0) == (k in kinds) for k in ("calc", "signals")), got)
    code, _, err = tap.run("run", write("off.yaml", "output: {calc: false}\ncalc: {expressions: 'emaa(mid, 3)'}\n"), capture, "--out", path_of("offx"))
    tap.check("a wrong expression is told though it is not written", code == 2 and "emaa" in err, (code, err))
    code, _, err = tap.run("run", write("off.yaml", "output: {signals: false}\nsignals: [{name: x, when: mid}]\n"), capture, "--out", path_of("offx"))
    tap.check("and a wrong signal", code == 2 and "signal 'x'" in err, (code, err))


def main():
    capture = path_of("c.ndjson.gz")
    tap.run("gen", "--levels", 120000, "--instruments", 5, "--gaps", 2, "--bad", 3, "--rate", 100000, "--out", capture)
    out, want = check_same("alone", TEXT, capture)
    check_verb(out, TEXT, capture)
    check_signals(out, capture)
    check_kills("alone", TEXT, capture, want)
    out, want = check_same("others", OTHERS, capture)
    check_verb(out, OTHERS, capture)
    check_kills("others", OTHERS, capture, want)
    check_wrong(capture)
    check_plugins(capture)
    check_stages(capture)
    check_unwritten(capture)
    code, text, err = tap.run("verify", out)
    tap.check("verify takes the dataset", code == 0, text + err)
    tap.finish()


main()
