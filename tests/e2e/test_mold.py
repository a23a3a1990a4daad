# SPDX-License-Identifier: Apache-2.0
"""MoldUDP64: a day of ITCH in packets, in captures of every kind, lost, twice, late and damaged, against a receiver of the
test's own: what it hands on, written as a plain ITCH file, gives the same rows."""
import collections
import functools
import gzip
import os
import random
import struct

import parquet
import kills
import tap

DAY = "2024-05-07"
MIDNIGHT = 1715054400 * 10**9  # 04:00 UTC: New York in summer
SESSION = b"000000042A"


def write(name, raw):
    path = os.path.join(tap.SCRATCH, name)
    with open(path, "wb") as f:
        f.write(raw)
    return path


def messages(path):
    with open(path, "rb") as f:
        data = f.read()
    at, out = 0, []
    while at < len(data):
        n = struct.unpack_from(">H", data, at)[0]
        out.append(data[at + 2:at + 2 + n])
        at += 2 + n
    return out


def block(msgs):
    return b"".join(struct.pack(">H", len(m)) + m for m in msgs)


def packet(seq, msgs, session=SESSION, count=None):
    return session + struct.pack(">QH", seq, len(msgs) if count is None else count) + block(msgs)


def packets(msgs, rng, beats=True):
    """(sequence, messages) of each packet; none: a heartbeat."""
    out, at = [], 0
    while at < len(msgs):
        n = rng.randrange(1, 40)
        out.append((at + 1, msgs[at:at + n]))
        at += n
        if beats and rng.random() < 0.05:
            out.append((min(at, len(msgs)) + 1, []))
    return out


class Receiver:
    """The documented outcome: each message once, in order; what is missing is missing for ever."""
    def __init__(self):
        self.next, self.holes, self.dups, self.out, self.n = 1, [], 0, [], 0

    def take(self, seq, msgs):
        if seq > self.next:
            self.holes.append((self.next - 1, seq, len(self.out)))
            self.next = seq
        before = min(len(msgs), self.next - seq)
        self.dups += before
        self.out += msgs[before:]
        self.next = max(self.next, seq + len(msgs))
        return self


def time_of(msgs):
    return int.from_bytes(msgs[0][5:11], "big") if msgs else 0


def frame(payload, vlans=0, proto=17, fragment=0):
    udp = struct.pack(">HHHH", 26477, 26400, 8 + len(payload), 0) + payload
    ip = struct.pack(">BBHHHBBHII", 0x46, 0, 24 + len(udp), 1, fragment, 9, proto, 0, 0x0a000001, 0xe9361234) + b"\1\1\1\0" + udp
    tags = b"".join(struct.pack(">HH", 0x88a8 if k + 1 < vlans else 0x8100, 7) for k in range(vlans))
    return b"\1\0\x5e\x36\x12\x34" + b"\2\0\0\0\0\1" + tags + b"\x08\0" + ip


