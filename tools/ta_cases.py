#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Cases for the technical analysis library, from plain definitions of its functions over whole series: tests/prop/ops_ta_cases.txt.
ta_cases.py renews the file; --check says whether it is as it should be (exit 1: no); --talib whether the definitions that follow
TA-Lib (seed = 1, and those that are the same in both) give TA-Lib's values and nulls (exit 1: no; 77: it is not installed)."""
import math
import os
import random
import sys
from fractions import Fraction

PAGE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../tests/prop/ops_ta_cases.txt")
ROWS = 48
NONE = None


def data():
    r = random.Random(7)
    out = {k: [] for k in ("open", "high", "low", "close", "volume", "other", "unit")}
    last = 100.0
    for i in range(ROWS):
        wide = 0.01 if i < 26 else 0.25
        start = last * (1 + r.uniform(-wide, wide) / 4)
        last = start if i in (9, 10, 31) else start * (1 + r.uniform(-wide, wide))
        high = max(start, last) * (1 + r.random() * wide)
        low = min(start, last) * (1 - r.random() * wide)
        for k, v in zip(out, (start, high, low, last, 1000 * r.random() ** 2 + 1, start * 1.001, r.uniform(-0.99, 0.99))):
            out[k].append(round(v, 2))
        last = out["close"][-1]
    return out


def fsum(x):
    return float(sum(map(Fraction, x)))


def mean(x):
    return float(sum(map(Fraction, x)) / len(x))


def var(x):
    x = list(map(Fraction, x))
    m = sum(x) / len(x)
    return float(sum((a - m) ** 2 for a in x) / len(x))


def roll(x, n, f):
    """f of the last n values at each row; of None there is none."""
    return [f(x[i - n + 1:i + 1]) if i >= n - 1 and NONE not in x[i - n + 1:i + 1] else NONE for i in range(len(x))]


def sma(x, n):
    return roll(x, n, mean)


def each(f, *x):
    return [NONE if NONE in v else f(*v) for v in zip(*x)]


def late(x, rows):
    return [NONE if i < rows else v for i, v in enumerate(x)]


def lag(x, n):
    return [NONE] * n + x[:len(x) - n]


def ema(x, n, seed=0, k=None):
    k = 2 / (n + 1) if k is None else k
    skip = next((i for i, v in enumerate(x) if v is not NONE), len(x))
    out = [NONE] * skip
    x = x[skip:]
    for i, v in enumerate(x):
        if not seed:
            out.append(v if i == 0 else out[-1] + k * (v - out[-1]))
        else:
            out.append(NONE if i < n - 1 else mean(x[:n]) if i == n - 1 else out[-1] + k * (v - out[-1]))
    return out


def wilders(x, n):
    return ema(x, n, 1, 1 / n)


def chain(x, n, levels, seed):
    out = []
    for _ in range(levels):
        x = late(ema(x, n, seed), (len(out) + 1) * (n - 1))
        out.append(x)
    return out


def wma(x, n):
    return roll(x, n, lambda w: math.fsum((i + 1) * v for i, v in enumerate(w)) / (n * (n + 1) / 2))


def fit(x, n, at):
    """The line through n rows, at place at (1: the oldest); None: its slope."""
    def one(w):
        w = list(map(Fraction, w))
        mx, my = Fraction(n + 1, 2), sum(w) / n
        b = sum((i + 1 - mx) * (v - my) for i, v in enumerate(w)) / sum((i + 1 - mx) ** 2 for i in range(n))
        return float(b if at is NONE else my + b * (at - mx))
    return roll(x, n, one)


def trimmed(x, n):
    weights = [min(i + 1, n - i) for i in range(n)]
    return roll(x, n, lambda w: math.fsum(a * b for a, b in zip(w, weights)) / sum(weights))


def tr(h, lo, c):
    return [h[0] - lo[0]] + [max(h[i] - lo[i], abs(h[i] - c[i - 1]), abs(lo[i] - c[i - 1])) for i in range(1, len(h))]


def atr(h, lo, c, n, seed):
    x = tr(h, lo, c)
    return wilders([NONE] + x[1:] if seed else x, n)


def wsum(x, n):
    """Wilder's sum: of n - 1 values, then s - s / n + x."""
    out = [NONE]
    total = 0
    for i in range(1, len(x)):
        total = total + x[i] if i < n else total - total / n + x[i]
        out.append(total if i >= n - 1 else NONE)
    return out


def moves(h, lo, seed):
    up, down = [0], [0]
    for i in range(1, len(h)):
        u, d = h[i] - h[i - 1], lo[i - 1] - lo[i]
        up.append(u if u > 0 and (u > d or (u == d and not seed)) else 0)
        down.append(d if d > 0 and (d > u or (u == d and not seed)) else 0)
    return up, down


