# SPDX-License-Identifier: Apache-2.0
"""Small inputs that ask for much: what they expand to, nest, claim or repeat. Made here, streamed to files, so that this
process stays small (a child's peak of memory is at least its parent's)."""
import gzip
import lzma
import struct
import zlib

HEAD = '{"stream":"btcusdt@depth","data":{"e":"depthUpdate","E":1723161600000,"s":"BTCUSDT",'
GOOD = HEAD + '"U":1,"u":2,"b":[["1.5","2"]],"a":[]}}\n'
TARDIS = "exchange,symbol,timestamp,local_timestamp,is_snapshot,side,price,amount\n"
ROW = "binance,BTCUSDT,1723161600000000,1723161600000000,false,bid,1.5,2\n"
MEMBER = 64 << 20


def write(path, *pieces):
    with open(path, "wb") as f:
        for piece in pieces:
            f.write(piece.encode() if isinstance(piece, str) else piece)


def repeat(path, head, unit, n_bytes, tail=""):
    """Plain: head, unit again and again for n_bytes, tail."""
    unit = unit.encode()
    block = unit * max(1, (1 << 20) // len(unit))
    with open(path, "wb") as f:
        f.write(head.encode())
        for _ in range(n_bytes // len(block)):
            f.write(block)
        f.write(tail.encode())


def gzip_bomb(path, head, unit, n_bytes):
    """gzip: head, then n_bytes of a repeated unit in members of 64 MiB at most, at 1,000 to 1."""
    unit = unit.encode()
    block = unit * ((1 << 20) // len(unit))
    pack = zlib.compressobj(9, zlib.DEFLATED, 31)
    n_member = min(MEMBER, n_bytes)
    member = [pack.compress(block) for _ in range(n_member >> 20)] + [pack.flush()]
    write(path, gzip.compress(head.encode()), *(member * (n_bytes // n_member)))


def xz_bomb(path, head, unit, n_bytes):
    """xz: head, then n_bytes of a repeated unit in streams of 8 MiB, at 7,000 to 1."""
    block = unit.encode() * ((8 << 20) // len(unit))
    write(path, lzma.compress(head.encode(), preset=0), *([lzma.compress(block, preset=0)] * (n_bytes // len(block))))


def xz_wide(data, bits):
    """One xz stream whose only block asks for a dictionary of this code: 38 is 2 GiB."""
    out = bytearray(lzma.compress(data, filters=[{"id": lzma.FILTER_LZMA2, "dict_size": 4096}]))
    size = (out[12] + 1) * 4
    at = out.index(b"\x21\x01", 12)
    out[at + 2] = bits
    out[12 + size - 4:12 + size] = struct.pack("<I", zlib.crc32(out[12:12 + size - 4]))
    return bytes(out)


def zstd_frame(window_log, data, n_runs):
    """One frame with this window: data as a raw block, then n_runs runs of 128 KiB of its last byte, or of zeros."""
    out = [b"\x28\xb5\x2f\xfd", bytes([0, (window_log - 10) << 3])]
    if data:
        out.append(struct.pack("<I", len(data) << 3 | (n_runs == 0))[:3] + data)
    for i in range(n_runs):
        out.append(struct.pack("<I", 131072 << 3 | 1 << 1 | (i == n_runs - 1))[:3] + (data[-1:] or b"\0"))
    return b"".join(out)


# ---- Parquet, by hand ----

def varint(v):
    out = bytearray()
    while v > 127:
        out.append(v & 127 | 128)
        v >>= 7
    return bytes([*out, v])


def thrift(fields):
    """Compact protocol: {id: int, bytes, list or dict}; bool as (bool,)."""
    out, last = bytearray(), 0
    for number, value in sorted(fields.items()):
        kind = {int: 6, bytes: 8, list: 9, dict: 12}.get(type(value)) or (1 if value[0] else 2)
        out += bytes([(number - last) << 4 | kind])
        last = number
        if kind == 6:
            out += varint(value << 1 ^ value >> 63)
        elif kind == 8:
            out += varint(len(value)) + value
        elif kind == 9:
            of = {int: 5, bytes: 8, dict: 12}[type(value[0])]
            out += bytes([0xf0 | of]) + varint(len(value))
            for v in value:
                out += thrift(v) if of == 12 else varint(v << 1 ^ v >> 63) if of == 5 else varint(len(v)) + v
        elif kind == 12:
            out += thrift(value)
    return bytes(out) + b"\0"


INT64, DOUBLE, BOOLEAN = 2, 5, 0
PLAIN, RLE, RLE_DICTIONARY, RAW, ZSTD = 0, 3, 8, 0, 6
COLUMNS = [("origin_time", INT64), ("received_time", INT64), ("sequence_number", INT64), ("side_is_bid", BOOLEAN),
           ("price", DOUBLE), ("size", DOUBLE)]


def page(kind, header, body, codec, raw_bytes):
    return thrift({1: kind, 2: raw_bytes, 3: len(body), **header}) + body


def data_page(n, body, encoding=PLAIN, codec=RAW, raw_bytes=None):
    return page(0, {5: {1: n, 2: encoding, 3: 3, 4: 3}}, body, codec, len(body) if raw_bytes is None else raw_bytes)


def dictionary(n, body, codec=RAW, raw_bytes=None):
    return page(2, {7: {1: n, 2: PLAIN}}, body, codec, len(body) if raw_bytes is None else raw_bytes)


def parquet_file(path, chunks, n_rows, codec=RAW, groups=1, extra=None):
    """chunks: of each column of COLUMNS, (dictionary or b"", pages, n_values); every group is the same bytes."""
    at, columns, body = 4, [], []
    for (name, kind), (first, pages, n) in zip(COLUMNS, chunks):
        meta = {1: kind, 2: [PLAIN, RLE_DICTIONARY], 3: [name.encode()], 4: codec, 5: n, 6: len(first) + len(pages),
                7: len(first) + len(pages), 9: at + len(first)}
        if first:
            meta[11] = at
        columns.append({2: at, 3: meta})
        body.append(first + pages)
        at += len(first) + len(pages)
    schema = [{4: b"schema", 5: len(chunks)}] + [{1: kind, 3: 0, 4: name.encode()} for name, kind in COLUMNS[:len(chunks)]]
    group = {1: columns, 2: at, 3: n_rows}
    footer = thrift({1: 1, 2: schema, 3: n_rows * groups, 4: [group] * groups, **(extra or {})})
    write(path, b"PAR1", *body, footer, struct.pack("<I", len(footer)), b"PAR1")


def run_length(n, width=1, value=0):
    return bytes([width]) + varint(n << 1) + bytes([value])


def plain(kind, value):
    return struct.pack("<d", value) if kind == DOUBLE else struct.pack("<q", value)


def runs_file(path, n, n_values=None, groups=1, run=None):
    """Six columns of n equal rows, each a dictionary of one value and one run: some 40 bytes a column. n_values is what the
    chunks claim, run how long their run is in truth."""
    chunks = []
    for (_, kind), value in zip(COLUMNS, (1723161600000000000, 1723161600000000000, 7, 1, 1.5, 2.0)):
        if kind == BOOLEAN:
            body = varint(n << 1) + b"\1"
            chunks.append((b"", data_page(n, struct.pack("<I", len(body)) + body, RLE), n))
        else:
            chunks.append((dictionary(1, plain(kind, value)), data_page(n, run_length(run or n), RLE_DICTIONARY), n_values or n))
    parquet_file(path, chunks, n, groups=groups)


def nested_footer(path, depth):
    """A footer that is one struct in another, in a field nobody knows."""
    footer = b"\x15\x02" + b"\xec" + b"\x1c" * depth + b"\0" * (depth + 2)
    write(path, b"PAR1", footer, struct.pack("<I", len(footer)), b"PAR1")


def nested_lists(path, depth):
    footer = b"\x15\x02" + b"\xe9" + b"\x19" * depth + b"\0" * 4
    write(path, b"PAR1", footer, struct.pack("<I", len(footer)), b"PAR1")


def expanding_page(path, claimed, real_runs):
    """A zstd page of real_runs runs of 128 KiB that claims so many bytes."""
    frame = zstd_frame(27, b"", real_runs)
    n = max(1, claimed // 8)
    chunks = [(b"", data_page(n, frame, PLAIN, ZSTD, claimed), n)] * 6
    parquet_file(path, chunks, n, codec=ZSTD)
