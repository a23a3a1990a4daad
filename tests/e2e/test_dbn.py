# SPDX-License-Identifier: Apache-2.0
"""Databento DBN: convert and inspect against the official client's decoder field for field, where it is installed; mbo and trades
against a reader of our own; damage named with its place."""
import csv
import glob
import json
import os
import struct
import subprocess

import tap

UNDEF = {"q": 2**63 - 1, "Q": 2**64 - 1, "i": 2**31 - 1}

# Every record of every file as the official client holds it: its fields by its own layout, nulls as None.
OFFICIAL = r'''
import json, random, struct, sys
import databento_dbn as d
CODE = {"u1": "B", "i1": "b", "u2": "H", "i2": "h", "u4": "I", "i4": "i", "u8": "Q", "i8": "q"}
STATS = (d.StatMsg, d.StatMsgV1)

def layout(cls):
    return "<" + "".join(CODE.get(t) or t[1:] + "s" for _, t in cls._dtypes)

def row(rec):
    cls = type(rec)
    values = dict(zip((n for n, _ in cls._dtypes), struct.unpack_from(layout(cls), bytes(rec))))
    out = {}
    for name in cls._ordered_fields:
        v = values[name]
        if isinstance(v, bytes):
            v = v.split(b"\0")[0].decode("latin1") if len(v) > 1 else v.decode("latin1").strip("\0")
        attr = getattr(rec, name, None)
        if type(attr) is int and attr != v:
            raise SystemExit(f"{cls.__name__}.{name}: {attr} is not {v}")
        none = (name in cls._price_fields and v == 2**63 - 1 or name in cls._timestamp_fields and v == 2**64 - 1
                or cls in STATS and name == "quantity" and v == {d.StatMsg: 2**63 - 1, d.StatMsgV1: 2**31 - 1}[cls])
        out[name] = None if none else v
    return dict(price=sorted(cls._price_fields), values=out)

def symbols(meta):
    return [[m, i["start_date"].isoformat(), i["end_date"].isoformat(), i["symbol"]] for m, all in meta.mappings.items() for i in all]

def read(path):
    packed = path.endswith(".zst")
    frag = ".frag" in path
    version = int(path.split(".v")[1][0]) if ".v" in path else 2
    dec = d.DBNDecoder(has_metadata=not frag, input_version=version if frag else None, upgrade_policy=d.VersionUpgradePolicy.AS_IS,
                       compression=d.Compression.ZSTD if packed else d.Compression.NONE)
    with open(path, "rb") as f:
        dec.write(f.read())
    got = dec.decode()
    out = {}
    if not frag:
        m = got.pop(0)
        out["meta"] = dict(version=m.version, dataset=m.dataset, schema=str(m.schema), start_ns=m.start, end_ns=m.end, limit=m.limit,
                           ts_out=m.ts_out, symbols=m.symbols, partial=m.partial, not_found=m.not_found, stype_in=str(m.stype_in),
                           stype_out=str(m.stype_out), mappings=symbols(m))
    out["rows"] = [row(r) for r in got]
    return out

def made(folder):
    """A fragment of each class with random values."""
    types = dict(MBOMsg=0xa0, MBP1Msg=1, MBP10Msg=10, TradeMsg=0, BBOMsg=0xc4, CBBOMsg=0xc1, CMBP1Msg=0xc2, OHLCVMsg=0x23,
                 StatusMsg=0x12, InstrumentDefMsgV1=0x13, InstrumentDefMsgV2=0x13, InstrumentDefMsg=0x13, ImbalanceMsg=0x14,
                 ErrorMsgV1=0x15, ErrorMsg=0x15, SymbolMappingMsgV1=0x16, SymbolMappingMsg=0x16, SystemMsgV1=0x17, SystemMsg=0x17,
                 StatMsgV1=0x18, StatMsg=0x18)
    rng = random.Random(1)
    for name, rtype in types.items():
        cls = getattr(d, name)
        version = 1 if name.endswith("V1") else 2 if name.endswith("V2") else 3
        size = struct.calcsize(layout(cls))
        text = b""
        for _ in range(20):
            rec = bytearray(rng.randbytes(size))
            at = 0
            for field, t in cls._dtypes:
                n = struct.calcsize("<" + (CODE.get(t) or t[1:] + "s"))
                if t[0] == "S":
                    k = rng.randint(0 if n > 1 else 1, n if n < 2 else n - 1)
                    rec[at:at + n] = bytes(rng.choice(b'ABCxyz019 .",:-') for _ in range(k)).ljust(n, b"\0")
                    if n > k + 2 and rng.randrange(4) == 0:
                        rec[at + k + 1] = 65  # behind the text's end: not of the text
                elif rng.randrange(8) == 0:
                    top = 0xff if t[0] == "u" else 0x7f
                    rec[at:at + n] = b"\xff" * (n - 1) + bytes([top])
                at += n
            rec[0], rec[1] = size // 4, rtype
            text += rec
        with open(f"{folder}/made-{name}.v{version}.dbn.frag", "wb") as f:
            f.write(text)

folder = sys.argv[1]
made(folder)
import glob
with open(sys.argv[2], "w") as f:
    for path in sys.argv[3:] + sorted(glob.glob(folder + "/*.frag")):
        f.write(json.dumps([path, read(path)]) + "\n")
'''