def dm(h, lo, n, seed):
    up, down = moves(h, lo, seed)
    return wsum(up, n), wsum(down, n)


def di(h, lo, c, n, seed):
    all_tr = wsum(tr(h, lo, c), n)
    return tuple(late(each(lambda a, b: 100 * a / b, x, all_tr), n - 1 + seed) for x in dm(h, lo, n, seed))


def dx(h, lo, n, seed):
    return late(each(lambda a, b: 100 * abs(a - b) / (a + b), *dm(h, lo, n, seed)), n - 1 + seed)


def adx(h, lo, n, seed):
    return wilders(dx(h, lo, n, seed), n)


def changes(x):
    return [NONE] + [b - a for a, b in zip(x, x[1:])]


def up(x):
    return each(lambda v: max(v, 0.0), changes(x))


def down(x):
    return each(lambda v: max(-v, 0.0), changes(x))


def rsi(x, n):
    return each(lambda a, b: 100 * a / (a + b), wilders(up(x), n), wilders(down(x), n))


def cmo(x, n, seed):
    f = wilders if seed else lambda v, k: roll(v, k, fsum)
    return each(lambda a, b: 100 * (a - b) / (a + b), f(up(x), n), f(down(x), n))


def since(w, best):
    """Rows since the best of a window, the newest of equal ones."""
    return list(reversed(w)).index(best(w))


def aroon(h, lo, n):
    return (roll(lo, n + 1, lambda w: 100 * (n - since(w, min)) / n), roll(h, n + 1, lambda w: 100 * (n - since(w, max)) / n))


def flow(h, lo, c, v):
    return each(lambda a, b, d, e: 0 if a == b else (2 * d - a - b) / (a - b) * e, h, lo, c, v)


def total(x):
    return [fsum(x[:i + 1]) for i in range(len(x))]


def ad(*x):
    return total(flow(*x))


def md(x, n):
    return roll(x, n, lambda w: mean([abs(v - mean(w)) for v in w]))


def cci(h, lo, c, n):
    p = each(lambda *v: sum(v) / 3, h, lo, c)
    return late(each(lambda a, m, d: (a - m) / (0.015 * d), p, sma(p, n), md(p, n)), 2 * n - 2)


def macd(x, a, b, n, seed):
    if seed:
        first, second = ema([NONE] * (b - a) + x[b - a:], a, 1), ema(x, b, 1)
    else:
        first, second = (ema(x, a, 0, 0.15), ema(x, b, 0, 0.075)) if (a, b) == (12, 26) else (ema(x, a), ema(x, b))
    out = late(each(lambda p, q: p - q, first, second), b - 1)
    signal = ema(out, n, seed)
    return (each(lambda p, _: p, out, signal), signal, each(lambda p, q: p - q, out, signal))


def cross(a, b, both):
    over = [a[i] > b[i] and a[i - 1] <= b[i - 1] or both and a[i] < b[i] and a[i - 1] >= b[i - 1] for i in range(1, len(a))]
    return [NONE] + [float(v) for v in over]


def decay(x, f):
    out = [x[0]]
    for v in x[1:]:
        out.append(max(v, f(out[-1])))
    return out


def mass(h, lo, n):
    one, two = chain(each(lambda a, b: a - b, h, lo), 9, 2, 0)
    return roll(each(lambda a, b: a / b, one, two), n, fsum)


def emv(h, lo, v):
    m = each(lambda a, b: (a + b) / 2, h, lo)
    return [NONE] + [(m[i] - m[i - 1]) * (h[i] - lo[i]) * 10000 / v[i] for i in range(1, len(h))]


def fisher(h, lo, n):
    m = each(lambda a, b: (a + b) / 2, h, lo)
    v = f = 0.0
    out, signal = [NONE] * (n - 1), [NONE] * (n - 1)
    for i in range(n - 1, len(m)):
        w = m[i - n + 1:i + 1]
        v = 0.33 * 2 * ((m[i] - min(w)) / ((max(w) - min(w)) or 0.001) - 0.5) + 0.67 * v
        v = 0.999 if v > 0.99 else -0.999 if v < -0.99 else v
        signal.append(f)
        f = math.atanh(v) + f / 2
        out.append(f)
    return out, signal


