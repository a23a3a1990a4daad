# SPDX-License-Identifier: Apache-2.0
"""Plain definitions of the market features over whole series, for market_cases.py: every value from its formula, nothing carried on that need not be."""
import math
import random
from fractions import Fraction

ROWS = 320
LEVELS = 6
NONE = None
LN2 = math.log(2)


class T(int):
    """A duration, ns."""


def s(seconds):
    return T(round(seconds * 1e9))


class Market:
    """Rows of one instrument: a book that changes a little at a time, trades between; books with levels that are missing and with one side, equal
    times and late rows, trades whose side is not known."""

    def __init__(self, seed):
        r = self.r = random.Random(seed)
        self.ts, self.rows, self.trades = [], [], []
        now, best = 1_000_000_000_000, [9998, 10001]
        side = [self.fresh(0, best[0]), self.fresh(1, best[1])]
        for i in range(ROWS):
            now += r.choice([0, r.randint(1, 40) * 1_000_000, r.randint(1, 40) * 1_000_000, r.randint(1, 400) * 1_000_000])
            now += 2_500_000_000 if i in (120, 230) else 0
            self.ts.append(now - (r.randint(1, 60) * 1_000_000 if r.random() < 0.06 else 0))
            trade = (NONE, NONE, NONE)
            if i > 2 and r.random() < 0.4:
                trade = self.trade(side)
            else:
                self.change(side)
            self.trades.append(trade)
            shown = [[x for x in sd] for sd in side]
            if r.random() < 0.03:
                shown[r.randrange(2)] = []
            if r.random() < 0.03:
                sd = shown[r.randrange(2)]
                if sd:
                    sd[r.randrange(len(sd))] = (NONE, NONE)
            self.rows.append(shown)
        self.columns()

    def fresh(self, j, px):
        out = []
        for _ in range(self.r.randint(2, LEVELS)):
            out.append((px, self.r.randint(1, 48)))
            px += (1 if j else -1) * self.r.choice([1, 1, 1, 2, 3])
        return out

    def change(self, side):
        r = self.r
        j = r.randrange(2)
        kind = r.random()
        if kind < 0.65:
            k = min(r.randrange(LEVELS), r.randrange(LEVELS), len(side[j]) - 1)
            side[j][k] = (side[j][k][0], r.randint(1, 48))
        elif kind < 0.8 and len(side[j]) > 2:
            side[j].pop(0)
        else:
            other = side[1 - j][0][0]
            px = side[j][0][0] + (-1 if j else 1) * r.randint(0, 2)
            px = max(px, other + 1) if j else min(px, other - 1)
            side[j] = self.fresh(j, px)

    def trade(self, side):
        r = self.r
        taker = r.choice([1, 1, -1])
        px = side[1 if taker > 0 else 0][0][0]
        kind = r.random()
        if kind < 0.15:
            px = (side[0][0][0] + side[1][0][0]) / 2
        elif kind < 0.25:
            px += taker * r.choice([1, -1])
        return px, r.randint(1, 40), taker if r.random() > 0.1 else NONE

    def columns(self):
        def level(j, k, f):
            return [f(row[j][k]) if k < len(row[j]) and row[j][k][0] is not NONE else NONE for row in self.rows]
        self.bp, self.ap = ([level(j, k, lambda x: x[0] / 100) for k in range(LEVELS)] for j in (0, 1))
        self.bq, self.aq = ([level(j, k, lambda x: x[1] / 4) for k in range(LEVELS)] for j in (0, 1))
        self.px = [NONE if t[0] is NONE else t[0] / 100 for t in self.trades]
        self.qty = [NONE if t[1] is NONE else t[1] / 4 for t in self.trades]
        self.side = [NONE if t[2] is NONE else float(t[2]) for t in self.trades]
        self.mid = each(lambda b, a: (b + a) / 2, self.bp[0], self.ap[0])
        self.spread = each(lambda b, a: a - b, self.bp[0], self.ap[0])

    def book(self, i, levels):
        """(price, quantity) of the levels that are there, bids and asks; the mid of the best."""
        out = [[(p[k][i], q[k][i]) for k in range(min(levels, LEVELS)) if p[k][i] is not NONE] for p, q in ((self.bp, self.bq), (self.ap, self.aq))]
        return out[0], out[1], self.mid[i]


