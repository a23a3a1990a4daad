# SPDX-License-Identifier: Apache-2.0
"""A small Parquet reader for the tests, written from apache/parquet-format alone: flat columns, data pages of both
versions, PLAIN, dictionary, DELTA_BINARY_PACKED and BYTE_STREAM_SPLIT, zstd and Snappy. Knows nothing of src/fmt."""
import ctypes
import ctypes.util
import functools
import struct

STRUCT_SIZE = {1: 4, 2: 8, 4: 4, 5: 8}
STRUCT_CODE = {1: "i", 2: "q", 4: "f", 5: "d"}


@functools.lru_cache
def _zstd():  # it is sought by programs of the system: once
    lib = ctypes.CDLL(ctypes.util.find_library("zstd") or "libzstd.so.1")
    for name in ("ZSTD_decompress", "ZSTD_findFrameCompressedSize"):
        getattr(lib, name).restype = ctypes.c_size_t
    lib.ZSTD_getFrameContentSize.restype = ctypes.c_ulonglong
    return lib


def unzstd(data):
    """All frames of data, one after the other; (bytes, number of frames)."""
    lib, out, at, n = _zstd(), [], 0, 0
    while at < len(data):
        rest = data[at:]
        size = lib.ZSTD_findFrameCompressedSize(rest, ctypes.c_size_t(len(rest)))
        raw = lib.ZSTD_getFrameContentSize(rest, ctypes.c_size_t(len(rest)))
        is_told = raw != (1 << 64) - 1  # a frame may not say its size
        raw = raw if is_told else 1 << 26
        if lib.ZSTD_isError(ctypes.c_size_t(size)) or raw > 1 << 40:
            raise ValueError(f"no zstd frame at {at}")
        buffer = ctypes.create_string_buffer(max(1, raw))
        got = lib.ZSTD_decompress(buffer, ctypes.c_size_t(raw), rest[:size], ctypes.c_size_t(size))
        if got != raw and (is_told or got > raw):
            raise ValueError(f"damaged zstd frame at {at}")
        out.append(buffer.raw[:got])
        at += size
        n += 1
    return b"".join(out), n


def unsnappy(data):
    size, at = _varint(data, 0)
    out = bytearray()
    while at < len(data):
        tag = data[at]
        at += 1
        if tag & 3 == 0:
            n = tag >> 2
            if n >= 60:
                n_bytes = n - 59
                n = int.from_bytes(data[at:at + n_bytes], "little")
                at += n_bytes
            out += data[at:at + n + 1]
            at += n + 1
            continue
        if tag & 3 == 1:
            n, back = (tag >> 2 & 7) + 4, (tag >> 5) << 8 | data[at]
            at += 1
        else:
            width = 2 if tag & 3 == 2 else 4
            n, back = (tag >> 2) + 1, int.from_bytes(data[at:at + width], "little")
            at += width
        if back >= n:
            out += out[len(out) - back:len(out) - back + n]
        else:
            for _ in range(n):
                out.append(out[-back])
    assert len(out) == size
    return bytes(out)


# ---- thrift's compact protocol ----

def _varint(b, at):
    v = shift = 0
    while True:
        v |= (b[at] & 127) << shift
        at += 1
        if b[at - 1] < 128:
            return v, at
        shift += 7


def _zigzag(b, at):
    v, at = _varint(b, at)
    return (v >> 1) ^ -(v & 1), at


def _value(b, at, kind):
    if kind in (1, 2):
        return kind == 1, at
    if kind == 3:
        return b[at], at + 1
    if kind in (4, 5, 6):
        return _zigzag(b, at)
    if kind == 7:
        return struct.unpack_from("<d", b, at)[0], at + 8
    if kind == 8:
        n, at = _varint(b, at)
        return bytes(b[at:at + n]), at + n
    if kind in (9, 10):
        n, of = b[at] >> 4, b[at] & 15
        at += 1
        if n == 15:
            n, at = _varint(b, at)
        out = []
        for _ in range(n):
            if of in (1, 2):
                v, at = b[at] == 1, at + 1
            else:
                v, at = _value(b, at, of)
            out.append(v)
        return out, at
    assert kind == 12, kind
    return _struct(b, at)


def _struct(b, at):
    out, last = {}, 0
    while b[at] != 0:
        head = b[at]
        at += 1
        if head >> 4:
            last += head >> 4
        else:
            last, at = _zigzag(b, at)
        out[last], at = _value(b, at, head & 15)
    return out, at + 1


# ---- values ----

