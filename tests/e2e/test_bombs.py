# SPDX-License-Identifier: Apache-2.0
"""Small inputs that ask for much: each is refused by name within two seconds, or streamed at full speed; the cap holds."""
import glob
import json
import os
import shutil

import bombs
import tap

SLOW = tap.is_slow()
GIB = (1 << 30) // (16 if SLOW else 1)
FULL = 10 * GIB if os.environ.get("HR_TEST_FULL") else GIB // 2  # a gzip of 10 MB holds 10 GB; one of 500 KB is past the cap too
CAP = 512_000_000
SMALL = 64_000_000
REFUSED = 20 if SLOW else 2  # seconds
DEEP = 10 ** 6


def path(name):
    return os.path.join(tap.SCRATCH, name)


def apart(make, *args):
    """Makes files in a process of its own: this one stays small."""
    pid = os.fork()
    if pid == 0:
        make(*args)
        os._exit(0)
    tap.check(f"{make.__name__} made its files", os.waitpid(pid, 0)[1] == 0)


def fits(name, got, cap):
    tap.check(f"{name}: at most {cap // 1000000} MB", SLOW or got.peak <= cap, got)


def verbs(name):
    """The program over one file, by each verb that takes any: (what, result, cap)."""
    plan = path("small.yaml")
    with open(plan, "w", encoding="utf-8") as f:
        f.write("limits: {instruments: 50}\n")
    for memory in (CAP,) if SLOW else (SMALL, CAP):  # redzones take memory too
        out = path("out")
        yield f"run in {memory // 1000000} MB", tap.Measured("run", plan, path(name), "--out", out, "--force", "--json",
                                                             "--memory", memory), memory
        shutil.rmtree(out, ignore_errors=True)
    yield "inspect", tap.Measured("inspect", path(name), "--json"), CAP
    yield "verify", tap.Measured("verify", path(name), "--json"), CAP
    yield "convert", tap.Measured("convert", path(name), path("converted.csv"), "--to", "tardis", "--lossy", "--force"), CAP


def refused(name, words, codes=(3, 5)):
    """By every verb: one of codes, quickly, naming the file and why. A cap too small for it may say so instead."""
    for what, got, cap in verbs(name):
        said = got.err + (got.out if what == "verify" else "")
        ok = got.code in (*codes, *([1] if what == "verify" else []))
        tap.check(f"{name}: {what}: refused by name", ok and name in said and any(w in said for w in words), got)
        tap.check(f"{name}: {what}: within {REFUSED} s", got.seconds < REFUSED, got)
        fits(f"{name}: {what}", got, cap)


def streamed(name, n_bytes, floor=50e6, only=None, **counts):
    """Read to its end, no slower than floor bytes of text a second, with these counts in the summary of a run."""
    for what, got, cap in verbs(name):
        if only and not what.startswith(only):
            continue
        tap.check(f"{name}: {what}: read", got.code in ((0, 1) if what == "verify" else (0,)), got)
        tap.check(f"{name}: {what}: at full speed", got.seconds < REFUSED + n_bytes / (floor / (20 if SLOW else 1)), got)
        fits(f"{name}: {what}", got, cap)
        if what.startswith("run") and got.code == 0:
            have = json.loads(got.out)
            wrong = {k: have.get(k) for k, v in counts.items() if have.get(k) != v}
            tap.check(f"{name}: {what}: {counts}", not wrong, wrong)