PARQUET = r'''
import json, sys
import pyarrow.parquet as pq
out = []
for path in sys.argv[1:]:
    t = pq.read_table(path)
    rows = []
    types = {f.name: str(f.type) for f in t.schema}
    cols = {n: (c.cast("int64") if str(c.type).startswith("timestamp") else c).to_pylist() for n, c in zip(t.column_names, t.columns)}
    for n, v in cols.items():
        if types[n].startswith("decimal"):
            cols[n] = [None if x is None else int(x.scaleb(9)) for x in v]
    out.append(dict(types=types, rows=[dict(zip(cols, r)) for r in zip(*cols.values())]))
print(json.dumps(out))
'''


def convert(path, name, *more):
    out = os.path.join(tap.SCRATCH, name)
    code, text, err = tap.run("convert", path, out, "--force", "--json", *more)
    return (out, json.loads(text)) if code == 0 else (None, f"exit {code}: {err}")


def rows_of(out):
    with open(out, newline="", encoding="utf-8") as f:
        return list(csv.DictReader(f))


def price(text):
    """Decimal text to units of 1e-9, exactly."""
    sign, text = (-1, text[1:]) if text.startswith("-") else (1, text)
    whole, _, part = text.partition(".")
    return sign * (int(whole) * 10**9 + int(part.ljust(9, "0") or 0))


def compare(rows, want):
    """The first difference, or None."""
    if len(rows) != len(want):
        return f"{len(rows)} rows, not {len(want)}"
    for i, (have, w) in enumerate(zip(rows, want)):
        if set(have) - {"symbol"} != set(w["values"]):
            return f"columns {sorted(set(have) ^ set(w['values']))}"
        for name, v in w["values"].items():
            if isinstance(have[name], str) and name in w["price"]:
                have[name] = price(have[name]) if have[name] != "" else None
            text = "" if have[name] is None else str(have[name])
            if text != ("" if v is None else str(v)):
                return f"row {i}, {name}: {text!r} is not {v!r}"
    return None


