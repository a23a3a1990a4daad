# SPDX-License-Identifier: Apache-2.0
"""Databento DBN read and written from its reference alone, and plain books of orders by Databento's rules. Knows nothing
of src/venue."""
import collections
import ctypes
import ctypes.util
import functools
import struct

NONE = 2**63 - 1
LAST, TOB, SNAPSHOT, MBP, BAD_RECV, MAYBE_BAD = 0x80, 0x40, 0x20, 0x10, 0x08, 0x04
MBO = struct.Struct("<BBHIQQqIBBccQiI")
Mbo = collections.namedtuple("Mbo", "length rtype publisher instrument ts_event order_id price size flags channel action side ts_recv "
                             "ts_in_delta sequence at")


@functools.lru_cache
def _zstd():
    lib = ctypes.CDLL(ctypes.util.find_library("zstd") or "libzstd.so.1")
    for name in ("ZSTD_compress", "ZSTD_decompress", "ZSTD_findFrameCompressedSize"):
        getattr(lib, name).restype = ctypes.c_size_t
    return lib


def unzstd(data, room=1 << 24):
    lib, out, at = _zstd(), [], 0
    buffer = ctypes.create_string_buffer(room)
    while at < len(data):
        rest = data[at:]
        size = lib.ZSTD_findFrameCompressedSize(rest, ctypes.c_size_t(len(rest)))
        got = lib.ZSTD_decompress(buffer, ctypes.c_size_t(room), rest[:size], ctypes.c_size_t(size))
        if lib.ZSTD_isError(ctypes.c_size_t(size)) or lib.ZSTD_isError(ctypes.c_size_t(got)):
            raise ValueError(f"no zstd frame at {at}")
        out.append(buffer.raw[:got])
        at += size
    return b"".join(out)


def zstd(data):
    room = len(data) + len(data) // 128 + 1024
    buffer = ctypes.create_string_buffer(room)
    n = _zstd().ZSTD_compress(buffer, ctypes.c_size_t(room), data, ctypes.c_size_t(len(data)), 1)
    return buffer.raw[:n]


def load(path):
    with open(path, "rb") as f:
        data = f.read()
    return unzstd(data) if data[:4] == b"\x28\xb5\x2f\xfd" else data


def symbols(raw):
    """{instrument: [(first day, day after the last, symbol)]} of the metadata of instrument ids."""
    m = raw[8:8 + struct.unpack_from("<I", raw, 4)[0]]
    width = 22 if raw[3] == 1 else struct.unpack_from("<H", m, 45)[0]
    text = lambda at: m[at:at + width].split(b"\0")[0].decode()
    at, out = 104, collections.defaultdict(list)
    for _ in range(3):
        at += 4 + struct.unpack_from("<I", m, at)[0] * width
    n, at = struct.unpack_from("<I", m, at)[0], at + 4
    for _ in range(n):
        name, k = text(at), struct.unpack_from("<I", m, at + width)[0]
        at += width + 4
        for _ in range(k):
            first, end = struct.unpack_from("<II", m, at)
            out[int(text(at + 8))].append((first, end, name))
            at += 8 + width
    return out


def records(raw):
    """Every record: (offset, rtype, its bytes)."""
    at = 8 + struct.unpack_from("<I", raw, 4)[0] if raw[:3] == b"DBN" else 0
    while at < len(raw):
        n = raw[at] * 4
        yield at, raw[at + 1], raw[at:at + n]
        at += n


def mbos(raw):
    for at, rtype, rec in records(raw):
        if rtype == 0xa0:
            v = MBO.unpack_from(rec)
            yield Mbo(*v[:10], v[10].decode(), v[11].decode(), *v[12:], at)


