# SPDX-License-Identifier: Apache-2.0
"""xz files; folders, patterns and ranges of days as inputs of run, verify, bars, asof and plans: the same bytes as the files by name,
what is left out is said, a resumed run tells that its inputs are others."""
import glob
import lzma
import os
import shutil
import subprocess

import bombs
import tap


def path(*names):
    return os.path.join(tap.SCRATCH, *names)


def make():
    """Captures of four days out of five, one below a folder, and what is none."""
    for day in (1, 2, 3, 5):
        name = path("cap", f"BTC-2024-01-0{day}.ndjson.gz")
        os.makedirs(os.path.dirname(name), exist_ok=True)
        tap.run("gen", "--levels", 3000, "--instruments", 1, "--seed", day, "--out", name)
    os.makedirs(path("cap", "sub"))
    tap.run("gen", "--levels", 3000, "--instruments", 2, "--seed", 9, "--out", path("cap", "sub", "more.ndjson"))
    os.makedirs(path("cap", ".hidden"))
    shutil.copy(path("cap", "sub", "more.ndjson"), path("cap", ".hidden", "a.ndjson"))
    with open(path("cap", "notes.txt"), "w", encoding="utf-8") as f:
        f.write("not a capture\n")
    os.mkfifo(path("cap", "pipe"))
    os.symlink("..", path("cap", "sub", "up"))
    os.symlink("../BTC-2024-01-01.ndjson.gz", path("cap", "sub", "again.ndjson.gz"))


def files():
    return sorted(glob.glob(path("cap", "*.gz"))) + [path("cap", "sub", "more.ndjson")]


def run(name, *inputs, env=None):
    code, out, err = tap.run("run", *inputs, "--out", path(name), "--lanes", 1, env=env)
    return code, out, err, tap.digest(path(name)) if code == 0 else None


def check_run():
    want = run("by-name", *files())[3]
    code, _, err, got = run("folder", path("cap") + "/")
    tap.check("a folder: the files below it", code == 0 and got == want, err)
    tap.check("a folder: what is left out is named and counted",
              "5 taken, 3 left out, 1 named twice" in err and "notes.txt" in err and "cap/pipe': neither" in err
              and "sub/up': a link to a folder" in err and ".hidden" not in err, err)
    code, _, err, got = run("any-depth", path("cap", "**", "*.ndjson*"))
    tap.check("a pattern of any depth", code == 0 and got == want, err)
    want = run("by-name-4", *files()[:4])[3]
    code, _, err, got = run("pattern", path("cap", "BTC-*.ndjson.gz"))
    tap.check("a pattern", code == 0 and got == want and err == "", err)
    code, _, err, got = run("set", path("cap", "B[A-Z]?-2024-01-0[!4].ndjson.gz"))
    tap.check("a pattern of sets", code == 0 and got == want, err)
    days = path("cap", "BTC-{2024-01-01..2024-01-05}.ndjson.gz")
    code, _, err, _ = run("days", days)
    tap.check("a day that is missing is an error that names it", code == 4 and "BTC-2024-01-04" in err and "is missing" in err, err)
    code, _, err, got = run("days", days, "--skip-missing")
    tap.check("--skip-missing leaves it out and says so", code == 0 and got == want and "1 days missing" in err, err)
    plan = path("plan.yaml")
    with open(plan, "w", encoding="utf-8") as f:
        f.write(f"input: {{paths: ['{days}'], skip_missing: true}}\n")
    code, _, err, got = run("plan", plan)
    tap.check("a plan's list, input.skip_missing", code == 0 and got == want, err)
    code, _, err, got = run("three", path("cap", "BTC-{2024-01-01..2024-01-03}.ndjson.gz"))
    tap.check("days with both ends", code == 0 and got == run("three-named", *files()[:3])[3], err)
    for text, want_code, words in ((path("cap", "*.zst"), 4, "no file matches"), (path("cap", "{2024-01-05..2024-01-01}"), 2, "range of days"),
                                   (path("cap", "{1..5}"), 2, "range of days"), (path("folder"), 2, "is a dataset"),
                                   (path("cap", ".hidden", "*.gz"), 4, "no file matches")):
        code, _, err = tap.run("run", text, "--out", path("none"))
        tap.check(f"{os.path.basename(text)} is refused", code == want_code and words in err, err)