def _hybrid(b, at, width, n):
    out, n_bytes = [], (width + 7) // 8
    while len(out) < n:
        head, at = _varint(b, at)
        if head & 1:
            count = (head >> 1) * 8
            if width == 0:
                out += [0] * count
            for group in range(min(count, n - len(out) + 7) // 8):  # eight values are whole bytes
                bits = int.from_bytes(b[at + group * width:at + (group + 1) * width], "little")
                out += [bits >> i * width & ((1 << width) - 1) for i in range(8)]
            at += count * width // 8
        else:
            out += [int.from_bytes(b[at:at + n_bytes], "little")] * (head >> 1)
            at += n_bytes
    return out[:n]


def _delta(b, at):
    block, at = _varint(b, at)
    n_mini, at = _varint(b, at)
    n, at = _varint(b, at)
    first, at = _zigzag(b, at)
    out = [first]
    while len(out) < n:
        least, at = _zigzag(b, at)
        widths = b[at:at + n_mini]
        at += n_mini
        for width in widths:
            if len(out) >= n:
                break
            per = block // n_mini
            bits = int.from_bytes(b[at:at + per * width // 8], "little")
            at += per * width // 8
            for i in range(min(per, n - len(out))):
                v = out[-1] + least + (bits >> i * width & ((1 << width) - 1))
                out.append((v + (1 << 63)) % (1 << 64) - (1 << 63))
    return out[:n]


def _plain(b, at, phys, n):
    if phys == 0:
        return [bool(b[at + i // 8] >> i % 8 & 1) for i in range(n)]
    if phys == 6:
        out = []
        for _ in range(n):
            size = struct.unpack_from("<I", b, at)[0]
            out.append(b[at + 4:at + 4 + size].decode())
            at += 4 + size
        return out
    return list(struct.unpack_from(f"<{n}{STRUCT_CODE[phys]}", b, at))


def _decode(b, at, encoding, phys, n, dictionary):
    if n == 0:
        return []
    if encoding == 0:
        return _plain(b, at, phys, n)
    if encoding in (2, 8):
        return [dictionary[i] for i in _hybrid(b, at + 1, b[at], n)]
    if encoding == 5:
        return _delta(b, at)
    assert encoding == 9, encoding
    size = STRUCT_SIZE[phys]
    joined = bytearray(n * size)
    for i in range(size):
        joined[i::size] = b[at + i * n:at + (i + 1) * n]
    return list(struct.unpack_from(f"<{n}{STRUCT_CODE[phys]}", joined))


def _unpack(codec, data):
    if codec == 0:
        return data
    return unsnappy(data) if codec == 1 else unzstd(data)[0]


def _chunk(data, meta, phys, is_optional):
    """Values of one column chunk, None for null."""
    at = meta.get(11, meta[9])
    out, dictionary = [], None
    while len(out) < meta[5]:
        head, at = _struct(data, at)
        page = data[at:at + head[3]]
        at += head[3]
        if head[1] == 2:
            dictionary = _plain(_unpack(meta[4], page), 0, phys, head[7][1])
            continue
        levels, begin = None, 0
        if head[1] == 3:
            h = head[8]
            n, encoding, n_def = h[1], h[4], h[5]
            if is_optional:
                levels = _hybrid(page, 0, 1, n)
            body = _unpack(meta[4], page[n_def:]) if h.get(7, True) else page[n_def:]
        else:
            n, encoding = head[5][1], head[5][2]
            body = _unpack(meta[4], page)
            if is_optional:
                size = struct.unpack_from("<I", body)[0]
                levels = _hybrid(body, 4, 1, n)
                begin = 4 + size
        levels = levels or [1] * n
        values = _decode(body, begin, encoding, phys, sum(levels), dictionary)
        rest = iter(values)
        out += values if len(values) == n else [next(rest) if level else None for level in levels]
    return out


def _footer(path):
    with open(path, "rb") as f:
        data = f.read()
    assert data[:4] == data[-4:] == b"PAR1", path
    size = struct.unpack_from("<I", data, len(data) - 8)[0]
    return data, _struct(data, len(data) - 8 - size)[0]


def has_dictionary(path, column):
    """Of each row group: has the column one there?"""
    _, meta = _footer(path)
    at = [field[4].decode() for field in meta[2][1:]].index(column)
    return [11 in group[1][at][3] for group in meta[4]]


def read(path, columns=None):
    """{column: values} of a flat table; decimals are unscaled integers, times integers."""
    data, meta = _footer(path)
    schema = meta[2][1:]
    out = {}
    for i, field in enumerate(schema):
        name = field[4].decode()
        if columns is None or name in columns:
            out[name] = []
            for group in meta[4]:
                out[name] += _chunk(data, group[1][i][3], field[1], field.get(3, 0) == 1)
    return out