class Books:
    """Books of orders by instrument, as Databento describes the actions; all that becomes rows is noted."""
    def __init__(self, depth=10):
        self.depth = depth
        self.order = collections.defaultdict(dict)  # book -> id -> [side, price, size]
        self.level = collections.defaultdict(dict)  # book -> (side, price) -> size
        self.deltas, self.tops, self.trades = (collections.defaultdict(list) for _ in range(3))
        self.last_top, self.n = {}, collections.Counter()

    def put(self, book, m, side, price, change):
        level = self.level[book]
        size = level.get((side, price), 0) + change
        if size:
            level[side, price] = size
        else:
            del level[side, price]
        self.deltas[book].append((side, price, size, m.ts_event, m.ts_recv))

    def add(self, book, m):
        if m.order_id in self.order[book] or m.size == 0 or m.side == "N":
            self.n["fault"] += 1
            return
        self.order[book][m.order_id] = [m.side, m.price, m.size]
        self.put(book, m, m.side, m.price, m.size)

    def cancel(self, book, m):
        o = self.order[book].get(m.order_id)
        if o is None or m.size == 0:
            self.n["fault"] += 1
            return
        self.n["fault"] += m.size > o[2]
        size = min(m.size, o[2])
        o[2] -= size
        if o[2] == 0:
            del self.order[book][m.order_id]
        self.put(book, m, o[0], o[1], -size)

    def modify(self, book, m):
        o = self.order[book].get(m.order_id)
        if o is None:
            self.add(book, m)
            return
        if m.size == 0:
            self.n["fault"] += 1
            return
        side, price, size = o
        o[1:] = m.price, m.size
        if price != m.price:
            self.put(book, m, side, price, -size)
            self.put(book, m, side, m.price, m.size)
        elif size != m.size:
            self.put(book, m, side, price, m.size - size)

    def clear(self, book, m):
        sides = {"B": -1, "A": 1}
        for side in "BA":
            for price in sorted((p for s, p in self.level[book] if s == side), key=lambda p: p * sides[side]):
                self.deltas[book].append((side, price, 0, m.ts_event, m.ts_recv))
        self.order[book].clear()
        self.level[book].clear()

    def take(self, book, m):
        """False: its price is none that a book can hold."""
        is_level = m.flags & (TOB | MBP)
        if m.action in "AMT" and not (m.action != "T" and is_level) and not 0 <= m.price < NONE:
            self.n["rejected"] += 1
            return False
        if m.action == "T":
            self.trades[book].append(({"B": "buy", "A": "sell"}.get(m.side, "none"), m.price, m.size, m.ts_event, m.ts_recv))
        else:
            self.n["orders"] += 1
            if m.action == "R":
                self.clear(book, m)
            elif not is_level:
                {"A": self.add, "C": self.cancel, "M": self.modify, "F": lambda *_: 0, "N": lambda *_: 0}[m.action](book, m)
        if m.flags & LAST:
            self.end(book, m)
        return True

    def top(self, book):
        bids = sorted(((p, v) for (s, p), v in self.level[book].items() if s == "B"), reverse=True)[:self.depth]
        asks = sorted((p, v) for (s, p), v in self.level[book].items() if s == "A")[:self.depth]
        return tuple(bids), tuple(asks)

    def end(self, book, m):
        top = self.top(book)
        if top != self.last_top.get(book, ((), ())):
            self.tops[book].append((top, m.ts_event, m.ts_recv))
            self.last_top[book] = top


# ---- writing ----

def header(version=3, schema=0, mappings=(("ESM4", 20240508, 20240509, 5602),), dataset=b"GLBX.MDP3", ts_out=0):
    width = 22 if version == 1 else 71
    text = lambda s: str(s).encode().ljust(width, b"\0")
    m = dataset.ljust(16, b"\0") + struct.pack("<HQQQ", schema, 1, 2**64 - 1, 0)
    m += (struct.pack("<Q", 0) if version == 1 else b"") + struct.pack("<BBB", 1, 0, ts_out)
    m += b"" if version == 1 else struct.pack("<H", width)
    m = m.ljust(100, b"\0") + struct.pack("<IIII", 0, 0, 0, 0)
    m += struct.pack("<I", len(mappings))
    m += b"".join(text(raw) + struct.pack("<III", 1, first, end) + text(ident) for raw, first, end, ident in mappings)
    return b"DBN" + bytes([version]) + struct.pack("<I", len(m)) + m


def mbo(action, order_id=0, side="N", price=NONE, size=0, flags=LAST, ts=0, instrument=5602, publisher=1, sequence=0, ts_recv=None, more=b""):
    return MBO.pack(14 + len(more) // 4, 0xa0, publisher, instrument, ts, order_id, price, size, flags, 0, action.encode(), side.encode(),
                    ts + 1000 if ts_recv is None else ts_recv, 1000, sequence) + more