def day(ns):
    import datetime
    return (datetime.datetime(1970, 1, 1) + datetime.timedelta(seconds=ns // 10**9)).date().isoformat()


def symbol_wrong(rows, meta):
    """Symbols by the official metadata's mappings."""
    by_id = {}
    for raw, start, end, ident in meta["mappings"]:
        if meta["stype_out"] == "instrument_id":
            by_id.setdefault(ident, []).append((start, end, raw))
    for i, r in enumerate(rows):
        d = day(int(r.get("ts_recv") or r["ts_event"]))
        want = [s for a, b, s in by_id.get(r["instrument_id"], []) if a <= d < b] or [""]
        if r["symbol"] not in want:
            return f"row {i}: {r['symbol']!r} is not {want}"
    return None


def check_meta(name, path, meta):
    code, text, err = tap.run("inspect", path, "--json", "--rows", 0)
    got = json.loads(text) if code == 0 else {}
    mappings = [[m["raw"], *(f"{x // 10000:04}-{x // 100 % 100:02}-{x % 100:02}" for x in (m["start"], m["end"])), m["symbol"]]
                for m in got.get("mappings", [])]
    want = dict(meta, mappings=None)
    have = {k: got.get(k) for k in want} | {"mappings": None}
    tap.check(f"{name}: metadata", have == want and sorted(mappings) == sorted(meta["mappings"]), f"{have} {want} {err}")


def files(folder):
    return [f for f in sorted(glob.glob(os.path.join(folder, "dbn", "**", "*"), recursive=True)) if ".dbn" in os.path.basename(f)]


def check_official(exe, data):
    folder = os.path.join(tap.SCRATCH, "made")
    os.makedirs(folder)
    lines = os.path.join(tap.SCRATCH, "official.jsonl")
    p = subprocess.run([exe, "-c", OFFICIAL, folder, lines, *(files(data) if data else [])], capture_output=True, text=True)
    if not tap_ok("the official client reads them all", p.returncode == 0, p.stderr):
        return
    tables = []
    with open(lines, encoding="utf-8") as f:
        for line in f:
            path, want = json.loads(line)
            tables += check_file(path, want)
    if tap.python_with("databento_dbn", "pyarrow") == exe and tables:
        check_tables(exe, tables)


def tap_ok(name, ok, detail=""):
    tap.check(name, ok, detail)
    return ok


def check_file(path, want):
    """Returns what Parquet is to hold too: (path, table, rows)."""
    name = os.path.basename(path)
    about = next((["--records", r] for k, r in (("System", "system"), ("Error", "error"), ("Mapping", "symbol-mapping")) if k in name), [])
    out, report = convert(path, name + ".csv", *about)
    if out is None and not want["rows"]:
        tap.check(f"{name}: no records", "no records" in report, report)
        return []
    if not tap_ok(f"{name}: converted", out is not None, report):
        return []
    rows = rows_of(out)
    wrong = symbol_wrong(rows, want["meta"]) if "meta" in want else None
    wrong = wrong or compare(rows, want["rows"])
    tap.check(f"{name}: {len(want['rows'])} records, every field", wrong is None, wrong)
    if "meta" in want:
        check_meta(name, path, want["meta"])
    made = name.startswith("made-")
    out, report = convert(path, name + ".parquet", *about, *(["--lossy"] if made else []))
    if not tap_ok(f"{name}: a table", out is not None, report):
        return []
    return [] if made else [(name, out, want["rows"], rows)]


def check_tables(exe, tables):
    p = subprocess.run([exe, "-c", PARQUET, *(t[1] for t in tables)], capture_output=True, text=True)
    if not tap_ok("pyarrow reads the tables", p.returncode == 0, p.stderr):
        return
    for (name, _, want, rows), got in zip(tables, json.loads(p.stdout)):
        wrong = compare(got["rows"], want)
        for r, g in zip(rows, got["rows"]):
            if (g["symbol"] or "") != r["symbol"]:
                wrong = wrong or f"symbol {g['symbol']}"
        types = got["types"]
        ok = all(t.startswith("timestamp[ns") for n, t in types.items() if n in ("ts_event", "ts_recv", "expiration"))
        ok = ok and all(t == "decimal128(18, 9)" for n, t in types.items() if n in ("price", "open", "bid_px_00", "strike_price"))
        tap.check(f"{name}: Parquet, every field and type", wrong is None and ok, f"{wrong} {types}")


# ---- without the official client ----

MBO = ("<BBHIQQqIBBssQiI", "length rtype publisher_id instrument_id ts_event order_id price size flags channel_id action side ts_recv "
       "ts_in_delta sequence".split())
TRADES = ("<BBHIQqIssBBQiI", "length rtype publisher_id instrument_id ts_event price size action side flags depth ts_recv ts_in_delta "
          "sequence".split())


def own_rows(raw, layout):
    """A second reader, of one type of records."""
    at = 8 + struct.unpack_from("<I", raw, 4)[0]
    rows = []
    while at < len(raw):
        v = dict(zip(layout[1], struct.unpack_from(layout[0], raw, at)))
        at += 4 * v.pop("length")
        for k in ("action", "side"):
            v[k] = v[k].decode()
        v["price"] = None if v["price"] == 2**63 - 1 else v["price"]
        rows.append(dict(price=["price"], values=v))
    return rows


def header(version=3, schema=0, symbols=("ESM4",), mappings=(("ESM4", 20240508, 20240509, "5602"),), dataset=b"GLBX.MDP3", ts_out=0):
    width = 22 if version == 1 else 71
    text = lambda s: s.encode().ljust(width, b"\0")
    m = dataset.ljust(16, b"\0") + struct.pack("<HQQQ", schema, 1, 2**64 - 1, 0)
    m += (struct.pack("<Q", 0) if version == 1 else b"") + struct.pack("<BBB", 1, 0, ts_out)
    m += b"" if version == 1 else struct.pack("<H", width)
    m = m.ljust(100, b"\0") + struct.pack("<II", 0, len(symbols)) + b"".join(map(text, symbols)) + struct.pack("<II", 0, 0)
    m += struct.pack("<I", len(mappings))
    for raw, start, end, ident in mappings:
        m += text(raw) + struct.pack("<III", 1, start, end) + text(ident)
    return b"DBN" + bytes([version]) + struct.pack("<I", len(m)) + m


def mbo(i, **k):
    v = dict(length=14, rtype=160, publisher_id=1, instrument_id=5602, ts_event=1715126400 * 10**9 + i, order_id=i, price=i * 10**9,
             size=i, flags=128, channel_id=0, action=b"A", side=b"B", ts_recv=1715126400 * 10**9 + i, ts_in_delta=-i, sequence=i)
    return struct.pack(MBO[0], *dict(v, **k).values())


def write(name, raw):
    path = os.path.join(tap.SCRATCH, name)
    with open(path, "wb") as f:
        f.write(raw)
    return path


def check_own(data):
    for version in (1, 2, 3):
        raw = header(version) + b"".join(mbo(i) for i in range(1, 4000)) + mbo(7, price=2**63 - 1, ts_recv=2**64 - 1)
        out, report = convert(write(f"own{version}.dbn", raw), "own.csv")
        rows = rows_of(out) if out else []
        wrong = compare(rows, [dict(r, values=dict(r["values"], ts_recv=None if r["values"]["ts_recv"] == 2**64 - 1 else
                                                   r["values"]["ts_recv"])) for r in own_rows(raw, MBO)])
        tap.check(f"made mbo, version {version}: every field", out and wrong is None, wrong or report)
        named = [r["symbol"] for r in rows]
        tap.check(f"made mbo, version {version}: the symbol of the day", named[:-1] == ["ESM4"] * 3999 and named[-1] == "", named[-3:])
    if data is None:
        print("# the data's folder is absent: only made files")
        return
    for name, layout in (("test_data.mbo.dbn", MBO), ("test_data.mbo.v3.dbn", MBO), ("test_data.trades.dbn", TRADES)):
        path = os.path.join(data, "dbn", "samples", name)
        with open(path, "rb") as f:
            want = own_rows(f.read(), layout)
        out, report = convert(path, "own.csv")
        wrong = compare(rows_of(out), want) if out else report
        tap.check(f"{name}: every field, by a reader of our own", wrong is None, wrong)
    for path in sorted(glob.glob(os.path.join(data, "dbn", "samples", "*.dbz"))):
        for verb in (("inspect", path), ("convert", path, os.path.join(tap.SCRATCH, "x.csv"))):
            code, _, err = tap.run(*verb)
            tap.check(f"{verb[0]} {os.path.basename(path)}: refused by name", code == 3 and ".dbz" in err, f"{code} {err}")


def check_damage():
    good = header() + mbo(1) + mbo(2)
    at = len(good)
    third = bytearray(mbo(3))
    cases = {"length 0": (bytes([0]) + third[1:], f"offset {at}"), "length 12": (bytes([3]) + third[1:], f"offset {at}"),
             "cut": (bytes(third[:40]), f"offset {at}"), "past the end": (bytes([255]) + third[1:], f"offset {at}"),
             "a second header": (header(), "another DBN header")}
    for name, (more, words) in cases.items():
        path = write("bad.dbn", good + more)
        out = os.path.join(tap.SCRATCH, "bad.csv")
        code, _, err = tap.run("convert", path, out)
        tap.check(f"{name}: refused with its place, nothing written", code == 3 and words in err and not os.path.exists(out), err)
        code, text, err = tap.run("inspect", path, "--json")
        report = json.loads(text)
        tap.check(f"{name}: inspect shows what came before", code == 3 and report["records"] == 2 and not report["complete"], text + err)
    other = struct.pack("<BBHIQ", 5, 0x77, 1, 2, 3) + b"abcd"
    short = mbo(9)[:32]
    short = bytes([8]) + short[1:]
    path = write("odd.dbn", good + other + mbo(3) + short + mbo(4))
    code, text, err = tap.run("convert", path, os.path.join(tap.SCRATCH, "odd.csv"), "--json", "--force")
    r = json.loads(text) if code == 0 else {}
    tap.check("unknown types are passed over, short ones left out, all counted",
              (r.get("read"), r.get("written"), r.get("filtered"), r.get("rejected")) == (6, 4, 1, 1), text + err)
    rejects = os.path.join(tap.SCRATCH, "odd.csv.rejects.ndjson")
    if tap_ok("the short one is a reject", os.path.exists(rejects)):
        with open(rejects, encoding="utf-8") as f:
            got = json.loads(f.read())
        tap.check("with its place and bytes", (got["offset"], got["raw_hex"]) == (len(good + other) + 56, short.hex()), got)
    for name, raw, words in (("version 9", b"DBN\x09" + good[4:], "version 9"), ("short metadata", b"DBN\x01\x08\0\0\0" + b"x" * 200, "at least 100"),
                             ("cut metadata", good[:90], "90"), ("metadata past memory", b"DBN\x03\xff\xff\xff\xff", "at most"),
                             ("bad date", header(mappings=[("A", 20240230, 20240301, "1")]), "date"),
                             ("symbols past the end", header()[:112] + b"\xff" + header()[113:], "symbols")):
        code, _, err = tap.run("inspect", write("bad.dbn", raw))
        tap.check(f"{name}: refused", code in (3, 5) and words in err, f"{code} {err}")


def check_live():
    """A stream of several types, whose mappings are records, with ts_out."""
    def mapping(ident, name):
        return struct.pack("<BBHIQB71sB71sQQ", 46, 0x16, 0, ident, 5, 1, b"x", 1, name, 0, 0) + struct.pack("<Q", 9)
    system = struct.pack("<BBHIQ303sBQ", 82, 0x17, 0, 0, 5, b"Heartbeat", 0, 9)
    trade = struct.pack("<BBHIQqIssBBQiIQ", 14, 0, 1, 5, 6, 10**9, 2, b"T", b"A", 0, 0, 7, 8, 9, 77)
    row = lambda ident: bytes([16]) + mbo(1, instrument_id=ident)[1:] + struct.pack("<Q", 88)
    raw = header(schema=0xffff, symbols=(), mappings=(), ts_out=1) + mapping(5, b"AAA") + row(5) + system + row(6) + mapping(6, b"BBB") + row(6)
    raw += mapping(5, b"CCC") + row(5) + trade
    path = write("live.dbn", raw)
    out, report = convert(path, "live.csv", "--records", "mbo")
    rows = rows_of(out) if out else []
    tap.check("a live stream: each row's symbol is the one mapped before it",
              [(r["instrument_id"], r["symbol"], r["ts_out"]) for r in rows] == [("5", "AAA", "88"), ("6", "", "88"), ("6", "BBB", "88"), ("5", "CCC", "88")],
              f"{report} {rows}")
    code, _, err = tap.run("convert", path, os.path.join(tap.SCRATCH, "l.csv"))
    tap.check("several types: which one is asked", code == 2 and "--records" in err, err)
    code, _, err = tap.run("convert", path, os.path.join(tap.SCRATCH, "l.csv"), "--records", "mbx")
    tap.check("an unknown type is named", code == 2 and "mbx" in err, err)
    capture = os.path.join(tap.SCRATCH, "no.ndjson")
    with open(capture, "w", encoding="utf-8") as f:
        f.write('{"stream":"btcusdt@trade","data":{"e":"trade","E":1,"s":"BTCUSDT","t":1,"p":"1","q":"1","T":1,"m":true}}\n')
    for more in (("--to", "records"), ("--records", "mbo")):
        code, _, err = tap.run("convert", capture, os.path.join(tap.SCRATCH, "l.parquet"), *more)
        tap.check(f"{more}: only DBN has records", code == 2 and "records" in err, err)
    for schema, columns in ((1, 20), (2, 74), (8, 10), (10, 15)):
        out, report = convert(write("none.dbn", header(schema=schema)), "none.csv")
        with open(out or os.devnull, encoding="utf-8") as f:
            names = f.readline().strip().split(",")
        tap.check(f"no records of schema {schema}: a table of its {columns} columns", out and len(names) == columns, f"{report} {names}")
    wide = header() + mbo(1, order_id=2**63)
    code, _, err = tap.run("convert", write("wide.dbn", wide), os.path.join(tap.SCRATCH, "wide.parquet"))
    tap.check("a number past int64 is refused by Parquet", code == 2 and "order_id" in err and "row 1" in err, err)
    code, _, err = tap.run("convert", write("wide.dbn", wide), os.path.join(tap.SCRATCH, "wide.parquet"), "--lossy")
    tap.check("or null with --lossy, and said", code == 0 and "null stands for them" in err, err)
    out, report = convert(write("wide.dbn", wide), "wide.csv")
    tap.check("CSV holds it", out and rows_of(out)[0]["order_id"] == str(2**63), report)


def check_events(data):
    """Messages of an event table beside the records as CSV."""
    two = header(schema=3) + b"".join(
        struct.pack("<BBHIQqIssBBQiIqqIIII", 20, 1, 1, 5602, 1715126400 * 10**9, 7 * 10**9, i, b"T" if i % 3 == 0 else b"A", b"B", 0, 0,
                    1715126400 * 10**9 + i, 5, i, 6 * 10**9, 2**63 - 1 if i == 5 else 8 * 10**9, i, i, 1, 1) for i in range(1, 3001))
    paths = [write("mbp.dbn", two)]
    if data is not None:
        paths.append(os.path.join(data, "dbn", "futures_mbp-1_20240702.dbn.zst"))
    for path in paths:
        name = os.path.basename(path)
        out, report = convert(path, "rows.csv")
        rows = rows_of(out)
        trades = [r for r in rows if r["action"] == "T"]
        out, report = convert(path, "events.parquet", "--to", "events")
        ok = out and report["written"] == len(rows) + len(trades) == report["read"] and report["rows"] == 2 * len(rows) + len(trades)
        tap.check(f"{name}: events, a ticker a record and a trade where it is one", ok, report)
        code, text, err = tap.run("inspect", out, "--json", "--rows", 3)
        got = json.loads(text) if code == 0 else {}
        tap.check(f"{name}: the table of events is read back", (got.get("trades"), got.get("tickers")) == (len(trades), len(rows)), err or text)
    code, _, err = tap.run("convert", write("lost.dbn", two + bytes(40)), os.path.join(tap.SCRATCH, "lost.parquet"), "--to", "events")
    tap.check("events of a damaged file: refused with the place", code == 3 and f"offset {len(two)}" in err, err)


def main():
    data = tap.data_dir()
    check_own(data)
    check_damage()
    check_live()
    check_events(data)
    p = subprocess.run(["python3", os.path.join(tap.ROOT, "tools", "dbn_docs.py"), "--check"])
    tap.check("docs/modules/dbn.md has the fields of dbn_fields.c (tools/dbn_docs.py renews it)", p.returncode == 0)
    exe = tap.python_with("databento_dbn")
    if exe is None:
        print("# databento_dbn is not installed (HR_PYTHON names a Python that has it): the official client was not asked")
    else:
        check_official(exe, data)
    tap.finish()


main()