def fin(f, *x):
    """f of x; what is not a finite number is none."""
    try:
        v = f(*x)
    except (ZeroDivisionError, ValueError, OverflowError, TypeError, IndexError):
        return NONE
    return v if v is NONE or math.isfinite(v) else NONE


def each(f, *x):
    return [NONE if NONE in v else fin(f, *v) for v in zip(*x)]


def rows_of(m, w, *cols):
    """At each row the rows of its window: the last w without a none, or those of the last w ns of the newest time."""
    seen, newest, out = [], -math.inf, []
    for i, v in enumerate(zip(*cols)):
        if NONE in v:
            out.append(NONE)
            continue
        newest = max(newest, m.ts[i])
        seen.append((newest, v if len(v) > 1 else v[0]))
        if isinstance(w, T):
            out.append([x for t, x in seen if t > newest - w])
        else:
            out.append([x for _, x in seen[-w:]] if len(seen) >= w else NONE)
    return out


def roll(m, w, f, *cols):
    return [NONE if x is NONE else fin(f, x) for x in rows_of(m, w, *cols)]


def past(m, w, x):
    """x so many rows before, or the newest that is at least so old."""
    seen, newest, out = [], -math.inf, []
    for i, v in enumerate(x):
        if v is NONE:
            out.append(NONE)
            continue
        newest = max(newest, m.ts[i])
        seen.append((newest, v))
        old = [a for t, a in seen if t <= newest - w] if isinstance(w, T) else [a for _, a in seen[:-w]]
        out.append(old[-1] if old else NONE)
    return out


def before(x, k=1):
    """The value k rows without a none before, at each row that has one."""
    seen, out = [], []
    for v in x:
        out.append(seen[-k] if v is not NONE and len(seen) >= k else NONE)
        seen += [] if v is NONE else [v]
    return out


def mean(x):
    return math.fsum(x) / len(x)


def var(x):
    x = [Fraction(v) for v in x]
    mu = sum(x) / len(x)
    return float(sum((v - mu) ** 2 for v in x) / len(x))


def cov(xy):
    x, y = ([Fraction(v[j]) for v in xy] for j in (0, 1))
    mx, my = sum(x) / len(x), sum(y) / len(y)
    return float(sum((a - mx) * (b - my) for a, b in zip(x, y)) / len(x))


def corr(xy):
    return cov(xy) / math.sqrt(var([v[0] for v in xy])) / math.sqrt(var([v[1] for v in xy]))


def beta(xy):
    return cov(xy) / var([v[1] for v in xy])


def ratio(xy):
    return math.fsum(v[0] for v in xy) / math.fsum(v[1] for v in xy)


def ln_ratio(a, b):
    if a <= 0 or b <= 0:
        raise ValueError
    return math.log1p(float(Fraction(a) / Fraction(b) - 1))


def sign(x):
    return (x > 0) - (x < 0)


def hold(shown, value, has):
    """At each row with has the newest value of those rows that showed one, whatever it was."""
    out, held = [], NONE
    for a, v, h in zip(shown, value, has):
        held = v if a is not NONE else held
        out.append(held if h is not NONE else NONE)
    return out


# ---- the book as it stands ----

def touch(f):
    return lambda m: each(f, m.bp[0], m.bq[0], m.ap[0], m.aq[0])


def log_size(x, bq, aq):
    size = math.log(bq) + math.log(aq)
    return x / size if size > 0 else NONE


def book(f, n_out=1, levels_at=0):
    """f(bids, asks, mid, *args) at each row; n_out values."""
    def run(m, *args):
        rows = []
        for i in range(ROWS):
            try:
                v = f(*m.book(i, args[levels_at]), *args)
            except (ZeroDivisionError, ValueError, TypeError, IndexError):
                v = NONE
            rows.append((v if isinstance(v, tuple) else (v,) * n_out) if n_out > 1 else (v,))
        out = tuple([fin(lambda x: x, r[j]) for r in rows] for j in range(n_out))
        return out if n_out > 1 else out[0]
    return run


def sides(f):
    """A value of each side by itself."""
    return book(lambda b, a, mid, *args: tuple(fin(f, x, mid, *args) for x in (b, a)), 2)


def total(x):
    return math.fsum(q for _, q in x)