def hma(x, n):
    return wma(each(lambda a, b: 2 * a - b, wma(x, n // 2), wma(x, n)), math.isqrt(n))


def kama(x, n):
    out = [NONE] * (n - 1) + [x[n - 1]]
    for i in range(n, len(x)):
        way = sum(abs(x[j] - x[j - 1]) for j in range(i - n + 1, i + 1))
        e = abs(x[i] - x[i - n]) / way if way else 1
        out.append(out[-1] + (e * (2 / 3 - 2 / 31) + 2 / 31) ** 2 * (x[i] - out[-1]))
    return out


def kvo(h, lo, c, v, a, b):
    s = each(lambda *p: sum(p), h, lo, c)
    force, trend, cm = [NONE], 0, 0
    for i in range(1, len(s)):
        now = 1 if s[i] > s[i - 1] else -1 if s[i] < s[i - 1] else trend
        cm = (h[i - 1] - lo[i - 1] if now != trend else cm) + h[i] - lo[i]
        trend = now
        force.append(v[i] * abs(2 * (h[i] - lo[i]) / cm - 1) * 100 * (-1 if now < 0 else 1))
    return each(lambda p, q: p - q, ema(force, a), ema(force, b))


def mfi(h, lo, c, v, n):
    p = each(lambda *q: sum(q) / 3, h, lo, c)
    rise = [NONE] + [p[i] * v[i] if p[i] > p[i - 1] else 0.0 for i in range(1, len(p))]
    fall = [NONE] + [p[i] * v[i] if p[i] < p[i - 1] else 0.0 for i in range(1, len(p))]
    return each(lambda a, b: 100 * a / (a + b), roll(rise, n, fsum), roll(fall, n, fsum))


def msw(x, n):
    pi = 3.1415926
    sine, lead = [NONE] * n, [NONE] * n
    for i in range(n, len(x)):
        re = sum(math.cos(2 * pi * j / n) * x[i - j] for j in range(n))
        im = sum(math.sin(2 * pi * j / n) * x[i - j] for j in range(n))
        p = math.atan(im / re) if abs(re) > 0.001 else (-pi if im < 0 else pi)
        p = (p + (pi if re < 0 else 0) + pi / 2) % (2 * pi)
        sine.append(math.sin(p))
        lead.append(math.sin(p + pi / 4))
    return sine, lead


def volume_index(c, v, sign):
    out = [1000.0]
    for i in range(1, len(c)):
        out.append(out[-1] * (c[i] / c[i - 1] if (v[i] - v[i - 1]) * sign > 0 else 1))
    return out


def obv(c, v):
    return total([0] + [(c[i] > c[i - 1]) * v[i] - (c[i] < c[i - 1]) * v[i] for i in range(1, len(c))])


def psar(h, lo, step, most):
    is_long = h[0] + lo[0] <= h[1] + lo[1]
    far, stop = (h[0], lo[0]) if is_long else (lo[0], h[0])
    a, out = step, [NONE]
    for i in range(1, len(h)):
        stop += (far - stop) * a
        before = range(max(0, i - 2), i)
        stop = min([stop] + [lo[j] for j in before]) if is_long else max([stop] + [h[j] for j in before])
        if h[i] > far if is_long else lo[i] < far:
            a, far = (min(a + step, most) if a < most else a), (h[i] if is_long else lo[i])
        if lo[i] < stop if is_long else h[i] > stop:
            a, stop, is_long = step, far, not is_long
            far = h[i] if is_long else lo[i]
        out.append(stop)
    return out


def spread(h, lo, n):
    return roll(h, n, max), roll(lo, n, min)


def stoch(h, lo, c, n, slow, d):
    k = sma(each(lambda x, a, b: 100 * (x - b) / (a - b) if a > b else 0.0, c, *spread(h, lo, n)), slow)
    mean_k = sma(k, d)
    return each(lambda a, _: a, k, mean_k), mean_k


def stochrsi(x, n):
    r = rsi(x, n)
    return each(lambda v, a, b: (v - b) / (a - b) if a > b else 0.0, r, *spread(r, r, n))


def ultosc(h, lo, c, *n):
    low = [NONE] + [min(lo[i], c[i - 1]) for i in range(1, len(c))]
    press = each(lambda a, b: a - b, c, low)
    wide = [NONE] + [max(h[i], c[i - 1]) - low[i] for i in range(1, len(c))]
    part = [each(lambda a, b: a / b, roll(press, k, fsum), roll(wide, k, fsum)) for k in n]
    return each(lambda a, b, d: (4 * a + 2 * b + d) / 7 * 100, *part)


def vidya(x, a, b, alpha):
    out = [NONE] * (b - 2) + [x[b - 2]]
    for i in range(b - 1, len(x)):
        whole = var(x[i - b + 1:i + 1])
        k = math.sqrt(var(x[i - a + 1:i + 1]) / whole) if whole else 0
        out.append(out[-1] + (x[i] - out[-1]) * k * alpha)
    return out


def wad(h, lo, c):
    part = [c[i] - min(lo[i], c[i - 1]) if c[i] > c[i - 1] else c[i] - max(h[i], c[i - 1]) if c[i] < c[i - 1] else 0 for i in range(1, len(c))]
    return [NONE] + total(part)


def zlema(x, n):
    back = (n - 1) // 2
    return ema([NONE] * (back - 1) + [x[back - 1]] + [2 * x[i] - x[i - back] for i in range(back, len(x))], n)


def trix(x, n, seed):
    e = chain(x, n, 3, seed)[2]
    return each(lambda a, b: 100 * (a - b) / (b if seed else a), e, lag(e, 1))


def dpo(x, n):
    return each(lambda a, b: a - b, lag(x, n // 2 + 1), sma(x, n))


def cvi(h, lo, n):
    e = ema(each(lambda a, b: a - b, h, lo), n)
    return late(each(lambda a, b: 100 * (a - b) / b, e, lag(e, n)), 2 * n - 1)


def two(x, a, b, seed, f):
    return late(each(f, ema(x, a, seed), ema(x, b, seed)), 0 if seed else 1)


def bbands(x, n, k):
    m, d = sma(x, n), roll(x, n, lambda w: k * math.sqrt(var(w)))
    return each(lambda a, b: a - b, m, d), m, each(lambda a, b: a + b, m, d)


def sd(x, n, scale=1.0):
    return roll(x, n, lambda w: math.sqrt(var(w)) * scale)


def dema(x, n, seed):
    return each(lambda a, b: 2 * a - b, *chain(x, n, 2, seed))


def tema(x, n, seed):
    return each(lambda a, b, c: 3 * a - 3 * b + c, *chain(x, n, 3, seed))


def adxr(h, lo, n, seed):
    a = adx(h, lo, n, seed)
    return each(lambda p, q: (p + q) / 2, a, lag(a, n - 1))


def ao(h, lo):
    m = each(lambda a, b: (a + b) / 2, h, lo)
    return each(lambda a, b: a - b, sma(m, 5), sma(m, 34))


def vwma(c, v, n):
    return each(lambda a, b: a / b, roll(each(lambda a, b: a * b, c, v), n, fsum), roll(v, n, fsum))


def vosc(v, a, b):
    return each(lambda p, q: 100 * (p - q) / q, sma(v, a), sma(v, b))


def vhf(x, n):
    way = roll(each(abs, changes(x)), n, fsum)
    return each(lambda a, b, w: (a - b) / w, *spread(x, x, n), way)


def one_row(f):
    return lambda *x: each(f, *x)


C, HL, HLC, HLCV, OHLC = "close", "high low", "high low close", "high low close volume", "open high low close"
# ---- what others have beside Tulip's ----

def trailing(c, middle, wide, rises):
    """The bands about middle that only close in while the trend holds: (the one that counts, upper, lower)."""
    out, up, down = [], NONE, NONE
    for i, (m, w) in enumerate(zip(middle, wide)):
        if w is NONE:
            out.append((NONE, NONE, NONE))
            continue
        if up is NONE:
            rises = rises(i)
        up = m + w if up is NONE or m + w < up or c[i - 1] > up else up
        down = m - w if down is NONE or m - w > down or c[i - 1] < down else down
        rises = c[i] > (down if rises else up)
        out.append((down, NONE, down) if rises else (up, up, NONE))
    return tuple([r[j] for r in out] for j in range(3))


def supertrend(h, lo, c, n, k):
    middle = each(lambda a, b: (a + b) / 2, h, lo)
    return trailing(c, middle, each(lambda v: k * v, atr(h, lo, c, n, 1)), lambda i: c[i] >= middle[i])


def atrstop(h, lo, c, n, k):
    return trailing(c, c, each(lambda v: k * v, atr(h, lo, c, n, 1)), lambda i: c[i] >= c[i - 1])


def volstop(h, lo, c, n, k):
    wide, out, since, has, rises = atr(h, lo, c, n, 1), [], 0, False, c[n - 1] > c[0]
    for i in range(len(c)):
        out.append((NONE, NONE))
        if i <= n:
            continue
        stop = max(c[since:i]) - k * wide[i - 1] if rises else min(c[since:i]) + k * wide[i - 1]
        turned = c[i] < stop if rises else c[i] > stop
        if has:
            out[-1] = (stop, float(turned))
        if turned:
            rises, since, has = not rises, i, True
    return tuple([r[j] for r in out] for j in range(2))


def mcginley(x, n, k):
    out = [x[0]]
    for v in x[1:]:
        out.append(out[-1] + (v - out[-1]) / (k * n * (v / out[-1]) ** 4))
    return late(out, 1)


def mama(x, fast, slow):
    """After Ehlers, with all of his variables as series; 0 before the sixth row."""
    n = len(x)
    sm, dt, q1, i1, i2, q2, re, im, period, phase = ([0.0] * n for _ in range(10))

    def hilbert(v, i):
        return 0.0962 * v[i] + 0.5769 * v[i - 2] - 0.5769 * v[i - 4] - 0.0962 * v[i - 6]
    out = [NONE] * 5 + [(mean(x[:6]),) * 2]
    for i in range(6, n):
        by = 0.075 * period[i - 1] + 0.54
        sm[i] = (4 * x[i] + 3 * x[i - 1] + 2 * x[i - 2] + x[i - 3]) / 10
        dt[i] = hilbert(sm, i) * by
        q1[i], i1[i] = hilbert(dt, i) * by, dt[i - 3]
        i2[i] = 0.2 * (i1[i] - hilbert(q1, i) * by) + 0.8 * i2[i - 1]
        q2[i] = 0.2 * (q1[i] + hilbert(i1, i) * by) + 0.8 * q2[i - 1]
        re[i] = 0.2 * (i2[i] * i2[i - 1] + q2[i] * q2[i - 1]) + 0.8 * re[i - 1]
        im[i] = 0.2 * (i2[i] * q2[i - 1] - q2[i] * i2[i - 1]) + 0.8 * im[i - 1]
        p = 2 * math.pi / math.atan(im[i] / re[i]) if im[i] and re[i] else 0.0
        p = min(max(min(max(p, 0.67 * period[i - 1]) if p < 0.67 * period[i - 1] else p, 1.5 * period[i - 1]), 6), 50)
        period[i] = 0.2 * p + 0.8 * period[i - 1]
        phase[i] = math.degrees(math.atan(q1[i] / i1[i])) if i1[i] else 0.0
        a = max(fast / max(phase[i - 1] - phase[i], 1), slow)
        m = a * x[i] + (1 - a) * out[-1][0]
        out.append((m, a / 2 * m + (1 - a / 2) * out[-1][1]))
    return tuple([r if r is NONE else r[j] for r in out] for j in range(2))


def fcb(h, lo, span):
    def line(x, best):
        out, held = [], NONE
        for i in range(len(x)):
            part = x[i - 2 * span:i + 1] if i >= 2 * span else ()
            if part and best(part) == part[span] and part.count(part[span]) == 1:
                held = part[span]
            out.append(held)
        return out
    return line(h, max), line(lo, min)


def hurst(x, n):
    r = [NONE] + [math.log(b / a) for a, b in zip(x, x[1:])]

    def rescaled(part):
        d = [v - mean(part) for v in part]
        sums = [fsum(d[:k + 1]) for k in range(len(d))]
        return (max(sums) - min(sums)) / math.sqrt(var(part))

    def exponent(v):
        points = []
        for parts in (1, 2, 4, 8, 16, 32):
            size = n // parts
            if size >= 8:
                first = n - size * parts
                points.append((math.log(size), math.log(mean([rescaled(v[first + k * size:first + (k + 1) * size]) for k in range(parts)]))))
        mx, my = (sum(p[j] for p in points) / len(points) for j in (0, 1))
        return sum((p - mx) * (q - my) for p, q in points) / sum((p - mx) ** 2 for p, _ in points)
    return roll(r, n, exponent)


# name: the function, its inputs, argument sets
TABLE = {
    "abs": (one_row(abs), "unit", ()), "acos": (one_row(math.acos), "unit", ()), "add": (one_row(lambda a, b: a + b), "close unit", ()),
    "asin": (one_row(math.asin), "unit", ()), "atan": (one_row(math.atan), C, ()), "ceil": (one_row(math.ceil), C, ()),
    "cos": (one_row(math.cos), C, ()), "cosh": (one_row(math.cosh), "unit", ()), "div": (one_row(lambda a, b: a / b), "close volume", ()),
    "exp": (one_row(math.exp), "unit", ()), "floor": (one_row(math.floor), "unit", ()), "ln": (one_row(math.log), C, ()),
    "log10": (one_row(math.log10), C, ()), "mul": (one_row(lambda a, b: a * b), "close volume", ()),
    "round": (one_row(lambda a: math.floor(a + 0.5)), C, ()), "sin": (one_row(math.sin), C, ()), "sinh": (one_row(math.sinh), "unit", ()),
    "sqrt": (one_row(math.sqrt), C, ()), "sub": (one_row(lambda a, b: a - b), "close volume", ()), "tan": (one_row(math.tan), "unit", ()),
    "tanh": (one_row(math.tanh), "unit", ()), "todeg": (one_row(math.degrees), C, ()), "torad": (one_row(math.radians), C, ()),
    "trunc": (one_row(math.trunc), C, ()),
    "atrstop": (atrstop, HLC, (5, 2), (9, 0.7)), "fcb": (fcb, HL, (1,), (2,)), "hurst": (hurst, C, (16,), (35,)),
    "mama": (mama, C, (0.5, 0.05), (0.9, 0.01)), "mcginley": (mcginley, C, (5, 0.6), (14, 1)),
    "supertrend": (supertrend, HLC, (5, 2), (3, 0.8)), "volstop": (volstop, HLC, (5, 2), (3, 1)),
    "ad": (ad, HLCV, ()),
    "adosc": (lambda h, lo, c, v, a, b: late(each(lambda p, q: p - q, ema(ad(h, lo, c, v), a), ema(ad(h, lo, c, v), b)), b - 1), HLCV, (2, 5)),
    "adx": (adx, HL, (5, 0), (5, 1)), "adxr": (adxr, HL, (5, 0), (5, 1)), "ao": (ao, HL, ()),
    "apo": (lambda x, a, b, s: two(x, a, b, s, lambda p, q: p - q), C, (2, 5, 0), (2, 5, 1)),
    "aroon": (aroon, HL, (5,)), "aroonosc": (lambda h, lo, n: each(lambda a, b: b - a, *aroon(h, lo, n)), HL, (5,)),
    "atr": (atr, HLC, (5, 0), (5, 1)), "avgprice": (one_row(lambda *x: sum(x) / 4), OHLC, ()), "bbands": (bbands, C, (5, 2)),
    "bop": (one_row(lambda o, h, lo, c: (c - o) / (h - lo) if h > lo else 0.0), OHLC, ()), "cci": (cci, HLC, (5,)),
    "cmo": (cmo, C, (5, 0), (5, 1)), "crossany": (lambda a, b: cross(a, b, True), "close other", ()),
    "crossover": (lambda a, b: cross(a, b, False), "close other", ()), "cvi": (cvi, HL, (5,)),
    "decay": (lambda x, n: decay(x, lambda v: v - 1 / n), C, (5,)), "dema": (dema, C, (5, 0), (5, 1)), "di": (di, HLC, (5, 0), (5, 1)),
    "dm": (dm, HL, (5, 0), (5, 1)), "dpo": (dpo, C, (5,), (8,)), "dx": (dx, HL, (5, 0), (5, 1)),
    "edecay": (lambda x, n: decay(x, lambda v: v * (1 - 1 / n)), C, (5,)), "ema": (ema, C, (5, 0), (5, 1), (1, 1)),
    "emv": (emv, "high low volume", ()), "fisher": (fisher, HL, (5,)),
    "fosc": (lambda x, n: each(lambda v, f: 100 * (v - f) / v, x, lag(fit(x, n, n + 1), 1)), C, (5,)), "hma": (hma, C, (5,), (9,)),
    "kama": (kama, C, (5,)), "kvo": (kvo, HLCV, (2, 5)), "lag": (lag, C, (5,)), "linreg": (lambda x, n: fit(x, n, n), C, (5,)),
    "linregintercept": (lambda x, n: fit(x, n, 1), C, (5,)), "linregslope": (lambda x, n: fit(x, n, NONE), C, (5,)),
    "macd": (macd, C, (2, 5, 9, 0), (2, 5, 9, 1), (12, 26, 9, 0), (12, 26, 9, 1)),
    "marketfi": (one_row(lambda h, lo, v: (h - lo) / v), "high low volume", ()), "mass": (mass, HL, (5,)),
    "max": (lambda x, n: roll(x, n, max), C, (5,), (1,)), "md": (md, C, (5,)), "medprice": (one_row(lambda a, b: (a + b) / 2), HL, ()),
    "mfi": (mfi, HLCV, (5,)), "min": (lambda x, n: roll(x, n, min), C, (5,)), "mom": (lambda x, n: each(lambda a, b: a - b, x, lag(x, n)), C, (5,)),
    "msw": (msw, C, (5,)), "natr": (lambda h, lo, c, n, s: each(lambda a, b: 100 * a / b, atr(h, lo, c, n, s), c), HLC, (5, 0), (5, 1)),
    "nvi": (lambda c, v: volume_index(c, v, -1), "close volume", ()), "obv": (obv, "close volume", ()),
    "ppo": (lambda x, a, b, s: two(x, a, b, s, lambda p, q: 100 * (p - q) / q), C, (2, 5, 0), (2, 5, 1)),
    "psar": (psar, HL, (0.02, 0.2), (0.2, 2)), "pvi": (lambda c, v: volume_index(c, v, 1), "close volume", ()),
    "qstick": (lambda o, c, n: sma(each(lambda a, b: b - a, o, c), n), "open close", (5,)),
    "roc": (lambda x, n: each(lambda a, b: a / b - 1, x, lag(x, n)), C, (5,)), "rocr": (lambda x, n: each(lambda a, b: a / b, x, lag(x, n)), C, (5,)),
    "rsi": (rsi, C, (5,)), "sma": (sma, C, (5,)), "stddev": (sd, C, (5,)), "stderr": (lambda x, n: sd(x, n, 1 / math.sqrt(n)), C, (5,)),
    "stoch": (stoch, HLC, (5, 3, 3)), "stochrsi": (stochrsi, C, (5,)), "sum": (lambda x, n: roll(x, n, fsum), C, (5,)),
    "tema": (tema, C, (5, 0), (5, 1)), "tr": (tr, HLC, ()), "trima": (trimmed, C, (5,), (6,), (1,), (2,)), "trix": (trix, C, (5, 0), (5, 1)),
    "tsf": (lambda x, n: fit(x, n, n + 1), C, (5,)), "typprice": (one_row(lambda *x: sum(x) / 3), HLC, ()), "ultosc": (ultosc, HLC, (2, 3, 5)),
    "var": (lambda x, n: roll(x, n, var), C, (5,)), "vhf": (vhf, C, (5,)), "vidya": (vidya, C, (2, 5, 0.2)),
    "volatility": (lambda x, n: sd(each(lambda a, b: a / b - 1, x, lag(x, 1)), n, math.sqrt(252)), C, (5,)), "vosc": (vosc, "volume", (2, 5)),
    "vwma": (vwma, "close volume", (5,)), "wad": (wad, HLC, ()), "wcprice": (one_row(lambda h, lo, c: (h + lo + 2 * c) / 4), HLC, ()),
    "wilders": (wilders, C, (5,)), "willr": (lambda h, lo, c, n: each(lambda x, a, b: -100 * (a - x) / (a - b) if a > b else 0.0, c, *spread(h, lo, n)), HLC, (5,)),
    "wma": (wma, C, (5,)), "zlema": (zlema, C, (5,), (6,)),
}


# name: TA-Lib's function of (its module, the series, the arguments without the seed), of a case by its seed or any
TALIB = {
    "adosc": lambda t, s, a, b: t.ADOSC(s["high"], s["low"], s["close"], s["volume"], a, b),
    "ad": lambda t, s: t.AD(s["high"], s["low"], s["close"], s["volume"]),
    "adx": lambda t, s, n: t.ADX(s["high"], s["low"], s["close"], n), "adxr": lambda t, s, n: t.ADXR(s["high"], s["low"], s["close"], n),
    "apo": lambda t, s, a, b: t.APO(s["close"], a, b, 1), "aroon": lambda t, s, n: t.AROON(s["high"], s["low"], n),
    "aroonosc": lambda t, s, n: t.AROONOSC(s["high"], s["low"], n), "atr": lambda t, s, n: t.ATR(s["high"], s["low"], s["close"], n),
    "avgprice": lambda t, s: t.AVGPRICE(s["open"], s["high"], s["low"], s["close"]),
    "bbands": lambda t, s, n, k: t.BBANDS(s["close"], n, k, k)[::-1], "bop": lambda t, s: t.BOP(s["open"], s["high"], s["low"], s["close"]),
    "cmo": lambda t, s, n: t.CMO(s["close"], n), "dema": lambda t, s, n: t.DEMA(s["close"], n),
    "di": lambda t, s, n: (t.PLUS_DI(s["high"], s["low"], s["close"], n), t.MINUS_DI(s["high"], s["low"], s["close"], n)),
    "dm": lambda t, s, n: (t.PLUS_DM(s["high"], s["low"], n), t.MINUS_DM(s["high"], s["low"], n)),
    "dx": lambda t, s, n: t.DX(s["high"], s["low"], s["close"], n), "ema": lambda t, s, n: t.EMA(s["close"], n) if n > 1 else s["close"],
    "linreg": lambda t, s, n: t.LINEARREG(s["close"], n), "linregintercept": lambda t, s, n: t.LINEARREG_INTERCEPT(s["close"], n),
    "linregslope": lambda t, s, n: t.LINEARREG_SLOPE(s["close"], n), "macd": lambda t, s, a, b, n: t.MACD(s["close"], a, b, n),
    "medprice": lambda t, s: t.MEDPRICE(s["high"], s["low"]), "mfi": lambda t, s, n: t.MFI(s["high"], s["low"], s["close"], s["volume"], n),
    "max": lambda t, s, n: t.MAX(s["close"], n) if n > 1 else s["close"], "min": lambda t, s, n: t.MIN(s["close"], n),
    "mom": lambda t, s, n: t.MOM(s["close"], n), "natr": lambda t, s, n: t.NATR(s["high"], s["low"], s["close"], n),
    "ppo": lambda t, s, a, b: t.PPO(s["close"], a, b, 1), "roc": lambda t, s, n: t.ROCP(s["close"], n), "rocr": lambda t, s, n: t.ROCR(s["close"], n),
    "rsi": lambda t, s, n: t.RSI(s["close"], n), "sma": lambda t, s, n: t.SMA(s["close"], n), "stddev": lambda t, s, n: t.STDDEV(s["close"], n),
    "stoch": lambda t, s, n, a, b: t.STOCH(s["high"], s["low"], s["close"], n, a, 0, b, 0), "sum": lambda t, s, n: t.SUM(s["close"], n),
    "tema": lambda t, s, n: t.TEMA(s["close"], n), "trix": lambda t, s, n: t.TRIX(s["close"], n), "tsf": lambda t, s, n: t.TSF(s["close"], n),
    "trima": lambda t, s, n: t.TRIMA(s["close"], n) if n > 1 else s["close"], "typprice": lambda t, s: t.TYPPRICE(s["high"], s["low"], s["close"]),
    "ultosc": lambda t, s, a, b, c: t.ULTOSC(s["high"], s["low"], s["close"], a, b, c), "var": lambda t, s, n: t.VAR(s["close"], n),
    "wcprice": lambda t, s: t.WCLPRICE(s["high"], s["low"], s["close"]), "willr": lambda t, s, n: t.WILLR(s["high"], s["low"], s["close"], n),
    "wma": lambda t, s, n: t.WMA(s["close"], n),
}
SEEDED = ("adx", "adxr", "apo", "atr", "cmo", "dema", "di", "dm", "dx", "ema", "macd", "natr", "ppo", "tema", "trix")


def far(a, b):
    """Whether a column of ours is not one of TA-Lib's; what it has no value for is NaN there."""
    return any((x is NONE) != (y != y) or x is not NONE and abs(x - y) > 1e-9 * max(abs(y), 1e-3) for x, y in zip(a, b))


def talib_check():
    try:
        import numpy
        import talib
    except ImportError:
        sys.exit(77)
    series = data()
    arrays = {k: numpy.array(v) for k, v in series.items()}
    wrong, cases = [], 0
    for name, theirs in TALIB.items():
        f, ins, *sets = TABLE[name]
        for args in sets:
            if name in SEEDED and args[-1] != 1:
                continue
            ours, other = f(*(series[i] for i in ins.split()), *args), theirs(talib, arrays, *(args[:-1] if name in SEEDED else args))
            pairs = zip(ours, other) if isinstance(ours, tuple) else ((ours, other),)
            wrong += [f"{name}{args}" for a, b in pairs if far(a, b)]
            cases += 1
    print(f"{cases} cases of {len(TALIB)} functions, TA-Lib {talib.__version__}")
    if wrong:
        sys.exit("not TA-Lib's: " + ", ".join(wrong))


def text():
    series = data()
    lines = ["# cases of the technical analysis library, made by tools/ta_cases.py: a function and its arguments, its inputs, its outputs",
             "# from the first row that has a value on"]
    lines += [f"${name}={{" + ",".join(f"{v:g}" for v in values) + "}" for name, values in series.items()]
    for name, (f, ins, *sets) in sorted(TABLE.items()):
        for args in sets:
            out = f(*(series[i] for i in ins.split()), *args)
            lines += ["", " ".join([name, *map(str, args)])] + [f"${i}" for i in ins.split()]
            for column in out if isinstance(out, tuple) else (out,):
                assert len(column) == ROWS, name
                first = next(i for i, v in enumerate(column) if v is not NONE)
                lines.append("{" + ",".join("nan" if v is NONE else f"{v:.12g}" for v in column[first:]) + "}")
    return "\n".join(lines) + "\n"


def main():
    if "--talib" in sys.argv:
        return talib_check()
    made = text()
    if "--check" in sys.argv:
        with open(PAGE, encoding="utf-8") as f:
            sys.exit(0 if f.read() == made else "ops_ta_cases.txt is not as tools/ta_cases.py makes it")
    with open(PAGE, "w", encoding="utf-8") as f:
        f.write(made)


if __name__ == "__main__":
    main()
