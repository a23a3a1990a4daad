# SPDX-License-Identifier: Apache-2.0
"""DBN to a table of records and back: the very bytes; what is lost is said and refused; headers that are made of rows, read
by the official client where it is installed."""
import glob
import json
import os
import struct
import subprocess

import parquet
import tap

NONE = 2**63 - 1
START = 1715126400 * 10**9


def header(version=3, schema=0, symbols=("ESM4",), mappings=(("ESM4", 20240508, 20240509, "5602"),), dataset=b"GLBX.MDP3", ts_out=0, more=b""):
    width = 22 if version == 1 else 71
    text = lambda s: s.encode().ljust(width, b"\0")
    m = dataset.ljust(16, b"\0") + struct.pack("<HQQQ", schema, 1, 2**64 - 1, 7)
    m += (struct.pack("<Q", 5) if version == 1 else b"") + struct.pack("<BBB", 1, 0, ts_out)
    m += b"" if version == 1 else struct.pack("<H", width)
    m = m.ljust(100, b"\x55") + struct.pack("<II", 0, len(symbols)) + b"".join(map(text, symbols)) + struct.pack("<II", 0, 0)
    m += struct.pack("<I", len(mappings))
    m += b"".join(text(raw) + struct.pack("<III", 1, start, end) + text(ident) for raw, start, end, ident in mappings) + more
    return b"DBN" + bytes([version]) + struct.pack("<I", len(m)) + m


def mbo(i, more=b"", **k):
    v = dict(length=14 + len(more) // 4, rtype=160, publisher_id=1, instrument_id=5602, ts_event=START + i, order_id=i, price=i * 10**9,
             size=i, flags=128, channel_id=3, action=b"A", side=b"B", ts_recv=START + i, ts_in_delta=-i, sequence=i)
    return struct.pack("<BBHIQQqIBBssQiI", *dict(v, **k).values()) + more


def bbo(i, reserved):
    return struct.pack("<BBHIQqIBsBBQiIqqIIII", 20, 0xc3, 1, 5602, START + i, i, 2, reserved, b"B", 1, reserved, START + i, reserved, i, 5, NONE, 1, 2, 3, 4)


def write(name, raw):
    path = os.path.join(tap.SCRATCH, name)
    with open(path, "wb") as f:
        f.write(raw)
    return path


def read(path):
    with open(path, "rb") as f:
        return f.read()


def there(path, *more):
    table = os.path.join(tap.SCRATCH, "table.parquet")
    return table, tap.run("convert", path, table, "--force", *more)


def back(table, name="back.dbn", *more):
    out = os.path.join(tap.SCRATCH, name)
    if os.path.exists(out):
        os.remove(out)
    return out, tap.run("convert", table, out, *more)


def check_equal(name, raw, suffix=".dbn", *more):
    path = write("there" + suffix, raw)
    table, (code, _, err) = there(path, *more)
    if code != 0:
        tap.check(f"{name}: a table", False, err)
        return
    out, (code, _, err) = back(table, "back" + suffix)
    tap.check(f"{name}: there and back, every byte", code == 0 and read(out) == raw, err)


def check_made():
    for version in (1, 2, 3):
        rows = b"".join(mbo(i, action=b"ACMRTFN"[i % 7:i % 7 + 1], side=b"BAN"[i % 3:i % 3 + 1]) for i in range(1, 3000))
        rows += mbo(7, price=NONE, ts_recv=2**64 - 1, ts_event=2**64 - 1, action=b"\0", side=b"\xe9", size=2**32 - 1, ts_in_delta=-2**31)
        check_equal(f"mbo, version {version}", header(version) + rows)
    check_equal("ts_out", header(ts_out=1) + b"".join(mbo(i, struct.pack("<Q", i if i % 3 else 2**64 - 1)) for i in range(1, 500)))
    check_equal("a fragment", b"".join(mbo(i) for i in range(1, 500)), ".dbn.frag")
    check_equal("records that are longer than their type", header() + b"".join(mbo(i, b"\7" * 8) for i in range(1, 50)))
    check_equal("reserved bytes", header(2, 18) + b"".join(bbo(i, 77) for i in range(1, 50)))
    check_equal("no record", header(3, 1))
    check_equal("bytes behind the mappings", header(3, more=b"\1\2\3") + mbo(1))
    names = [f"INSTRUMENT {i:06}" for i in range(60000)]
    check_equal("metadata of 13 MB", header(3, 0, names, [(n, 20240508, 20240509, str(i)) for i, n in enumerate(names)]) + mbo(1))
    table, _ = there(write("x.dbn", header() + mbo(1)))
    out, (code, text, err) = back(table, "back.dbn.zst", "--json")
    same = code == 0 and parquet.unzstd(read(out))[0] == header() + mbo(1) and json.loads(text)["to"] == "dbn"
    tap.check("zstd by its name", same, err)
    out, (code, _, err) = back(table, "back.bin", "--to", "dbn")
    tap.check("--to dbn by any name", code == 0 and read(out) == header() + mbo(1), err)


