# SPDX-License-Identifier: Apache-2.0
"""Statistics and page indexes of Parquet files against their data, read with pyarrow and a Thrift reader of our own:
no reader that Python has shows the page indexes. Prints a JSON list of findings; run as `python parquet_index.py DIR`."""
import glob
import json
import math
import struct
import sys

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq


class Thrift:
    """Compact protocol, generically: a struct is a dict by field id. Source: thrift-compact-protocol.md."""

    def __init__(self, data):
        self.data, self.at = data, 0

    def byte(self):
        self.at += 1
        return self.data[self.at - 1]

    def varint(self):
        value = shift = 0
        while True:
            b = self.byte()
            value |= (b & 0x7F) << shift
            shift += 7
            if b < 0x80:
                return value

    def zigzag(self):
        v = self.varint()
        return v >> 1 ^ -(v & 1)

    def value(self, kind, in_list=False):
        if kind in (1, 2):
            return self.byte() == 1 if in_list else kind == 1
        if kind == 3:
            return self.byte()
        if kind in (4, 5, 6):
            return self.zigzag()
        if kind == 7:
            self.at += 8
            return struct.unpack("<d", self.data[self.at - 8:self.at])[0]
        if kind == 8:
            n = self.varint()
            self.at += n
            return self.data[self.at - n:self.at]
        if kind == 9:
            head = self.byte()
            n = head >> 4 if head >> 4 < 15 else self.varint()
            return [self.value(head & 15, True) for _ in range(n)]
        assert kind == 12, kind
        return self.struct()

    def struct(self):
        out, last = {}, 0
        while True:
            head = self.byte()
            if head == 0:
                return out
            last = last + (head >> 4) if head >> 4 else self.zigzag()
            out[last] = self.value(head & 15)


def raw(value, kind):
    """A value of the data as the bounds of an index hold it, comparable."""
    if value is None or pa.types.is_string(kind):
        return value
    if pa.types.is_decimal(kind):
        return int(value.scaleb(kind.scale))
    return value


def bound(data, kind):
    if pa.types.is_string(kind):
        return data.decode()
    if pa.types.is_floating(kind):
        return struct.unpack("<d", data)[0]
    if pa.types.is_boolean(kind):
        return data != b"\0"
    return int.from_bytes(data, "little", signed=not pa.types.is_unsigned_integer(kind))


def extremes(column):
    """(least, greatest, nulls); NaNs count for nothing."""
    kind = column.type
    values = column.cast(pa.int64()) if pa.types.is_timestamp(kind) else column
    if pa.types.is_floating(kind):
        values = values.filter(pc.invert(pc.fill_null(pc.is_nan(values), True)))
    both = pc.min_max(values).as_py()
    return raw(both["min"], kind), raw(both["max"], kind), column.null_count


def same(a, b):
    return a == b or (isinstance(a, float) and isinstance(b, float) and math.isnan(a) and math.isnan(b))


def check_pages(data, chunk, column, say):
    """chunk: ColumnChunk of the footer. column: its values."""
    if 4 not in chunk or 6 not in chunk:
        return say("no page index")
    pages = Thrift(data[chunk[4]:chunk[4] + chunk[5]]).struct()[1]
    index = Thrift(data[chunk[6]:chunk[6] + chunk[7]]).struct()
    rows = [p[3] for p in pages] + [len(column)]
    if rows[0] != 0 or any(a >= b for a, b in zip(rows, rows[1:])):
        say(f"first rows of pages {rows}")
    offsets = [p[1] for p in pages]
    if offsets[0] != chunk[3][9] or any(p[1] + p[2] != o for p, o in zip(pages, offsets[1:])):
        say(f"offsets of pages {offsets}")
    bounds = []
    for i in range(len(pages)):
        head = Thrift(data[offsets[i]:offsets[i] + 100])
        head = head.struct()
        if head[5][1] != rows[i + 1] - rows[i] or 4 not in head:
            say(f"page {i}: its header says {head}")
        low, high, nulls = extremes(column.slice(rows[i], rows[i + 1] - rows[i]))
        if index[5][i] != nulls or index[1][i] != (low is None):
            say(f"page {i}: {index[5][i]} nulls, not {nulls}")
        if low is None:
            continue
        got = bound(index[2][i], column.type), bound(index[3][i], column.type)
        bounds.append(got)
        if not same(got[0], low) or not same(got[1], high):
            say(f"page {i}: bounds {got}, not {(low, high)}")
    rises = all(a <= b for k in (0, 1) for a, b in zip([x[k] for x in bounds], [x[k] for x in bounds][1:]))
    if index[4] == 1 and not rises or index[4] == 0 and rises:
        say(f"boundary order {index[4]}, and they {'rise' if rises else 'do not rise'}")
    return len(pages)


def check_file(path, findings):
    with open(path, "rb") as f:
        data = f.read()
    n_footer = struct.unpack("<I", data[-8:-4])[0]
    footer = Thrift(data[-8 - n_footer:-8]).struct()
    reader, n_pages = pq.ParquetFile(path, page_checksum_verification=True), 0
    for g in range(reader.num_row_groups):
        table = reader.read_row_group(g)
        for c, name in enumerate(table.column_names):
            def say(what, name=name, g=g):
                findings.append(f"{path}, row group {g}, {name}: {what}")
            column = table[name].combine_chunks()
            meta = reader.metadata.row_group(g).column(c)
            low, high, nulls = extremes(column)
            stats = footer[4][g][1][c][3][12]
            if stats.get(3) != nulls or meta.statistics.null_count != nulls:
                say(f"{stats.get(3)} nulls, not {nulls}")
            if (low is None) != (5 not in stats):
                say("bounds of nothing, or none of something")
            elif low is not None:
                got = bound(stats[6], column.type), bound(stats[5], column.type)
                if not same(got[0], low) or not same(got[1], high):
                    say(f"bounds {got}, not {(low, high)}")
            if not meta.has_offset_index or not meta.has_column_index:
                say("pyarrow sees no page index")
            n_pages += check_pages(data, footer[4][g][1][c], column, say) or 0
    return n_pages


def main():
    findings, n_files, n_pages = [], 0, 0
    for path in sorted(glob.glob(sys.argv[1] + "/**/*.parquet", recursive=True)):
        n_files += 1
        n_pages += check_file(path, findings)
    print(json.dumps(dict(findings=findings[:50], files=n_files, pages=n_pages)))


main()
