#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""docs/FUNCTIONS.md: every function of expressions, as the program lists them (`headrace calc --list --json`).
op_docs.py [HEADRACE] renews the page; --check says whether it is as it should be (exit 1: no)."""
import json
import os
import subprocess
import sys

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..")
PAGE = os.path.join(ROOT, "docs/FUNCTIONS.md")
HEAD = """# Functions of expressions

{n} functions, rendered from the operators by [tools/op_docs.py](../tools/op_docs.py); `headrace calc --list NAME` shows one. What the language has in itself (`+ - * / % ^`, comparisons,
`and or not`, `where(c, a, b)`, `is_null`, `abs`, `exp`, `log`, `sqrt`, `raw`, `of`): [expr](modules/expr.md). How they work and what they cost: [window](modules/window.md),
[ta](modules/ta.md), [market](modules/market.md).

**Nulls.** A row with a null among its inputs gives null and leaves what is kept as it was, unless the text says otherwise. What is not a finite number is null, and so is what is not valid yet: never 0.
**First**: rows with values before the first one that is not null, with the defaults, and 10, 20, ... for arguments without one; of windows of time it is 0. **Start**: how the first values come about.
Inputs written `name: column` are that column where none is given. An argument without `=` must be given; a *window* is a number of rows or a duration, as are its bounds of rows.
`late`, of windows of time: a row that is no more than that older than the newest time counts at its own time, one that is older not at all; 0s: every late row counts as of the newest time.

"""
GROUPS = {"window": "Windows and what is carried on", "ta": "Technical analysis", "math": "Functions of one row", "book": "Order book",
          "trade": "Trades"}
KINDS = {"int": "whole number", "real": "number", "time": "duration", "window": "window, rows"}
# what Tulip Indicators has under a name that is the language's, or a window's
ELSEWHERE = {"abs": "abs(x)", "exp": "exp(x)", "ln": "log(x)", "sqrt": "sqrt(x)", "lag": "lag(x, n)", "max": "max(x, n)", "min": "min(x, n)",
             "sum": "sum(x, n)", "var": "var(x, n)"}
TULIP = "Tulip Indicators 0.9: "
ALSO = {"sma": "mean(x, n)", "stddev": "std(x, n)", "mom": "diff(x, n)", "roc": "pct(x, n)", "add": "a + b", "sub": "a - b", "mul": "a * b",
        "div": "a / b"}


def number(v, kind=""):
    if kind == "time":
        if v == 0:
            return "0s"
        for unit, ns in (("d", 86400e9), ("s", 1e9), ("ms", 1e6), ("us", 1e3)):
            if v >= ns:
                return f"{v / ns:g}{unit}"
        return f"{v:g}ns"
    return f"{int(v):,}" if v == int(v) and abs(v) < 1e15 else f"{v:g}"


def signature(op):
    columns = [i for i in op["inputs"] if "column" in i]
    args = [a["name"] + ("" if a["default"] is None else " = " + number(a["default"], a["kind"]).replace(",", "")) for a in op["arguments"]]
    ins = [i["name"] for i in op["inputs"] if "column" not in i]
    named = [f"{i['name']}: {i['column']}" for i in columns]
    return f"{op['name']}({', '.join(ins + args + named)})"


def outputs(op):
    names = [o["name"] for o in op["outputs"]]
    units = [o["unit"] for o in op["outputs"]]
    if len(names) == 1:
        return f"Unit: {units[0]}"
    if len(set(units)) == 1:
        return "Outputs " + ", ".join(f"`.{n}`" for n in names) + f", unit: {units[0]}"
    return "Outputs " + ", ".join(f"`.{n}` ({u})" for n, u in zip(names, units))


def block(op):
    what = f"**`{signature(op)}`** {op['what'].rstrip('.')}.  \n"
    facts = [outputs(op)]
    facts += [f"{a['name']}: {KINDS[a['kind']]}, {number(a['least'], a['kind'])} to {number(a['most'], a['kind'])}" for a in op["arguments"]]
    if op["reads_levels"]:
        facts.append("Reads levels of the book")
    facts.append(f"First: {op['warm_up']}")
    if op["seed"]:
        facts.append(f"Start: {op['seed'].rstrip('.')}")
    if op["source"] and not op["source"].startswith(TULIP):
        facts.append(f"Source: {op['source']}")
    return what + ". ".join(facts) + ".\n"


def tulip(ops):
    """Every name of Tulip's and what gives its values."""
    own = {op["source"][len(TULIP):]: signature(op) for op in ops if op["source"].startswith(TULIP)}
    names = sorted({**own, **ELSEWHERE})
    assert len(names) == 104 and not set(own) & set(ELSEWHERE), len(names)
    lines = ["## Names of Tulip Indicators", "",
             "Each of its 104 functions is an expression with its values (`e2e-indicators`, [ta](modules/ta.md)). A name means one thing here, so nine are something else's.", "",
             "| Tulip | expression | the same |", "| --- | --- | --- |"]
    return lines + [f"| `{n}` | `{own.get(n) or ELSEWHERE[n]}` | {'`' + ALSO[n] + '`' if n in ALSO else ''} |" for n in names] + [""]


def page(program):
    ops = json.loads(subprocess.run([program, "calc", "--list", "--json"], stdout=subprocess.PIPE, check=True, text=True).stdout)
    groups = list(GROUPS) + sorted({op["group"] for op in ops} - set(GROUPS))
    out = [HEAD.format(n=len(ops))]
    for group in groups:
        mine = [op for op in ops if op["group"] == group]
        if not mine:
            continue
        out.append(f"## {GROUPS.get(group, group.capitalize())}\n\n")
        if all(op["source"].startswith(TULIP) for op in mine):
            out.append("Source of each: the function of that name in Tulip Indicators 0.9.\n\n")
        out += [block(op) + "\n" for op in mine]
    return "".join(out) + "\n".join(tulip(ops))


def main():
    args = [a for a in sys.argv[1:] if a != "--check"]
    made = page(args[0] if args else os.path.join(ROOT, "build/src/app/headrace"))
    if "--check" in sys.argv:
        with open(PAGE, encoding="utf-8") as f:
            sys.exit(0 if f.read() == made else "docs/FUNCTIONS.md is not as tools/op_docs.py makes it")
    with open(PAGE, "w", encoding="utf-8") as f:
        f.write(made)


if __name__ == "__main__":
    main()