def check_lost():
    def mapping(ident, name):
        return struct.pack("<BBHIQB71sB71sQQ", 44, 0x16, 0, ident, 5, 1, b"x", 1, name, 0, 0)
    odd = header(2, 18) + bbo(1, 7) + bbo(2, 7) + bbo(3, 8) + bbo(4, 7)
    live = header(3, 0xffff, (), ()) + mapping(5602, b"ESM4") + mbo(1) + mbo(2)
    texts = lambda junk: struct.pack("<BBHIQ64s", 20, 0x15, 1, 1, START, b"text\0" + junk)
    cases = (("reserved bytes that differ", odd, "outside their fields (those of the first stand for them) (1 ", ()),
             ("bytes behind a text's end", header(1) + texts(b"") + texts(b"junk"), "outside their fields", ("--records", "error")),
             ("records that are not in the table", live, "not in the table (1 ", ()),
             ("symbols of mapping records", live, "does not give these instruments (", ()),
             ("numbers that became null", header() + mbo(1, order_id=2**63) + mbo(2), "nulls of columns that have none", ("--lossy",)))
    for name, raw, words, more in cases:
        table, (code, _, err) = there(write("lost.dbn", raw), *more)
        tap.check(f"{name}: a table", code == 0, err)
        out, (code, _, err) = back(table)
        tap.check(f"{name}: said before, and refused", code == 2 and words in err and not os.path.exists(out), f"{code} {err}")
        out, (code, _, err) = back(table, "back.dbn", "--lossy")
        again, (second, _, problem) = there(out, *more)
        tap.check(f"{name}: written with --lossy, and read", code == 0 and words in err and second == 0, err + problem)
    capture = os.path.join(tap.SCRATCH, "no.ndjson")
    with open(capture, "w", encoding="utf-8") as f:
        f.write('{"stream":"btcusdt@trade","data":{"e":"trade","E":1,"s":"BTCUSDT","t":1,"p":"1","q":"1","T":1,"m":true}}\n')
    table, _ = there(write("x.dbn", header() + mbo(1)))
    target = write("exists.dbn", b"x")
    code, _, err = tap.run("convert", table, target)
    tap.check("an existing file is kept", code == 2 and "--force" in err and read(target) == b"x", err)
    code, _, err = tap.run("convert", table, "/dev/full.d/x.dbn")
    tap.check("a folder that is not there: named", code != 0 and "x.dbn" in err, err)


CHANGE = r'''
import sys
import pyarrow as pa, pyarrow.parquet as pq
table = pq.read_table(sys.argv[1])
out = lambda n, t: pq.write_table(t, f"{sys.argv[2]}/{n}.parquet")
meta = dict(table.schema.metadata or {})
out("bare", table.replace_schema_metadata({}))
old = {k: v for k, v in meta.items() if k in (b"dbn.version", b"dbn.dataset", b"dbn.schema")}
out("old", table.replace_schema_metadata(old))
out("missing", table.drop_columns(["sequence"]))
out("unknown", table.append_column("spread", table["size"]))
i = table.column_names.index("size")
out("type", table.set_column(i, "size", table["size"].cast(pa.string())))
out("range", table.set_column(table.column_names.index("flags"), "flags", pa.array([256] * len(table), pa.int64())))
out("letter", table.set_column(table.column_names.index("side"), "side", pa.array(["BB"] * len(table))))
bad = dict(meta)
bad[b"dbn.header"] = b"!!!!"
out("damaged", table.replace_schema_metadata(bad))
'''

OFFICIAL = r'''
import json, sys
import databento_dbn as d
def read(path):
    dec = d.DBNDecoder(upgrade_policy=d.VersionUpgradePolicy.AS_IS)
    with open(path, "rb") as f:
        dec.write(f.read())
    m, *rows = dec.decode()
    mappings = {k: [[str(i["start_date"]), str(i["end_date"]), i["symbol"]] for i in v] for k, v in m.mappings.items()}
    return dict(meta=dict(version=m.version, dataset=m.dataset, schema=str(m.schema), start=m.start, end=m.end, limit=m.limit, ts_out=m.ts_out,
                symbols=m.symbols, stype_in=str(m.stype_in), stype_out=str(m.stype_out), mappings=mappings), rows=[bytes(r).hex() for r in rows])
print(json.dumps([read(p) for p in sys.argv[1:]]))
'''