def notional(x):
    return math.fsum(p * q for p, q in x)


def vwap(x):
    return notional(x) / total(x)


def tilt(b, a):
    return (b - a) / (b + a)


def with_both(f):
    def run(*args):
        x, y = f(*args)
        return x, y, (x + y if x is not NONE and y is not NONE else NONE)
    return run


def some(x):
    if not x:
        raise ValueError
    return x


def near(x, mid, bps):
    return [(p, q) for p, q in x if 10000 * abs(p - mid) <= bps * mid]


def best_mid(b, a, mid):
    return mid * 1.0


def within(b, a, mid, bps, _):
    best_mid(b, a, mid)
    return total(near(b, mid, bps)), total(near(a, mid, bps))


def entropy(x):
    return -math.fsum(q / total(x) * math.log(q / total(x)) for _, q in some(x))


def hhi(x):
    return math.fsum((q / total(x)) ** 2 for _, q in some(x))


def slope(x, mid):
    v = [math.log(math.fsum(q for _, q in x[:k + 1])) for k in range(len(x))]
    parts = [v[0] / abs(x[0][0] / mid - 1)] + [(v[k] / v[k - 1] - 1) / abs(x[k][0] / x[k - 1][0] - 1) for k in range(1, len(x))]
    return mean(parts)


def book_slope(b, a, mid, _):
    x, y = fin(slope, b, mid), fin(slope, a, mid)
    return x, y, (x + y) / 2 if x is not NONE and y is not NONE else NONE


def convexity(x):
    wide = abs(x[-1][0] - x[0][0])
    c = [math.fsum(q for _, q in x[:k + 1]) / total(x) for k in range(len(x))]
    area = math.fsum(abs(x[k][0] - x[k - 1][0]) / wide * (c[k] + c[k - 1]) / 2 for k in range(1, len(x)))
    return 1 - 2 * area if len(x) > 1 else NONE


def gaps(x):
    return mean([abs(x[k][0] - x[k - 1][0]) for k in range(1, len(x))])


def level_gap(m, k):
    return tuple(each(lambda p, q: abs(p - q), x[k], x[k - 1]) for x in (m.bp, m.ap))


def sweep(x, want, by_notional=False):
    paid = taken = 0.0
    for p, q in x:
        rest = (want - paid) / p if by_notional else want - taken
        part = min(q, rest)
        paid, taken = paid + p * part, taken + part
        if q >= rest:
            return paid / taken, p
    return NONE, NONE


def fill(j, by_notional=False):
    return lambda b, a, mid, want, _: (sweep(a, want, by_notional)[j], sweep(b, want, by_notional)[j])


def cost(b, a, mid, want, _):
    buy, sell = sweep(a, want)[0], sweep(b, want)[0]
    return fin(lambda: 10000 * (buy - mid) / mid), fin(lambda: 10000 * (mid - sell) / mid)


# ---- changes of the book ----

def flow(was, now):
    (bp0, bq0, ap0, aq0), (bp, bq, ap, aq) = was, now
    return (bp >= bp0) * bq - (bp <= bp0) * bq0 - (ap <= ap0) * aq + (ap >= ap0) * aq0


def ofi_level(m, k):
    rows = list(zip(m.bp[k], m.bq[k], m.ap[k], m.aq[k]))
    rows = [NONE if NONE in r else r for r in rows]
    return each(lambda now, was: flow(was, now), rows, before(rows))


def mlofi(m, levels, decay=1):
    def level(i, k):
        b, a = ((m.bp[k][i], m.bq[k][i]), (m.ap[k][i], m.aq[k][i])) if k < LEVELS else ((NONE, NONE), (NONE, NONE))
        return (b if b[0] is not NONE else (-math.inf, 0)) + (a if a[0] is not NONE else (math.inf, 0))
    rows = [[level(i, k) for k in range(levels)] for i in range(ROWS)]
    rows = [r if any(math.isfinite(x[0]) or math.isfinite(x[2]) for x in r) else NONE for r in rows]
    return each(lambda now, was: sum(decay ** k * flow(was[k], now[k]) for k in range(levels)), rows, before(rows))


