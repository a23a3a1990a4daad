#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The table of DBN records in docs/modules/dbn.md, made of src/venue/files/dbn_fields.c. dbn_docs.py renews it; --check says whether it
is as it should be (exit 1: no)."""
import os
import re
import sys

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..")
PAGE = os.path.join(ROOT, "docs/modules/dbn.md")
KIND = {"U8": "u8", "I8": "i8", "U16": "u16", "I16": "i16", "U32": "u32", "I32": "i32", "U64": "u64", "PRICE": "price", "TIME": "time",
        "QTY32": "quantity, i32", "QTY64": "quantity, i64", "CHAR": "letter"}


def expand(body, macros):
    """Entries of an array: what macros stand for, written out, offsets summed up; without HEAD, which all have."""
    for kind, args in re.findall(r"\b([A-Z0-9_]+)(?:\(([^)]*)\))?", body):
        args = [str(sum(map(int, x.split("+")))) if re.fullmatch(r"[0-9 ]+(\+[0-9 ]+)+", x) else x.strip() for x in args.split(",")]
        if kind in KIND or kind == "TEXT" or kind.endswith("PAIR"):
            yield kind, args
        elif kind != "HEAD":
            names, inner = macros[kind]
            for name, value in zip(names, args):
                inner = re.sub(rf"(?<=[ (,]){name}(?=[ ,)])", value, inner)
            yield from expand(inner, macros)


def fields(body, macros):
    out = []
    for kind, (name, at, *width) in expand(body, macros):
        if kind.endswith("PAIR"):
            last = "pb" if kind.startswith("CONS") else "ct"
            out.append((int(at), f"bid and ask _px, _sz, _{last} {name} {at}"))
        elif kind == "TEXT":
            out.append((int(at), f"{name} {at} (text of {width[0]})"))
        else:
            out.append((int(at), f"{name} {at} ({KIND[kind]})"))
    return [text for _, text in sorted(out)]


def table():
    with open(os.path.join(ROOT, "src/venue/files/dbn_fields.c"), encoding="utf-8") as f:
        text = f.read()
    arrays = dict(re.findall(r"hr_dbn_field (\w+)\[\] = \{(.*?)\};", text, re.S))
    defines = re.findall(r"#define ([A-Z]+)(?:\(([^)]*)\))?((?:.*\\\n)*.*)\n", text)
    macros = {name: ([x.strip() for x in names.split(",")], body.replace("\\\n", " ")) for name, names, body in defines}
    rows = ["| record | bytes | versions | fields, each with its offset |", "| --- | --- | --- | --- |"]
    for name, array, size, first, last in re.findall(
            r'LAYOUT\(HR_DBN_\w+, "([\w-]+)",\s*(\w+),\s*(\d+),\s*\d+,\s*(\d),\s*(\d)\)', text):
        rows.append(f"| {name} | {size} | {first if first == last else first + ' to ' + last} | {', '.join(fields(arrays[array], macros))} |")
    if len(rows) != 2 + len(arrays):
        sys.exit("dbn_fields.c: not every layout was found")
    return "\n".join(rows)


def main():
    with open(PAGE, encoding="utf-8") as f:
        old = f.read()
    new = re.sub(r"(<!-- dbn:fields -->).*?(\n<!-- /dbn -->)", lambda m: m[1] + "\n" + table() + m[2], old, flags=re.S)
    if "--check" in sys.argv:
        sys.exit(new != old)
    with open(PAGE, "w", encoding="utf-8") as f:
        f.write(new)


main()