def check_changed():
    """Tables that another program wrote."""
    exe = tap.python_with("pyarrow")
    if exe is None:
        print("# pyarrow is not installed (HR_PYTHON names a Python that has it): changed tables were not made")
        return
    rows = b"".join(mbo(i, ts_event=START + i * 86400 * 10**9 // 4, ts_recv=START + i * 86400 * 10**9 // 4, instrument_id=5602 + i % 2) for i in range(8))
    mappings = [("ESM4", 20240508, 20240509, "5602"), ("ESU4", 20240508, 20240511, "5603"), ("ESZ4", 20240509, 20240511, "5602")]
    table, (code, _, err) = there(write("x.dbn", header(2, mappings=mappings) + rows))
    p = subprocess.run([exe, "-c", CHANGE, table, tap.SCRATCH], capture_output=True, text=True)
    tap.check("pyarrow writes the table anew", code == 0 and p.returncode == 0, err + p.stderr)
    at = lambda n: os.path.join(tap.SCRATCH, n + ".parquet")
    for name, words in (("missing", "'sequence'"), ("unknown", "'spread'"), ("type", "'size'"), ("range", "'flags'"), ("letter", "'side'"),
                        ("damaged", "dbn.header")):
        out, (code, _, err) = back(at(name))
        tap.check(f"{name}: refused by name", code == 3 and words in err and not os.path.exists(out), f"{code} {err}")
    out, (code, _, err) = back(at("old"))
    tap.check("a table without the header of its file: said, and refused", code == 2 and "the metadata that the DBN file had" in err, err)
    made, (code, _, err) = back(at("old"), "old.dbn", "--lossy")
    bare, (second, _, problem) = back(at("bare"), "bare.dbn")
    tap.check("headers made of the rows", code == 0 and second == 0 and read(made).endswith(rows) and read(bare).endswith(rows), err + problem)
    code, text, err = tap.run("inspect", made, "--json", "--rows", 0)
    got = json.loads(text) if code == 0 else {}
    want = [["ESM4", 20240508, 20240509, "5602"], ["ESU4", 20240508, 20240510, "5603"], ["ESZ4", 20240509, 20240510, "5602"]]
    have = sorted([m["raw"], m["start"], m["end"], m["symbol"]] for m in got.get("mappings", []))
    last = START + 7 * 86400 * 10**9 // 4
    tap.check("their metadata: dataset, schema, span, symbols, mappings", (got.get("dataset"), got.get("schema"), got.get("version"), got.get("start_ns"),
              got.get("end_ns"), got.get("symbols"), have) == ("GLBX.MDP3", "mbo", 2, START, last + 1, ["ESM4", "ESU4", "ESZ4"], want), text)
    exe = tap.python_with("databento_dbn")
    if exe is None:
        return
    p = subprocess.run([exe, "-c", OFFICIAL, made, bare], capture_output=True, text=True)
    got = json.loads(p.stdout) if p.returncode == 0 else [{}, {}]
    whole = dict(version=2, dataset="GLBX.MDP3", schema="mbo", start=START, end=last + 1, limit=None, ts_out=False, symbols=["ESM4", "ESU4", "ESZ4"],
                 stype_in="raw_symbol", stype_out="instrument_id", mappings={m[0]: [[f"{x // 10000}-{x // 100 % 100:02}-{x % 100:02}" for x in m[1:3]] + [m[3]]] for m in want})
    tap.check("the official client reads made headers", got[0].get("meta") == whole and got[1].get("meta", {}).get("version") == 3
              and all(g.get("rows") == [rows[i:i + 56].hex() for i in range(0, len(rows), 56)] for g in got), f"{p.stderr} {got[0].get('meta')} {whole}")


def events_of(path, name):
    out = os.path.join(tap.SCRATCH, name)
    code, _, err = tap.run("convert", path, out, "--to", "events", "--force")
    return (parquet.read(out) if code == 0 else err), out


def check_events(name, path):
    """mbo -> events -> mbo -> events: every value."""
    a, table = events_of(path, "events.parquet")
    out, (code, _, err) = back(table, "events.dbn")
    tap.check(f"{name}: events -> dbn: nothing is lost", code == 0, err)
    b, _ = events_of(out, "again.parquet")
    wrong = [c for c in a if a[c] != b[c]] if isinstance(a, dict) and isinstance(b, dict) else [x for x in (a, b) if isinstance(x, str)]
    tap.check(f"{name}: mbo -> events -> mbo -> events: every value", not wrong, wrong)
    return out


def made_mbo():
    import random
    rng, rows, live = random.Random(5), [mbo(0, action=b"R", side=b"N", price=NONE, order_id=0, size=0)], []
    for i in range(1, 4000):
        action = rng.choice("AAACMTFN") if live else "A"
        number = i + 2**62 if action == "A" else rng.choice(live)
        live.append(number)
        rows.append(mbo(i, action=action.encode(), side=rng.choice((b"B", b"A")) if action != "T" else rng.choice((b"B", b"A", b"N")),
                        order_id=number, price=rng.randrange(1, 99) * 25 * 10**7, size=rng.randrange(1, 2**32 if i % 50 == 0 else 20),
                        flags=rng.choice((128, 128, 0, 4, 132)), instrument_id=5602, ts_event=START + i if i % 70 else 2**64 - 1))
    return write("orders.dbn", header() + b"".join(rows))


def levels(path, name, *more):
    out = os.path.join(tap.SCRATCH, name)
    got = tap.run_json(path, "--out", out, "--force", *more)
    book, trades = {}, []
    for base, _, files in sorted(os.walk(out)):
        for f in sorted((f for f in files if f.endswith(".parquet")), key=lambda s: int(s.split("-")[1].split(".")[0])):
            t = parquet.read(os.path.join(base, f))
            key = [p for p in base.split(os.sep) if p.startswith("symbol=")][0]
            text = lambda s: s.decode() if isinstance(s, bytes) else s
            if os.sep + "deltas" + os.sep in base:
                book.update(((key, text(s), px), q) for s, px, q in zip(t["side"], t["px"], t["qty"]))
            elif os.sep + "trades" + os.sep in base:
                trades += [(key, px, q, text(s)) for s, px, q in zip(t["side"], t["px"], t["qty"])]
    return {k: v for k, v in book.items() if v}, sorted(trades), got


def check_itch():
    """A day of ITCH as mbo: the same books and trades."""
    path = os.path.join(tap.SCRATCH, "day_2024-05-07.itch")
    tap.run("gen", "--format", "itch", "--orders", 20000, "--instruments", 30, "--seed", 3, "--out", path)
    out, (code, _, err) = back(path, "itch.dbn")
    tap.check("itch -> dbn: what is lost is said, and refused", code == 2 and "filled" in err and not os.path.exists(out), f"{code} {err}")
    out, (code, _, err) = back(path, "itch.dbn", "--lossy")
    a, b = levels(path, "a"), levels(out, "b")
    tap.check("itch -> dbn --lossy: every level of every book", code == 0 and len(a[0]) > 100 and a[0] == b[0], f"{err} {len(a[0])} {len(b[0])} {b[2]}")
    tap.check("itch -> dbn --lossy: every trade", len(a[1]) > 100 and [t[:3] for t in a[1]] == [t[:3] for t in b[1]], f"{len(a[1])} {len(b[1])}")
    code, _, err = tap.run("convert", os.path.join(tap.SCRATCH, "orders.dbn"), os.path.join(tap.SCRATCH, "same.bin"), "--to", "dbn")
    tap.check("dbn -> dbn: refused", code == 2 and "is DBN" in err, err)
    exe = tap.python_with("databento_dbn")
    if exe is not None:
        p = subprocess.run([exe, "-c", OFFICIAL, out], capture_output=True, text=True)
        got = json.loads(p.stdout)[0] if p.returncode == 0 else {}
        tap.check("the official client reads it", len(got.get("rows", [])) > 20000 and len(got["meta"]["mappings"]) == 30, p.stderr)


def check_real(data):
    if data is None:
        print("# the data's folder is absent: only made files")
        return
    n, wrong = 0, []
    for path in sorted(glob.glob(os.path.join(data, "dbn", "**", "*.dbn*"), recursive=True)):
        raw = read(path)
        raw = parquet.unzstd(raw)[0] if path.endswith(".zst") else raw
        suffix = ".dbn.frag" if ".frag" in path else ".dbn"
        table, (code, _, err) = there(path)
        out, (second, _, problem) = back(table, "real" + suffix) if code == 0 else (None, (1, "", ""))
        n += 1
        if second != 0 or read(out) != raw:
            wrong.append(f"{os.path.basename(path)}: {err} {problem}")
    tap.check(f"all {n} files of the venue: there and back, every byte", n > 60 and not wrong, "\n".join(wrong))


def main():
    check_made()
    check_lost()
    check_changed()
    check_events("made orders", made_mbo())
    check_itch()
    if tap.data_dir() is not None:
        for path in sorted(glob.glob(os.path.join(tap.data_dir(), "dbn", "*mbo*.zst"))):
            check_events(os.path.basename(path), path)
    check_real(tap.data_dir())
    tap.finish()


main()