def check_default_out():
    """Without --out: beside the folder, never inside; and the dataset inside is no input."""
    shutil.copytree(path("cap", "sub"), path("own"), ignore=shutil.ignore_patterns("up", "again*"))
    code, out, _ = tap.run("run", path("own") + "/")
    tap.check("the dataset of a folder is FOLDER.headrace", code == 0 and f"dataset: {path('own')}.headrace" in out, out)
    want = tap.digest(path("own") + ".headrace")
    code, _, err = tap.run("run", path("own"), "--out", path("own", "books"))
    again, _, err2 = tap.run("run", path("own"), "--out", path("own", "books2"))
    tap.check("datasets inside the folder are no inputs", code == again == 0 and tap.digest(path("own", "books2")) == want, err + err2)


def check_resume():
    big = path("resume")
    os.makedirs(big)
    for i in (1, 2):
        tap.run("gen", "--levels", 200000, "--instruments", 2, "--seed", i, "--out", os.path.join(big, f"{i}.ndjson"))
    plan = path("commit.yaml")
    with open(plan, "w", encoding="utf-8") as f:
        f.write(f"input: {{paths: ['{big}/*.ndjson']}}\noutput: {{commit_rows: 20000}}\nengine: {{lanes: 1}}\n")
    tap.run("run", plan, "--out", path("whole"))
    p = subprocess.run([tap.EXE, "run", plan, "--out", path("cut")], capture_output=True, text=True, check=False,
                       env=dict(os.environ, HEADRACE_FAULT="call=rename,nth=30,kill=1"))
    tap.check("a run of a pattern is killed", p.returncode < 0 or p.returncode == 137, p.stderr)
    shutil.copy(os.path.join(big, "1.ndjson"), os.path.join(big, "3.ndjson"))
    code, _, err = tap.run("run", plan, "--out", path("cut"), "--resume")
    tap.check("resumed with one file more: said", code == 2 and "2 files then, 3 now" in err, err)
    os.remove(os.path.join(big, "3.ndjson"))
    with open(os.path.join(big, "2.ndjson"), "a", encoding="utf-8") as f:
        f.write("\n")
    code, _, err = tap.run("run", plan, "--out", path("cut"), "--resume")
    tap.check("resumed with a file that grew: said", code == 2 and "of its 2 files some are of another size" in err, err)
    with open(os.path.join(big, "2.ndjson"), "r+", encoding="utf-8") as f:
        f.truncate(os.path.getsize(f.name) - 1)
    code, _, err = tap.run("run", plan, "--out", path("cut"), "--resume")
    tap.check("resumed with the same: the same bytes", code == 0 and tap.digest(path("cut")) == tap.digest(path("whole")), err)


def check_others():
    code, out, err = tap.run("verify", path("cap"))
    by_name = tap.run("verify", *files())
    tap.check("verify a folder", code == by_name[0] and out.splitlines()[-1] == by_name[1].splitlines()[-1] and "5 taken" in err, err)
    code, out, err = tap.run("verify", path("by-name"), path("cap", "BTC-*3.*"))
    tap.check("verify a dataset and a pattern", code == 0 and "commits" in out and "BTC-2024-01-03" in out, out + err)
    for verb in (["bars", "--every", "1h"], ["asof"]):
        code, out, err = tap.run(*verb, path("cap"))
        want = tap.run(*verb, *files())
        tap.check(f"{verb[0]} of a folder", code == want[0] == 0 and out == want[1] and len(out) > 100, err)
        code, out, err = tap.run(*verb, path("cap", "BTC-{2024-01-03..2024-01-05}.ndjson.gz"), "--skip-missing")
        want = tap.run(*verb, files()[2], files()[3])
        tap.check(f"{verb[0]} of days", code == 0 and out == want[1], err)
    hive = path("by-name", "deltas", "venue=*", "symbol=*", "date=*", "*.parquet")
    code, out, err, got = run("hive", hive)
    tap.check("hive paths by a pattern", code == 0 and got == run("hive-named", *sorted(glob.glob(hive)))[3], err)
    code, out, err, got2 = run("hive-folder", path("by-name", "deltas"))
    tap.check("hive paths by their folder", code == 0 and got == got2, err)


