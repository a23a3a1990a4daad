# SPDX-License-Identifier: Apache-2.0
"""verify --report: the figures are the generator's, the bytes the same for any lanes, and each kind of file is well formed."""
import gzip
import html.parser
import json
import os

import tap

KINDS = ("json", "md", "html")
HOUR = 3600 * 10**9


def path(name):
    return os.path.join(tap.SCRATCH, name)


def read(name):
    with open(path(name), encoding="utf-8") as f:
        return f.read()


def report(capture, name, *options):
    """(exit code, text of the report or None)"""
    code, _, _ = tap.run("verify", capture, "--report", path(name), *options)
    return code, read(name) if os.path.exists(path(name)) else None


def generate(name, *options):
    code, _, err = tap.run("gen", "--levels", 40000, "--instruments", 3, "--out", path(name), "--truth", path(name + ".truth"), *options)
    tap.check(f"gen {name}", code == 0, err)
    return json.loads(read(name + ".truth"))


def check_truth(want):
    code, text = report(path("c.ndjson"), "r.json")
    got = json.loads(text)
    total, expect = got["total"], want["expect"]
    tap.check("faults give exit 1", code == 1 and got["complete"])
    for key in ("gaps", "duplicates", "stale", "ticker_checks"):
        tap.check(f"{key} are {expect[key]}", total[key] == expect[key], total)
    tap.check("every ticker check is equal", total["ticker_checks_equal"] == total["ticker_checks"], total)
    tap.check("rejects by source and reason", sum(got["sources"][0]["rejects"].values()) == want["bad"] == got["rejected"], got["sources"])
    kinds = total["messages"]
    tap.check("messages by kind", [kinds[k] for k in ("delta", "snapshot", "trade", "ticker")]
              == [want[k] for k in ("messages", "snapshots", "trades", "tickers")], kinds)
    tap.check("levels", total["levels"] == want["levels"] + want["snapshot_levels"], total)
    names = [i["symbol"] for i in got["instruments"]]
    tap.check("every instrument, in order of name", names == sorted(want["instruments"]), names)
    for key in ("gaps", "duplicates", "stale", "levels", "trades", "time_falls", "crossed", "locked"):
        tap.check(f"{key}: hours add up to instruments, these to all",
                  all(sum(h[key] for h in i["hours"]) == i["total"][key] for i in got["instruments"])
                  and sum(i["total"][key] for i in got["instruments"]) == total[key], total)
    by_symbol = {i["symbol"]: i["total"] for i in got["instruments"]}
    for symbol, n in want["instruments"].items():
        lost = sum(g["symbol"] == symbol for g in want["gap_list"] + want["disorder_list"])
        tap.check(f"{symbol}: its gaps and trades", (by_symbol[symbol]["gaps"], by_symbol[symbol]["trades"]) == (lost, n["trades"]))
    skew = total["skew_ns"]
    tap.check("skew is in order", 0 < skew["min"] <= skew["p50"] <= skew["p99"] <= skew["max"] and skew["min"] <= skew["mean"] <= skew["max"], skew)
    tap.check("the summary tells of it", f"{expect['gaps']} gaps: messages are missing." in got["summary"], got["summary"])


def check_lanes():
    for kind in KINDS:
        texts = [report(path("c.ndjson"), f"lanes{n}.{kind}", "--lanes", n)[1] for n in (1, 2, 4)]
        tap.check(f"{kind}: the same bytes for 1, 2, 4 lanes", texts[0] and texts[0] == texts[1] == texts[2])


def shift(line, ns):
    stamp, rest = line.split(" ", 1)
    return f"{int(stamp) + ns} {rest}"


def check_hours():
    """The second half is received three hours later."""
    generate("whole.ndjson")
    lines = read("whole.ndjson").splitlines(keepends=True)
    half = len(lines) // 2
    with open(path("late.ndjson"), "w", encoding="utf-8") as f:
        f.writelines(lines[:half] + [shift(line, 3 * HOUR) for line in lines[half:]])
    code, text = report(path("late.ndjson"), "late.json")
    got = json.loads(text)
    tap.check("silences alone are no finding", code == 0 and got["hours"] == 4, got["summary"])
    for i in got["instruments"]:
        tap.check(f"{i['symbol']}: two hours, and a hole of two",
                  [h["hour"][-3:] for h in i["hours"]] == ["00Z", "03Z"] and [h["hours"] for h in i["empty_hours"]] == [2], i["empty_hours"])
        silence = i["hours"][0]["silence"]
        tap.check(f"{i['symbol']}: one silence, of three hours", silence["over_60s"] == 1 == i["total"]["silence"]["over_60s"]
                  and 0 <= silence["longest_ns"] - 3 * HOUR < 10**9, silence)
        tap.check(f"{i['symbol']}: skew by hour", i["hours"][1]["skew_ns"]["p50"] - i["hours"][0]["skew_ns"]["p50"] > 2.8 * HOUR)
    tap.check("it is said", "3 silences are longer than 60 s." in got["summary"] and "6 hours of instruments are without any message." in got["summary"], got["summary"])