def ofi_scaled(m, levels, w):
    e = mlofi(m, levels)
    size = [NONE if v is NONE else sum(m.bq[k][i] or 0 for k in range(levels)) + sum(m.aq[k][i] or 0 for k in range(levels)) for i, v in enumerate(e)]
    return roll(m, w, lambda x: math.fsum(v[0] for v in x) / mean([v[1] / (2 * levels) for v in x]), e, size)


def microprice(m, w, tick, n, widths):
    states = n * widths
    mirror = [x + n - 1 - 2 * (x % n) for x in range(states)]
    g, steps, was, at = [0.0] * states, [], NONE, 0
    price, gap = [], []
    for bp, bq, ap, aq in zip(m.bp[0], m.bq[0], m.ap[0], m.aq[0]):
        price.append(NONE)
        gap.append(NONE)
        if NONE in (bp, ap):
            continue
        x = min(int(bq / (bq + aq) * n), n - 1) + n * min(max(math.floor((ap - bp) / tick + 0.5) - 1, 0), widths - 1)
        mid = (bp + ap) / 2
        if was:
            steps.append((was[0], x, round((mid - was[1]) / (tick / 2))))
            both = steps[-w:] + [(mirror[a], mirror[b], -d) for a, b, d in steps[-w:]]
            mine = [t for t in both if t[0] == at]
            free = [t for t in mine if t[1] not in (at, mirror[at])]
            left = len(mine) - sum(t[1] == at for t in mine) + sum(t[1] == mirror[at] for t in mine)
            g[at] = (sum(t[2] for t in mine) + math.fsum(g[t[1]] for t in free)) / left if left and at != mirror[at] else 0.0
            g[mirror[at]] = -g[at]
            at = (at + 1) % states
            if len(steps) >= w and any(t[0] == x for t in both):
                gap[-1] = g[x] * tick / 2
                price[-1] = mid + gap[-1]
        was = (x, mid)
    return price, gap


def held(m, x):
    """(x times seconds that it held, seconds) of the stretch that ends at each row with an x."""
    out, last, newest = [], NONE, NONE
    for t, v in zip(m.ts, x):
        now = t if newest is NONE else max(newest, t)
        dt = 0 if newest is NONE else (now - newest) / 1e9
        out.append(NONE if v is NONE else (0.0, 0.0) if last is NONE else (last * dt, dt))
        last, newest = v, now
    return [NONE if v is NONE else v[0] for v in out], [NONE if v is NONE else v[1] for v in out]


def time_mean(m, w, x):
    return roll(m, w, ratio, *held(m, x))


def ages(m, x):
    """Seconds since x last changed, and how long the value before stood, at each row with an x."""
    out, lives, last, newest, since = [], [], NONE, -math.inf, NONE
    for t, v in zip(m.ts, x):
        life = NONE
        if v is not NONE:
            newest = max(newest, t)
            if last is not NONE and v != last:
                life = NONE if since is NONE else (newest - since) / 1e9
                since = newest
            last = v
        out.append(NONE if v is NONE or since is NONE else (newest - since) / 1e9)
        lives.append(life)
    return out, lives


def life(m, w, x):
    lives = ages(m, x)[1]
    return hold(lives, roll(m, w, mean, lives), x)


def recovery(m, w, most):
    out, last, newest, open_at = [], NONE, -math.inf, NONE
    for t, v in zip(m.ts, m.spread):
        out.append(NONE)
        if v is NONE:
            continue
        newest = max(newest, t)
        if open_at and newest - open_at[1] > most:
            open_at = NONE
        if open_at and v <= open_at[0]:
            out[-1], open_at = (newest - open_at[1]) / 1e9, NONE
        elif not open_at and last is not NONE and v > last:
            open_at = (last, newest)
        last = v
    return hold(out, roll(m, w, mean, out), m.spread)


# ---- what fades ----

def clock(m, has):
    """The newest time so far at each row that has it."""
    out, newest = [], -math.inf
    for t, h in zip(m.ts, has):
        newest = max(newest, t) if h else newest
        out.append(newest if h else NONE)
    return out


def fade(events, now, half):
    return math.fsum(x * 2 ** (-(now - t) / half) for t, x in events)