def pcap(frames, order="<", ns=True, cut=None):
    """frames: (time in ns, bytes)."""
    out = [struct.pack(order + "IHHiIII", 0xa1b23c4d if ns else 0xa1b2c3d4, 2, 4, 0, 0, 262144, 1)]
    for at, data in frames:
        here = data if cut is None else data[:cut]
        out.append(struct.pack(order + "IIII", at // 10**9, at % 10**9 // (1 if ns else 1000), len(here), len(data)) + here)
    return b"".join(out)


def lengths(pkts):
    return b"".join(struct.pack(">H", len(p)) + p for p in pkts)


def rows_of(folder, table):
    out = collections.defaultdict(list)
    for base, _, files in sorted(os.walk(os.path.join(folder, table))):
        symbol = [p[7:] for p in base.split(os.sep) if p.startswith("symbol=")]
        for name in sorted(files, key=lambda s: int(s.split("-")[1].split(".")[0])):
            t = parquet.read(os.path.join(base, name))
            out[symbol[0]] += [dict(zip(t, r)) for r in zip(*t.values())]
    return out


def values(rows, less=("ts_recv", "flags")):
    return {s: [{k: v for k, v in r.items() if k not in less} for r in rr] for s, rr in rows.items()}


TABLES = ("deltas", "trades", "books")
KILLS = 30


@functools.lru_cache(maxsize=4)
def wanted(folder, table, less):
    return values(rows_of(folder, table), less)


def same_rows(a, b, less=("ts_recv", "flags")):
    """The tables that differ; b is not written again."""
    return [t for t in TABLES if values(rows_of(a, t), less) != wanted(b, t, less)]


def run(path, name):
    out = os.path.join(tap.SCRATCH, name + ".out")
    got = tap.run_json(path, "--out", out, "--force")
    return out, got


def check_whole(path, msgs, plain, counts):
    """Nothing is lost: the rows of the plain file, whatever stands around the packets."""
    rng = random.Random(5)
    pk = packets(msgs, rng) + [(len(msgs) + 1, None)]
    raw = [packet(s, m or [], count=0xffff if m is None else None) for s, m in pk]
    at = [MIDNIGHT + max(time_of(m or []), 4 * 3600 * 10**9) + 12345 for _, m in pk]
    for i in range(1, len(at)):
        at[i] = max(at[i], at[i - 1])
    files = {f"lengths_{DAY}.mold": lengths(raw), f"packed_{DAY}.mold.gz": gzip.compress(lengths(raw), 1),
             "ns.pcap": pcap([(t, frame(p)) for t, p in zip(at, raw)]), "big.pcap": pcap([(t, frame(p)) for t, p in zip(at, raw)], ">"),
             "us.pcap": pcap([(t, frame(p, 1)) for t, p in zip(at, raw)], "<", False),
             "vlans.pcap": pcap([(t, frame(p, rng.randrange(3))) for t, p in zip(at, raw)], ">", False)}
    for name, data in tap.share(files.items(), 2):
        out, got = run(write(name, data), name)
        wrong = same_rows(out, plain)
        tap.check(f"{name}: {len(raw)} packets give the rows of the plain file", not wrong and got["gaps"] == 0 and got["duplicates"] == 0
                  and not got["rejected"] and all(got[k] == counts[k] for k in ("orders", "trades", "order_faults", "levels"))
                  and got["lines"] == len(raw), f"{wrong} {got}")
        if name.endswith(".pcap"):
            unit = 1 if name in ("ns.pcap", "big.pcap") else 1000
            times = {t // unit * unit for t in at}
            recv = {r["ts_recv"] for rr in rows_of(out, "deltas").values() for r in rr}
            tap.check(f"{name}: ts_recv is the capture's time", recv <= times and len(recv) > 100)
    flags = {r["flags"] & 4 for rr in rows_of(out, "deltas").values() for r in rr}
    tap.check("no row is marked where nothing is missing", flags == {0}, flags)


def faults(pk, rng):
    """Packets as two lines and a bad network give them: (sequence, messages)."""
    out = []
    for seq, msgs in pk:
        u = rng.random()
        if u < 0.02:
            continue
        out.append((seq, msgs))
        if u < 0.2:
            out.append((seq, msgs))  # the other line
        elif u < 0.22 and len(out) > 3:
            i = rng.randrange(max(0, len(out) - 30), len(out))
            out.append(out[i])  # a retransmission
        elif u < 0.24 and len(out) > 1 and msgs:
            old = out[-2]
            if old[0] + len(old[1]) == seq:
                out.append((old[0], old[1] + msgs))  # cut in another way
        elif u < 0.26 and len(out) > 1:
            out[-1], out[-2] = out[-2], out[-1]  # one comes late
    return out


def check_faults(msgs, head):
    for seed in tap.share(range(6), 2):
        rng = random.Random(seed)
        first = rng.randrange(head, len(msgs) // 2) if seed == 5 else 0  # 5: begins in mid-session
        pk = [(s, m) for s, m in faults(packets(msgs, rng), rng) if s > first]
        if seed % 2 == 0 and seed != 5:  # nothing before the first orders is missing
            pk = packets(msgs[:head], rng, False)[:1] and [(1, msgs[:head])] + [(s, m) for s, m in pk if s > head]
        want = Receiver()
        for s, m in pk:
            want.take(s, m)
        name = f"faults{seed}_{DAY}.mold"
        path = write(name, lengths([packet(s, m) for s, m in pk]))
        out, got = run(path, name)
        plain, _ = run(write(f"plain{seed}_{DAY}.itch", block(want.out if seed != 5 else msgs[:head] + want.out)), f"plain{seed}")
        if seed == 5:  # stocks that nobody lists are known by the orders that name them
            check_mid(name, got, want)
            continue
        wrong = same_rows(out, plain)
        tap.check(f"{name}: the rows of what the receiver hands on, {len(want.holes)} holes, {want.dups} messages twice",
                  not wrong and got["duplicates"] == want.dups and not got["rejected"] and got["lines"] == len(pk), f"{wrong} {got}")
        check_marks(name, out, want, got, seed)
        if seed < 3:
            check_kept(name, path, out, got)


def check_mid(name, got, want):
    tap.check(f"{name}: a capture that begins in mid-session: orders from before are faults, not rejects",
              got["duplicates"] == want.dups and got["order_faults"] > 0 and got["orders"] > 0, got)


def check_kept(name, path, out, got):
    """Holes are in the table of events too."""
    table = os.path.join(tap.SCRATCH, f"{name}.events.parquet")
    code, _, err = tap.run("convert", path, table, "--force", "--lossy")
    again, kept = run(table, f"{name}.events")
    wrong = [t for t in ("deltas", "gaps") if values(rows_of(again, t), ("ts_recv",)) != values(rows_of(out, t), ("ts_recv",))]
    tap.check(f"{name}: a table of its events tells of the same holes", code == 0 and kept["gaps"] == got["gaps"] > 0 and not wrong,
              f"{err} {wrong} {kept['gaps']} {got['gaps']}")


def check_marks(name, out, want, got, seed):
    """Rows behind the first hole are marked to the end; each hole is a row of gaps, of every instrument that was there."""
    before, _ = run(write(f"before{seed}_{DAY}.itch", block(want.out[:want.holes[0][2]])), f"before{seed}")
    n_before = {s: len(rr) for s, rr in rows_of(before, "deltas").items()}
    rows = rows_of(out, "deltas")
    wrong = [s for s, rr in rows.items() if [bool(r["flags"] & 4) for r in rr]
             != [i >= n_before.get(s, 0) for i in range(len(rr))]]
    tap.check(f"{name}: every row behind the first hole is marked, none before it", not wrong, wrong[:3])
    gaps = {s: [(r["seq_last_good"], r["seq_next"]) for r in rr] for s, rr in rows_of(out, "gaps").items()}
    holes = [(a, b) for a, b, _ in want.holes]
    ok = all(g == holes[len(holes) - len(g):] for g in gaps.values()) and len(gaps) == len(rows)
    ok = ok and all(len(gaps[s]) == len(holes) for s in n_before)
    tap.check(f"{name}: each hole is a row of gaps with its numbers", ok and got["gaps"] == sum(map(len, gaps.values())), f"{holes[:3]} {got['gaps']}")
    code, text, err = tap.run("verify", os.path.join(tap.SCRATCH, name))
    a, b = min(g[0] for g in gaps.values())
    tap.check(f"{name}: verify names what is missing", code == 1 and f"update {a + 1} was expected, {b} came" in text + err, text[:300] + err[:300])


def check_damage(msgs):
    rng = random.Random(3)
    pk = packets(msgs, rng, False)
    raw = [packet(s, m) for s, m in pk]
    out = os.path.join(tap.SCRATCH, "damaged")
    other = [packet(1, msgs[:3], session=b"SOMEBODY  ")] * 4
    short = [packet(s, m)[:-3] for s, m in pk[50:55]]
    mixed = raw[:50] + other + short + raw[50:]
    got = tap.run_json(write(f"mixed_{DAY}.mold", lengths(mixed)), "--out", out, "--force")
    tap.check("another session's packets and broken ones are rejects, nothing else is lost", got.get("rejected") ==
              {"unknown_message": 4, "field_missing": 5} and got["gaps"] == 0 and got["lines"] == len(mixed), got)
    bad = [bytearray(p) for p in raw]
    for p in bad[100:110]:
        p[22] = ord("z")  # the type of its first message
    got = tap.run_json(write(f"bad_{DAY}.mold", lengths(bad)), "--out", out, "--force")
    tap.check("a message of an unknown type is one reject", got.get("rejected") == {"unknown_message": 10} and got["gaps"] == 0, got)
    got = tap.run_json(write(f"cut_{DAY}.mold", lengths(raw)[:-5]), "--out", out, "--force")
    tap.check("a file cut short: one reject", got.get("rejected") == {"truncated": 1}, got)
    noise = [(MIDNIGHT + i, f) for i, f in enumerate(
        [frame(b"x" * 9), frame(raw[0], proto=6), frame(raw[0], fragment=0x2000), b"\1" * 40, frame(b""), frame(raw[0])[:30]])]
    day = noise + [(MIDNIGHT + 10**6 + i, frame(p)) for i, p in enumerate(raw)] + noise
    got = tap.run_json(write("noise.pcap", pcap(day)), "--out", out, "--force")
    tap.check("what is no MoldUDP64 in a capture is passed over", not got.get("rejected", True) and got["gaps"] == 0 and got["lines"] == len(day), got)
    got = tap.run_json(write("snap.pcap", pcap([(MIDNIGHT + i, frame(p)) for i, p in enumerate(raw)], cut=600)), "--out", out, "--force")
    n = sum(len(frame(p)) > 600 for p in raw)
    tap.check(f"a capture of 600 bytes a frame: {n} packets are cut, and missing", got.get("rejected") == {"truncated": n} and got["gaps"] > 0, got)
    lost = bytearray(pcap(day))
    at = 24
    for _ in range(60):
        at += 16 + struct.unpack_from("<I", lost, at + 8)[0]
    struct.pack_into("<I", lost, at + 8, 1 << 30)
    code, _, err = tap.run("run", write("lost.pcap", lost), "--out", out, "--force")
    tap.check("a frame of a gigabyte: exit 3 and the place", code == 3 and f"offset {at}" in err, f"{code} {err}")
    wifi = bytearray(pcap(day))
    wifi[20] = 105
    code, _, err = tap.run("run", write("wifi.pcap", wifi), "--out", out, "--force")
    tap.check("a capture of another link is refused", code == 3 and "105" in err, f"{code} {err}")
    for name, data, words in (("new.pcap", b"\x0a\x0d\x0d\x0a" + bytes(100), "pcapng"), ("none.pcap", pcap(noise), "no packet of MoldUDP64")):
        code, _, err = tap.run("run", write(name, data), "--out", out, "--force")
        tap.check(f"{name}: refused by name", code == 3 and words in err, f"{code} {err}")


def check_kills(msgs, head):
    rng = random.Random(1)
    pk = [(1, msgs[:head])] + [(s, m) for s, m in faults(packets(msgs, rng), rng) if s > head]
    raw = lengths([packet(s, m) for s, m in pk])
    for path in (write(f"kill_{DAY}.mold", raw), write(f"kill_{DAY}.mold.gz", gzip.compress(raw, 1))):
        base, plan = os.path.basename(path), kills.plan("kill.yaml", path, 5000)
        out = os.path.join(tap.SCRATCH, "killed" + base)
        tap.run("run", plan, "--out", out + ".whole")
        want = tap.digest(out + ".whole")
        code, _, err = tap.run("run", plan, "--out", out + ".one", "--lanes", 1)
        tap.check(f"{base}: equal bytes with one lane", code == 0 and tap.digest(out + ".one") == want, err)
        done = kills.to_the_end([plan], out, want, 1, KILLS, ("sync", "rename"), 60)
        tap.check(f"{base}: killed {done.n} times, then the bytes of an undisturbed run", not done.wrong and done.n > 5, done)


def main():
    path = os.path.join(tap.SCRATCH, f"day_{DAY}.itch")
    tap.run("gen", "--format", "itch", "--orders", 20000, "--instruments", 8, "--seed", 7, "--out", path)
    msgs = messages(path)
    head = next(i for i, m in enumerate(msgs) if m[:1] not in b"SRHYL")
    plain, counts = run(path, "plain")
    check_whole(path, msgs, plain, counts)
    check_faults(msgs, head)
    check_damage(msgs)
    check_kills(msgs, head)
    tap.finish()


main()