def check_streams():
    """What a few megabytes unpack to."""
    n = FULL
    bombs.gzip_bomb(path("zeros.gz"), "", "\0", n)
    refused("zeros.gz", ["format"])
    bombs.gzip_bomb(path("line.gz"), bombs.GOOD, "x", n)
    streamed("line.gz", n, levels=1, rejected={"line_too_long": 1})
    bombs.gzip_bomb(path("row.csv.gz"), bombs.TARDIS + bombs.ROW, "1,", n)
    streamed("row.csv.gz", n, levels=1, rejected={"line_too_long": 1})
    bombs.gzip_bomb(path("blank.gz"), bombs.GOOD, "\n", GIB // 16)
    streamed("blank.gz", GIB // 16, 10e6, levels=1, lines=1 + GIB // 16)
    bombs.gzip_bomb(path("message.csv.gz"), bombs.TARDIS, bombs.ROW, GIB // 16)  # one message without an end
    streamed("message.csv.gz", GIB // 16, 10e6, only="run")
    bombs.write(path("wide.zst"), bombs.zstd_frame(31, bombs.GOOD.encode(), 1000))
    refused("wide.zst", ["window", "engine.memory"])
    bombs.write(path("runs.zst"), bombs.zstd_frame(20, (bombs.GOOD + "x").encode(), n >> 17))
    streamed("runs.zst", n, levels=1, rejected={"line_too_long": 1})
    bombs.write(path("cut.zst"), bombs.zstd_frame(20, (bombs.GOOD + "x").encode(), 64)[:-3])
    refused("cut.zst", ["cut short"])
    apart(bombs.xz_bomb, path("line.xz"), bombs.GOOD, "x", n)
    streamed("line.xz", n, levels=1, rejected={"line_too_long": 1})
    apart(lambda: bombs.write(path("wide.xz"), bombs.xz_wide(bombs.GOOD.encode(), 38)))
    refused("wide.xz", ["dictionary", "engine.memory"])


def check_tables():
    rows = (1 << 23) // (16 if SLOW else 1)
    bombs.nested_footer(path("structs.parquet"), 10 ** 5)
    bombs.nested_lists(path("lists.parquet"), 10 ** 5)
    for name in ("structs.parquet", "lists.parquet"):
        refused(name, ["nest", "deep", "footer", "metadata"])
    bombs.runs_file(path("values.parquet"), 1000, 2 ** 31 - 1)
    refused("values.parquet", ["2147483647 values"])
    bombs.runs_file(path("short.parquet"), 1000, groups=3, run=10)
    refused("short.parquet", ["offset"])
    bombs.expanding_page(path("claim.parquet"), 2 ** 31 - 1, 40)
    refused("claim.parquet", ["2147483647 bytes"])
    bombs.expanding_page(path("large.parquet"), 64 << 20, 512)
    refused("large.parquet", ["engine.memory", "offset"])
    bombs.expanding_page(path("lie.parquet"), 1 << 20, 320)  # 42 MB out of 1.3 KB a column, where one was said
    refused("lie.parquet", ["announced", "engine.memory"])
    bombs.runs_file(path("runs.parquet"), rows)  # 400 bytes that hold 8 million rows
    streamed("runs.parquet", rows, 1e6, lines=rows)
    bombs.runs_file(path("groups.parquet"), rows // 2000, groups=2000)
    streamed("groups.parquet", rows, 1e6, lines=rows // 2000 * 2000)


def hostile_lines():
    """Text and the reasons its reject may have."""
    nine = "9" * DEEP
    head = bombs.HEAD + '"U":3,"u":4,'
    yield "[" * DEEP, "unknown_message"
    yield head + '"b":[' + "[" * DEEP + "]" * DEEP + '],"a":[]}}', "field_type|bad_json"
    yield '{"a":' * DEEP + "1" + "}" * DEEP, "line_too_long"
    yield '{"a":' * (DEEP // 8) + "1" + "}" * (DEEP // 8), "bad_json|unknown_message|field_type"
    yield head + '"x":' + "[" * DEEP + "]" * DEEP + "}}", "bad_json"
    for number in (nine, "0." + nine, "1e" + nine, "0." + "0" * DEEP + "1"):
        yield head + f'"b":[["{number}","2"]],"a":[]}}}}', "out_of_range|bad_number"
    yield bombs.HEAD + f'"U":{nine},"u":4,"b":[],"a":[]}}}}', "out_of_range|field_type"
    yield bombs.HEAD.replace("BTCUSDT", "A" * DEEP) + '"U":3,"u":4,"b":[],"a":[]}}', "bad_symbol"
    yield head + '"b":[' + ",".join(f'["{i}","1"]' for i in range(1, 100000)) + '],"a":[]}}', "too_many_levels"
    yield "\\" * DEEP, "bad_json|unknown_message"
    yield '"' * DEEP, "bad_json|unknown_message"


def write_text():
    bombs.write(path("deep.ndjson"), bombs.GOOD, *(line + "\n" for line, _ in hostile_lines()))
    with open(path("reasons.json"), "w", encoding="utf-8") as f:
        json.dump([reasons for _, reasons in hostile_lines()], f)
    bombs.write(path("only.ndjson"), "[" * DEEP)
    bombs.write(path("fields.csv"), bombs.TARDIS, bombs.ROW, "x," * DEEP, "\n", bombs.ROW,
                bombs.ROW[:-2].replace("1723161600", "1723161601"), "9" * DEEP, "\n")
    bombs.write(path("header.csv"), bombs.TARDIS[:-1], ",x" * DEEP, "\n", bombs.ROW)
    with open(path("symbols.ndjson"), "w", encoding="utf-8") as f:
        f.writelines(bombs.GOOD.replace("BTCUSDT", f"S{i}") for i in range(50000))


def check_text():
    apart(write_text)
    with open(path("reasons.json"), encoding="utf-8") as f:
        reasons = json.load(f)
    got = tap.Measured("run", path("deep.ndjson"), "--out", path("deep"), "--force", "--json")
    tap.check("deep.ndjson: one level", got.code == 0 and json.loads(got.out)["levels"] == 1, got)
    tap.check("deep.ndjson: quick", got.seconds < REFUSED, got)
    fits("deep.ndjson", got, CAP)
    found = []
    if got.code == 0:
        with open(path("deep/rejects.ndjson"), encoding="utf-8") as f:
            found = [json.loads(line[:200].split(',"raw', 1)[0] + "}")["reason"] for line in f]
    for number, (want, reason) in enumerate(zip(reasons, found), 2):
        tap.check(f"deep.ndjson: line {number} is {want}", reason in want.split("|"), reason)
    tap.check("deep.ndjson: a reject a line", len(found) == len(reasons), found)
    refused("only.ndjson", ["venue", "format"])
    streamed("fields.csv", 0, only="run")
    refused("header.csv", ["format"])
    for what, got, cap in verbs("symbols.ndjson"):
        want = 0 if what == "convert" else 5
        tap.check(f"50,000 instruments: {what}", got.code == want and (want == 0 or "limits.instruments" in got.err), got)
        fits(f"50,000 instruments: {what}", got, cap)


def write_plans():
    deep = 10 ** 5
    plans = {"aliases": "a: &a [x,x,x,x]\n" + "".join(f"{y}: &{y} [{','.join(['*' + x] * 9)}]\n" for x, y in zip("abcdefgh", "bcdefghi")),
             "anchors": "input: &a\n  paths: [" + "*a, " * 1000 + "]\n", "merge": "engine: &a {<<: *a}\n", "sequences": "input: {paths: " + "[" * deep,
             "mappings": "engine: " + "{memory: " * deep, "blocks": "input:\n  paths:\n" + "".join(" " * i + "-\n" for i in range(3, 1000)),
             "value": "engine: {memory: " + "9" * deep + "GB}\n", "unit": "engine: {deadline: 1" + "d" * deep + "}\n",
             "tag": "!" + "x" * deep + " a: b\n", "key": "? " + "k" * deep + "\n: 1\n", "text": "output: {path: \"" + "x" * deep + "\"}\n",
             "documents": "---\n" * deep, "list": "input: {paths: [" + "x, " * deep + "]}\n", "symbols": "input: {symbols: [" + "x, " * deep + "]}\n",
             "noise": "\0\1\2\xff" * deep, "directive": "%YAML 9" + "9" * deep + "\n---\n"}
    for name, text in plans.items():
        bombs.write(path(name + ".yaml"), text)
    bombs.repeat(path("comments.yaml"), "engine: {memory: 1GB}\n", "# a comment of no use\n", 16 << 20, "output: {no_such: 1}\n")
    with open(path("plans.json"), "w", encoding="utf-8") as f:
        json.dump([*plans, "comments"], f)


def check_plans():
    apart(write_plans)
    with open(path("plans.json"), encoding="utf-8") as f:
        names = json.load(f)
    for name in names:
        got = tap.Measured("run", path(name + ".yaml"))
        ok = got.code == 2 and (f"{name}.yaml" in got.err or name == "documents" and "no input" in got.err) and len(got.err) < 1000
        tap.check(f"plan of {name}: bad use, in a few words", ok, got)
        tap.check(f"plan of {name}: quick", got.seconds < REFUSED, got)
        fits(f"plan of {name}", got, SMALL)


def check_hostile():
    """Files of others, made to break readers: read or refused in the time and the memory of the bombs."""
    data = tap.data_dir()
    if data is None:
        print("# no real data (HR_DATA_DIR): hostile files of others are left out")
        return
    patterns = ("parquet-testing/bad_data/*", "parquet-testing/data/**/*", "arrow-testing/parquet/**/*", "arrow-testing/csv/**/*")
    files = [f for p in patterns for f in sorted(glob.glob(os.path.join(data, p), recursive=True))
             if os.path.isfile(f) and not f.endswith((".yaml", ".yml"))]
    for verb in (["inspect"], ["verify"], ["run", "--memory", SMALL, "--out", path("out"), "--force"]):
        worst, bad = None, []
        for f in files[::5 if SLOW else 1]:
            got = tap.Measured(*verb, f)
            cap = SMALL if "--memory" in verb else CAP
            if got.code not in (0, 1, 3, 4, 5) or got.seconds > REFUSED or (got.peak > cap and not SLOW) or got.code > 2 and not got.err:
                bad.append(f"{f}: {got}")
            worst = max(worst or got, got, key=lambda g: g.seconds)
        tap.check(f"{len(files)} hostile files: {verb[0]}: in time, within the cap", not bad, "\n".join(bad))
        print(f"# slowest: {worst}"[:200])


def main():
    check_plans()
    check_text()
    check_tables()
    check_streams()
    check_hostile()
    tap.finish()


main()