def rate(m, half, value, has):
    """Rate of value (none or 0: nothing came) at the rows with has; the first one's is not counted."""
    out, events, first = [], [], NONE
    for t, v in zip(clock(m, has), value):
        if t is NONE:
            out.append(NONE)
            continue
        if first is not NONE and v:
            events.append((t, v))
        first = t if first is NONE else first
        gone = -math.expm1(-(t - first) / half * LN2)
        out.append(fin(lambda: fade(events, t, half) * LN2 / (half / 1e9 * gone)))
    return out


def every(m):
    return [True] * ROWS


def whole(m):
    return [x is not NONE and y is not NONE for x, y in zip(m.bp[0], m.ap[0])]


def queue_rate(way):
    def run(m, half):
        out = []
        for p, q in ((m.bp[0], m.bq[0]), (m.ap[0], m.aq[0])):
            rows = [(a, b) if h else NONE for a, b, h in zip(p, q, whole(m))]
            change = each(lambda now, was: max(way * (now[1] - was[1]), 0) if now[0] == was[0] else 0, rows, before(rows))
            out.append(rate(m, half, change, whole(m)))
        return tuple(out)
    return run


def quote_rate(m, half):
    rows = [r if h else NONE for r, h in zip(zip(m.bp[0], m.bq[0], m.ap[0], m.aq[0]), whole(m))]
    return rate(m, half, each(lambda now, was: float(now != was), rows, before(rows)), whole(m))


def cancel_rate(m, half):
    gone, traded, pending, was = [], [], [0.0, 0.0], NONE
    for i, h in enumerate(whole(m)):
        gone.append(0.0)
        traded.append(0.0)
        if not h:
            continue
        now = [(m.bp[0][i], m.bq[0][i]), (m.ap[0][i], m.aq[0][i])]
        if was and NONE not in (m.qty[i], m.side[i]):
            traded[-1] = m.qty[i]
            pending[m.side[i] > 0] += m.qty[i]
        for j in (0, 1) if was else ():
            worse = (now[j][0] - was[j][0]) * (1 if j else -1)
            lost = was[j][1] if worse > 0 else 0 if worse < 0 else max(was[j][1] - now[j][1], 0)
            gone[-1] += max(lost - pending[j], 0)
            pending[j] = max(pending[j] - lost, 0) if worse == 0 else 0.0
        was = now
    a, b = rate(m, half, gone, whole(m)), rate(m, half, traded, whole(m))
    return a, b, each(lambda x, y: x / (x + y), a, b)


def arrivals(m, half):
    is_trade = [x is not NONE for x in m.px]
    kinds = ([float(t) for t in is_trade], [float(t and sd == 1) for t, sd in zip(is_trade, m.side)],
             [float(t and sd == -1) for t, sd in zip(is_trade, m.side)], [float(not t) for t in is_trade])
    return tuple(rate(m, half, k, every(m)) for k in kinds)


def excitation(m, short, long):
    return each(lambda a, b: a / b, *(arrivals(m, half)[0] for half in (short, long)))


def fading(m, half, value, has):
    """Sum of what fades at the rows with has."""
    out, events = [], []
    for t, v in zip(clock(m, has), value):
        if t is not NONE and v is not NONE:
            events.append((t, v))
        out.append(NONE if t is NONE else fade(events, t, half))
    return out


def flow_decay(m, half):
    v = signed(m)
    first = next(i for i, x in enumerate(v) if x is not NONE)
    return fading(m, half, v, [i >= first for i in range(ROWS)])


def arrival_imbalance(m, half):
    has = [x is not NONE for x in m.side]
    return each(lambda a, b: a / b, fading(m, half, m.side, has), fading(m, half, each(abs, m.side), has))


def momentum(m, short, long):
    has = [x is not NONE for x in m.mid]
    base = next(x for x in m.mid if x is not NONE)
    above, one = each(lambda x: x - base, m.mid), each(lambda x: 1.0, m.mid)
    short, long = (each(lambda a, b: a / b, fading(m, h, above, has), fading(m, h, one, has)) for h in (short, long))
    out = each(lambda a, b, x: 10000 * (a - b) / x, short, long, m.mid)
    out[next(i for i, x in enumerate(out) if x is not NONE)] = NONE
    return out


# ---- returns ----

def returns(x, k=1):
    return each(ln_ratio, x, before(x, k))


def of_returns(f):
    return lambda m, w: roll(m, w, f, returns(m.mid))


