# SPDX-License-Identifier: Apache-2.0
"""Lines that hold several messages, messages without a time, lines longer than the buffers: a run that is killed
and resumed among them ends byte-equal to one that was not."""
import glob
import json
import os

import kills
import tap

LINES = 8000
T0 = 1723161600000  # 2024-08-09, in ms


def ticker(symbol, u):
    return f'{{"u":{u},"s":"{symbol}","b":"1.5","B":"{u % 90 + 1}","a":"1.75","A":"2"}}'


def line(i):
    if i % 4 == 0:
        return json.dumps({"e": "depthUpdate", "E": T0 + i, "s": "AUSDT", "U": i + 1, "u": i + 4, "b": [["1.5", str(i + 1)]],
                           "a": [["1.75", "2"]]})
    if i % 4 == 1:
        return '{"stream":"!bookTicker@arr","data":[' + ",".join(ticker(s, i) for s in ("AUSDT", "BUSDT", "CUSDT")) + "]}"
    if i % 4 == 2:
        return "[" + ",".join(ticker("BUSDT", i * 10 + k) for k in range(5)) + "]"
    if i == LINES // 2 + 3:
        return "x" * 600000
    return ticker("CUSDT", i) + ticker("AUSDT", i)


def main():
    capture = os.path.join(tap.SCRATCH, "lines.ndjson")
    plan = os.path.join(tap.SCRATCH, "p.yaml")
    whole = os.path.join(tap.SCRATCH, "whole")
    cut = os.path.join(tap.SCRATCH, "cut")
    with open(capture, "w", encoding="utf-8") as f:
        f.write("".join(line(i) + "\n" for i in range(LINES)))
    with open(plan, "w", encoding="utf-8") as f:
        f.write("output: {commit_rows: 1000}\nlimits: {line: 1KiB}\n")
    got = tap.run_json(plan, capture, "--out", whole)
    want = dict(lines=LINES, messages=LINES // 4, tickers=LINES // 4 * 8 + (LINES // 4 - 1) * 2, rejected={"line_too_long": 1})
    tap.check("every message of every line", all(got.get(k) == v for k, v in want.items()), f"{want} {got}")
    dates = {os.path.basename(p) for p in glob.glob(os.path.join(whole, "tickers", "**", "date=*"), recursive=True)}
    tap.check("messages without a time have that of those before them", dates == {"date=2024-08-09"}, dates)
    n, wrong = kills.once_each([plan, capture], cut, tap.digest(whole), range(2, 200, 25))
    tap.check(f"{n} kills, every run ends equal", not wrong and n > 4, wrong)
    tap.finish()


main()