def check_xz():
    """Files that Python's lzma makes: several streams, filters, checks, small and large dictionaries, cut and damaged ones."""
    plain = path("cap", "sub", "more.ndjson")
    with open(plain, "rb") as f:
        text = f.read()
    want = run("plain", plain)[3]
    half = text.index(b"\n", len(text) // 2) + 1
    delta = [{"id": lzma.FILTER_DELTA, "dist": 3}, {"id": lzma.FILTER_LZMA2, "preset": 1}]
    for name, data in (("one", lzma.compress(text)), ("best", lzma.compress(text, preset=9 | lzma.PRESET_EXTREME)),
                       ("parted", lzma.compress(text[:half]) + bytes(8) + lzma.compress(text[half:], check=lzma.CHECK_SHA256)),
                       ("in-a-line", lzma.compress(text[:999]) + lzma.compress(text[999:], check=lzma.CHECK_NONE)),
                       ("delta", lzma.compress(text, filters=delta))):
        with open(path(name + ".xz"), "wb") as f:
            f.write(data)
        code, _, err = tap.run("run", path(name + ".xz"), "--out", path("xz-" + name))
        rows = [tap.digest(path(d, k)) for d in ("plain", "xz-" + name) for k in ("deltas", "trades", "books")]
        tap.check(f"xz, {name}: the tables of the plain text", code == 0 and rows[:3] == rows[3:], err)
    tap.check("and want is one", want is not None)
    code, out, _ = tap.run("inspect", path("one.xz"), "--head")
    tap.check("inspect names the container", code == 0 and "xz" in out, out)
    data = lzma.compress(text)
    flipped = data[:len(data) // 2] + bytes([data[len(data) // 2] ^ 4]) + data[len(data) // 2 + 1:]
    for name, bad in (("cut", data[:-40]), ("flipped", flipped), ("tail", data + b"tail"), ("tail2", data + bytes(3) + data)):
        with open(path(name + ".xz"), "wb") as f:
            f.write(bad)
        code, _, err = tap.run("run", path(name + ".xz"), "--out", path("bad"), "--force")
        tap.check(f"xz, {name}: refused by name", code == 3 and f"{name}.xz" in err and "xz stream is damaged" in err, err)
    bombs.write(path("wide.xz"), bombs.xz_wide(text, 34))
    got = tap.Measured("run", path("wide.xz"), "--out", path("bad"), "--force")
    tap.check("xz, a dictionary of 512 MiB: past the limit, by name", got.code == 5 and "dictionary is over" in got.err, got)
    with open(path("late.xz"), "wb") as f:
        f.write(lzma.compress(text[:half]) + lzma.compress(text[half:], filters=[{"id": lzma.FILTER_LZMA2, "dict_size": 1 << 25}]))
    code, _, err = tap.run("run", path("late.xz"), "--out", path("bad"), "--force", "--memory", "64MB")
    tap.check("xz, a later stream with a larger dictionary in little memory", code == 5 and "engine.memory" in err, err)
    code, _, err = tap.run("run", path("late.xz"), "--out", path("late"))
    tap.check("xz, the same in more", code == 0, err)


def main():
    make()
    check_xz()
    check_run()
    check_default_out()
    check_resume()
    check_others()
    tap.finish()


main()