def of_pairs(f):
    def run(m, w):
        r = returns(m.mid)
        return roll(m, w, f, r, before(r))
    return run


def squares(r):
    return math.fsum(v * v for v in r)


def medrv(m, w):
    r = returns(m.mid)
    return roll(m, w, lambda x: math.pi / (6 - 4 * math.sqrt(3) + math.pi) * (len(x) + 2) / len(x) * squares(sorted(map(abs, v))[1] for v in x), r,
                before(r), before(r, 2))


def long_returns(f):
    return lambda m, k, w: roll(m, w, lambda x: f([v[0] for v in x], [v[1] for v in x], k), returns(m.mid), returns(m.mid, k))


def return_autocorr(m, lag, w):
    r = returns(m.mid)
    return roll(m, w, corr, r, before(r, lag))


def efficiency(m, w):
    way = roll(m, w, math.fsum, each(lambda a, b: abs(a - b), m.mid, before(m.mid)))
    return each(lambda x, old, all_: abs(x - old) / all_, m.mid, past(m, w, m.mid), way)


# ---- bars ----

def bars(m, width):
    """At each row the bar that ended before it, or none."""
    out, now = [], NONE
    for t, x in zip(clock(m, [x is not NONE for x in m.mid]), m.mid):
        out.append(NONE)
        if x is NONE:
            continue
        if now and now[0] != t // width:
            out[-1] = (now[1][0], max(now[1]), min(now[1]), now[1][-1])
            now = NONE
        now = now or (t // width, [])
        now[1].append(x)
    return out


def rogers(o, h, lo, c):
    return ln_ratio(h, c) * ln_ratio(h, o) + ln_ratio(lo, c) * ln_ratio(lo, o)


def of_bars(f):
    def run(m, width, n):
        b = bars(m, width)
        return hold(b, roll(m, n, lambda x: math.sqrt(mean([f(*v) for v in x])), b), m.mid)
    return run


def yang_zhang(m, width, n):
    b = bars(m, width)
    k = 0.34 / (1.34 + (n + 1) / (n - 1))

    def one(rows):
        jumps = [ln_ratio(x[0], y[3]) for x, y in rows]
        inner = [ln_ratio(x[3], x[0]) for x, _ in rows]
        return math.sqrt(n / (n - 1) * (var(jumps) + k * var(inner)) + (1 - k) * mean([rogers(*x) for x, _ in rows]))
    was = before(b)
    return hold(was, roll(m, n, one, b, was), m.mid)


def corwin(m, width, n):
    b = bars(m, width)

    def one(x, y):
        k = 3 - 2 * math.sqrt(2)
        be = ln_ratio(x[1], x[2]) ** 2 + ln_ratio(y[1], y[2]) ** 2
        ga = ln_ratio(max(x[1], y[1]), min(x[2], y[2])) ** 2
        a = max((math.sqrt(2 * be) - math.sqrt(be)) / k - math.sqrt(ga / k), 0)
        return 2 * math.expm1(a) / (1 + math.exp(a))
    v = each(one, b, before(b))
    return hold(v, roll(m, n, mean, v), m.mid)


def abdi_ranaldo(m, width, n):
    b = bars(m, width)

    def one(now, was):
        middle = [(math.log(x[1]) + math.log(x[2])) / 2 for x in (was, now)]
        return 4 * (math.log(was[3]) - middle[0]) * (math.log(was[3]) - middle[1])
    v = each(one, b, before(b))
    return hold(v, roll(m, n, lambda x: math.sqrt(max(mean(x), 0)), v), m.mid)


# ---- trades ----

def ticks(m):
    out, last, sg = [], NONE, 0
    for p in m.px:
        if p is not NONE:
            sg = (sign(p - last) if last is not NONE else 0) or sg
            last = p
        out.append(float(sg) if p is not NONE and sg else NONE)
    return out


def quote_sign(f, *cols):
    def run(m):
        out = []
        for i, (p, t) in enumerate(zip(m.px, ticks(m))):
            a = [getattr(m, c)[0][i] if c != "mid" else m.mid[i] for c in cols]
            told = 0 if p is NONE or NONE in a else f(p, *a)
            out.append(float(told) if told else t)
        return out
    return run


def near_touch(p, b, a):
    return 1 if a - 0.3 * (a - b) <= p <= a else -1 if b <= p <= b + 0.3 * (a - b) else 0


def signed(m):
    return each(lambda q, sd: q * sd, m.qty, m.side)


def runs(m):
    out, lengths, now = [], [], 0
    for sd in m.side:
        lengths.append(NONE)
        if sd is not NONE:
            if now and sign(now) != sd:
                lengths[-1], now = abs(now), 0
            now += sd
        out.append(NONE if sd is NONE else float(now))
    return out, lengths


def mean_run(m, w):
    lengths = runs(m)[1]
    return hold(lengths, roll(m, w, mean, lengths), m.side)


def delayed(m, delay, f):
    """The mean of f(side, price, mid then, mid in force a delay later) of the trades that come of age at a row."""
    out, waiting, newest, force = [], [], -math.inf, NONE
    for i, t in enumerate(m.ts):
        out.append(NONE)
        if t > newest:
            newest = t
            due = [x for x in waiting if x[0] < newest]
            waiting = [x for x in waiting if x[0] >= newest]
            out[-1] = mean([f(*x[1:], force) for x in due]) if due else NONE
        if m.mid[i] is not NONE:
            force = m.mid[i]
            if NONE not in (m.px[i], m.side[i]):
                waiting.append((newest + delay, m.side[i], m.px[i], m.mid[i]))
    return out


def lambda_of(m, w, response, size):
    """Slope of a response on the signed size of the trade before."""
    rows = [NONE if NONE in r else r for r in zip(m.mid, m.px, m.qty, m.side)]
    was = before(rows)
    return roll(m, w, beta, each(lambda a, b: response(a[0], b[0]), rows, was), each(lambda b: b[3] * size(b[1], b[2]), was))


def amihud(m, w):
    return roll(m, w, mean, each(lambda p, q, old: abs(ln_ratio(p, old)) / (p * q), m.px, m.qty, before(m.px)))


def vpin(m, volume, n):
    out, full, now = [], [], [0, 0]
    for q, sd in zip(m.qty, m.side):
        if NONE in (q, sd):
            out.append(NONE)
            continue
        while q > 0:
            part = min(q, volume - sum(now))
            now[sd > 0] += part
            q -= part
            if sum(now) == volume:
                full.append(abs(now[0] - now[1]) / volume)
                now = [0, 0]
        out.append(mean(full[-n:]) if len(full) >= n else NONE)
    return out


def trade_gaps(m):
    t = clock(m, [p is not NONE for p in m.px])
    return each(lambda a, b: (a - b) / 1e9, t, before(t))


def burstiness(x):
    mu, sd = mean(x), math.sqrt(var(x))
    return (sd - mu) / (sd + mu)


def roll_spread(m, w):
    d = each(lambda a, b: a - b, m.px, before(m.px))
    return roll(m, w, lambda x: 0.0 if abs(fin(corr, x) or 0) < 1e-12 else 2 * math.sqrt(-cov(x)), d, before(d))


def large(m, w, multiple):
    q = each(lambda q, mu: q if q > multiple * mu else 0.0, m.qty, roll(m, w, mean, m.qty))
    return roll(m, w, ratio, q, m.qty)


def crossings(m, w, sides_):
    out, last = [], NONE
    for v in sides_:
        out.append(NONE if v is NONE or last is NONE else float(v != 0 and v != last))
        last = v or last
    return roll(m, w, math.fsum, out)


def at_touch(m):
    return each(lambda p, b, a: 1 if p >= a else -1 if p <= b else 0, m.px, m.bp[0], m.ap[0])


def ticks_up(m, w):
    d = each(lambda a, b: a - b, m.px, before(m.px))
    return roll(m, w, lambda x: sum(v > 0 for v in x) / sum(v != 0 for v in x), d)


def vwap_of(m, w):
    return roll(m, w, lambda x: math.fsum(p * q for p, q in x) / math.fsum(q for _, q in x), m.px, m.qty)


def weighted(m, levels, decay):
    out = []
    for i in range(ROWS):
        b, a = ([(q[k][i], decay ** k) for k in range(min(levels, LEVELS)) if q[k][i] is not NONE] for q in (m.bq, m.aq))
        out.append(fin(lambda: tilt(*(math.fsum(q * w for q, w in some(x)) for x in (b, a)))))
    return out