def check_outliers():
    """One trade at twice its price is far from the mid and from the last trade, and the next from it."""
    lines = read("whole.ndjson").splitlines(keepends=True)
    at = [i for i, line in enumerate(lines) if '"e":"trade"' in line and '"s":"BTCUSDT"' in line]
    i = at[len(at) // 2]
    price = json.loads(lines[i].split(" ", 1)[1])
    price = price.get("data", price)["p"]
    lines[i] = lines[i].replace(f'"p":"{price}"', f'"p":"{2 * float(price):.2f}"')
    with open(path("far.ndjson"), "w", encoding="utf-8") as f:
        f.writelines(lines)
    got = json.loads(report(path("far.ndjson"), "far.json")[1])
    tap.check("an outlier and the return from it", got["total"]["outliers"] == {"from_mid": 1, "from_last": 2}, got["total"]["outliers"])
    clean = json.loads(report(path("whole.ndjson"), "whole.json")[1])
    tap.check("none where there is none, and nothing is wrong", clean["total"]["outliers"] == {"from_mid": 0, "from_last": 0} and clean["summary"] == [], clean["summary"])


def check_markdown(want):
    tables, rows = [], []
    for line in read("lanes1.md").splitlines() + [""]:
        if line.startswith("|"):
            rows.append(line.count("|"))
        elif rows:
            tables.append(rows)
            rows = []
    tap.check("markdown: rows of a table have one width", len(tables) == 4 and all(len(set(t)) == 1 for t in tables), tables)
    text = read("lanes1.md")
    tap.check("markdown: every instrument, with its hour", all(f"| binance {s} | 2024-08-09T00Z |" in text for s in want["instruments"]), text[:2000])


class Page(html.parser.HTMLParser):
    VOID = {"meta", "br", "hr", "link"}

    def __init__(self):
        super().__init__()
        self.open, self.wrong, self.tags, self.text = [], [], [], ""

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.tags.append(tag)

    def handle_endtag(self, tag):
        if not self.open or self.open.pop() != tag:
            self.wrong.append(tag)

    def handle_data(self, data):
        self.text += data


def check_html(want):
    text = read("lanes1.html")
    page = Page()
    page.feed(text)
    page.close()
    tap.check("html: every tag is closed in its turn", not page.wrong and not page.open, [page.wrong, page.open])
    tap.check("html: no script, no reference outside", "script" not in page.tags and "http" not in text and "link" not in page.tags and "url(" not in text)
    tap.check("html: every instrument", all(s in page.text for s in want["instruments"]))
    tap.check("html: a picture has a table beside it", page.tags.count("svg") >= 4 and page.tags.count("table") >= page.tags.count("svg"), page.tags.count("svg"))
    first = page.text.split("Data quality", 2)[2]  # the title, the heading
    tap.check("html: it begins with what is wrong", f"{want['expect']['gaps']} gaps: messages are missing." in first[:600], first[:600])
    tap.check("html: dark and light", "prefers-color-scheme" in text and 'name="viewport"' in text)


def check_escapes():
    os.makedirs(path("a<b>&\"q"), exist_ok=True)
    capture = os.path.join(path("a<b>&\"q"), "c|d.ndjson")
    with open(capture, "w", encoding="utf-8") as f:
        f.write(read("whole.ndjson"))
    texts = {kind: report(capture, f"escaped.{kind}")[1] for kind in KINDS}
    tap.check("json: a path with marks", json.loads(texts["json"])["sources"][0]["path"] == capture)
    tap.check("markdown, html: no tag of a path", all("<b>" not in texts[k] for k in ("md", "html")) and "c|d" not in texts["md"])


def check_damaged():
    with open(path("cut.ndjson.gz"), "wb") as f:
        data = gzip.compress(read("whole.ndjson").encode())
        f.write(data[:len(data) // 2])
    for kind in KINDS:
        code, text = report(path("cut.ndjson.gz"), f"cut.{kind}")
        tap.check(f"{kind}: damage is told first", code == 1 and text and "The input is damaged and was not read to its end." in text)
    got = json.loads(read("cut.json"))
    tap.check("json: and where it lies", not got["complete"] and "cut.ndjson.gz" in got["damage"], got["damage"])


def check_refused():
    capture = path("whole.ndjson")
    for name in ("r.txt", "r", ".json", "json", "r.json.gz", "r.HTML"):
        code, _, err = tap.run("verify", capture, "--report", path(name))
        tap.check(f"'{name}' is refused", code == 2 and ".json, .md or .html" in err and not os.path.exists(path(name)), [code, err])
    code, _, err = tap.run("verify", capture, "--report", path("absent/r.json"))
    tap.check("a folder that is not there", code == 4 and "absent" in err, [code, err])
    tap.run("run", capture, "--out", path("dataset"))
    code, _, err = tap.run("verify", path("dataset"), "--report", path("n.json"))
    tap.check("a dataset has none", code == 2 and not os.path.exists(path("n.json")), [code, err])
    os.rename(capture, path("whole.json"))
    code, _, err = tap.run("verify", path("whole.json"), "--report", path("whole.json"))
    tap.check("not over an input", code == 2 and "is an input" in err, [code, err])
    tap.check("nothing is left behind", not [n for n in os.listdir(tap.SCRATCH) if n.endswith(".tmp")])
    code, _, err = tap.run("verify", path("c.ndjson"), "--report", path("full.json"), env={"HEADRACE_FAULT": "call=rename,nth=1,errno=EIO"})
    if code != 1:
        tap.check("whole or not at all", code == 4 and not os.path.exists(path("full.json")), [code, err])


def main():
    want = generate("c.ndjson", "--gaps", 3, "--duplicates", 4, "--disorder", 2, "--bad", 5)
    check_truth(want)
    check_lanes()
    check_hours()
    check_outliers()
    check_markdown(want)
    check_html(want)
    check_escapes()
    check_damaged()
    check_refused()
    tap.finish()


main()
