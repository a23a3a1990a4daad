# SPDX-License-Identifier: Apache-2.0
"""Expressions against the published series of Stock.Indicators (61 files, made of 502 daily bars): each value that is a function of
ours or made of them, to 1e-9. HR_DATA_DIR: where they are."""
import csv
import io
import json
import os

import tap

# file: {series: expression}; (expression, row): from that row on, the first ones being begun in another way, or there being few; (expression, row, n): theirs
# is known n rows later
K = "stoch(high, low, close, 14, 3, 3).k"
D = "stoch(high, low, close, 14, 3, 3).d"
BB = "bbands(close, 20, 2)"
TRUE_HIGH = "where(high > lag(close, 1), high, lag(close, 1))"
TRUE_LOW = "where(low < lag(close, 1), low, lag(close, 1))"
E3 = "ewma(ewma(ewma(close, 5), 5), 5)"
E4, E5, E6 = f"ewma({E3}, 5)", f"ewma(ewma({E3}, 5), 5)", f"ewma(ewma(ewma({E3}, 5), 5), 5)"
TSI = "100 * ema(ema(diff(close, 1), 25, 1), 13, 1) / ema(ema(abs(diff(close, 1)), 25, 1), 13, 1)"
STOP = "atrstop(high, low, close, 21, 3)"
TREND = "supertrend(high, low, close, 10, 3)"
TOP, BOTTOM = "max(lag(high, 1), 20)", "min(lag(low, 1), 20)"
PIVOT = f"(({TOP} + {BOTTOM} + lag(close, 1)) / 3)"
MIDDLE, WIDTH = "(max(high, 13) + min(low, 13)) / 2", "(max(high, 13) - min(low, 13)) / 2"
SMI = f"100 * ewma(ewma(close - {MIDDLE}, 25), 2) / ewma(ewma({WIDTH}, 25), 2)"
MACD = "(ema(close, 23, 1) - ema(close, 50, 1))"
SERIES = {
    "adl": {"adl": "ad(high, low, close, volume)", "moneyFlowMultiplier": "(2 * close - high - low) / (high - low)"},
    "alligator": {"jaw": "lag(wilders((high + low) / 2, 13), 8)", "teeth": "lag(wilders((high + low) / 2, 8), 5)",
                  "lips": "lag(wilders((high + low) / 2, 5), 3)"},
    # of equal extremes theirs is the oldest, ours the newest: rows without such in their window
    "aroon": {"aroonUp": ("aroon(high, low, 25).up", 470), "aroonDown": ("aroon(high, low, 25).down", 470),
              "oscillator": ("aroonosc(high, low, 25)", 470)},
    "atr": {"tr": "tr(high, low, close)", "atr": "atr(high, low, close, 14, 1)", "atrp": "natr(high, low, close, 14, 1)"},
    "atr-stop": {"atr": "atr(high, low, close, 21, 1)", "atrStop": f"{STOP}.stop", "buyStop": (f"{STOP}.buy", 30), "sellStop": (f"{STOP}.sell", 30)},
    "awesome": {"oscillator": "ao(high, low)", "normalized": "100 * ao(high, low) / medprice(high, low)"},
    "bb": {"sma": "sma(close, 20)", "upperBand": f"{BB}.upper", "lowerBand": f"{BB}.lower", "zScore": "zscore(close, 20)",
           "percentB": f"(close - {BB}.lower) / ({BB}.upper - {BB}.lower)", "width": f"({BB}.upper - {BB}.lower) / {BB}.middle"},
    "beta": {"beta": "beta(pct(other, 1), pct(close, 1), 50)"},
    "chexit": {"chandelierExit": "max(high, 22) - 3 * atr(high, low, close, 22, 1)"},
    "chop": {"chop": f"100 * log(sum(tr(high, low, close), 14) / (max({TRUE_HIGH}, 14) - min({TRUE_LOW}, 14))) / log(14)"},
    "cmf": {"cmf": "sum((2 * close - high - low) / (high - low) * volume, 20) / sum(volume, 20)"},
    "cmo": {"cmo": "cmo(close, 14)"},
    "corr": {"varianceA": "var(other, 20)", "varianceB": "var(close, 20)", "correlation": "corr(close, other, 20)",
             "rSquared": "corr(close, other, 20)^2"},
    "crsi": {"rsi": "rsi(close, 3)"},
    "dema": {"dema": ("dema(close, 14, 1)", 250)},
    # theirs is of the average of rows to come: of 8 rows later
    "dpo": {"dpo": ("lag(close, 8) - sma(close, 14)", 0, 8), "sma": ("sma(close, 14)", 0, 8)},
    "dynamic": {"dynamic": "mcginley(close, 14)"},
    "elder-ray": {"ema": "ema(close, 13, 1)", "bullPower": "high - ema(close, 13, 1)", "bearPower": "low - ema(close, 13, 1)"},
    "epma": {"epma": "linreg(close, 10)"},
    "fcb": {"upperBand": "fcb(high, low, 2).upper", "lowerBand": "fcb(high, low, 2).lower"},
    "force": {"forceIndex": "ema(diff(close, 1) * volume, 2, 1)"},
    "hurst": {"hurstExponent": "hurst(close, 100)"},
    "kama": {"kama": "kama(close, 10)", "er": "abs(diff(close, 10)) / sum(abs(diff(close, 1)), 10)"},
    "ma-env": {"centerline": "sma(close, 20)", "upperEnvelope": "1.025 * sma(close, 20)", "lowerEnvelope": "0.975 * sma(close, 20)"},
    "mama": {"mama": "mama((high + low) / 2, 0.5, 0.05).mama", "fama": "mama((high + low) / 2, 0.5, 0.05).fama"},
    "marubozu": {"match": "where(abs(close - open) / (high - low) >= 0.95, where(close > open, 100, -100), 0)"},
    "mfi": {"mfi": "mfi(high, low, close, volume, 14)"},
    "pmo": {"pmo": ("ema(10 * ema(100 * pct(close, 1), 34, 1), 19, 1)", 450)},
    "prs": {"prs": "other / close", "prsPercent": "pct(other, 20) - pct(close, 20)"},
    # row 250: where it turns they do not hold it within the last two rows
    "psar": {"sar": ("psar(high, low, 0.02, 0.2)", 251)},
    "roc": {"momentum": "mom(close, 14)", "roc": "100 * roc(close, 14)"},
    "roc-wb": {"roc": "100 * roc(close, 20)", "rocEma": "ema(100 * roc(close, 20), 5, 1)", "upperBand": "sqrt(mean((100 * roc(close, 20))^2, 5))"},
    "rolling-pivots": {"pp": PIVOT, "s1": f"2 * {PIVOT} - {TOP}", "r1": f"2 * {PIVOT} - {BOTTOM}", "s2": f"{PIVOT} - {TOP} + {BOTTOM}",
                       "r2": f"{PIVOT} + {TOP} - {BOTTOM}", "s3": f"{BOTTOM} - 2 * ({TOP} - {PIVOT})", "r3": f"{TOP} + 2 * ({PIVOT} - {BOTTOM})"},
    "rsi": {"rsi": "rsi(close, 14)"},
    "slope": {"slope": "linregslope(close, 14)", "stdDev": "stddev(close, 14)", "rSquared": "corr(close, cumcount(close), 14)^2"},
    "sma": {"sma": "sma(close, 20)"},
    "sma-analysis": {"sma": "mean(close, 20)", "mad": "md(close, 20)", "mse": "var(close, 20)"},
    "smi": {"smi": SMI, "signal": f"ewma({SMI}, 3)"},
    "smma": {"smma": "wilders(close, 20)"},
    "stc": {"stc": f"sma(100 * ({MACD} - min({MACD}, 10)) / (max({MACD}, 10) - min({MACD}, 10)), 3)"},
    "stdev": {"stdDev": "std(close, 14)", "mean": "mean(close, 14)", "zScore": "zscore(close, 14)"},
    "stoch": {"oscillator": K, "signal": D, "percentJ": f"3 * {K} - 2 * {D}"},
    "stoch-rsi": {"stochRsi": "100 * stochrsi(close, 14)", "signal": "100 * sma(stochrsi(close, 14), 3)"},
    "supertrend": {"superTrend": f"{TREND}.line", "upperBand": (f"{TREND}.upper", 30), "lowerBand": (f"{TREND}.lower", 30)},
    "t3": {"t3": f"(1 + 3 * 0.7 + 3 * 0.49 + 0.343) * {E3} - (6 * 0.49 + 3 * 0.7 + 3 * 0.343) * {E4} + (3 * 0.49 + 3 * 0.343) * {E5} - 0.343 * {E6}"},
    "tr": {"tr": "tr(high, low, close)"},
    "trix": {"ema3": ("ema(ema(ema(close, 14, 1), 14, 1), 14, 1)", 280), "trix": ("trix(close, 14, 1)", 350)},
    "tsi": {"tsi": TSI, "signal": f"ema({TSI}, 7, 1)"},
    "uo": {"ultimate": "ultosc(high, low, close, 7, 14, 28)"},
    "vol-stop": {"sar": "volstop(high, low, close, 7, 3).stop", "isStop": "volstop(high, low, close, 7, 3).turned"},
    "vwma": {"vwma": "vwma(close, volume, 14)"},
    "willr": {"williamsR": "willr(high, low, close, 14)"},
    "wma": {"wma": "wma(close, 14)"},
}
AT_ONCE = 60  # outputs of a call
# files of which nothing is compared, and why
WITHOUT = {
    "kvo": "another force: of the sums since the trend turned they keep other ranges, and other averages begin",
    "pivot-points": "of calendar months", "pivots": "of rows to come",
    "renko-atr": "no Renko bricks",
    "stdev-channels": "channels of the last window, drawn backwards",
    "zigzag": "looks ahead", "zigzag-close": "looks ahead",
}


def bars(folder, to):
    """The bars, with the close of the other instrument as a column: a file."""
    both = []
    for name in ("default", "compare"):
        with open(os.path.join(folder, "quotes", name + ".csv"), encoding="utf-8-sig") as f:
            both.append(list(csv.DictReader(f)))
    with open(to, "w", encoding="utf-8") as f:
        f.write("date,open,high,low,close,volume,other\n")
        for row, other in zip(*both):
            f.write(",".join([*(row[k] for k in ("date", "open", "high", "low", "close", "volume")), other["close"]]) + "\n")


def ours(table, expressions):
    code, out, err = tap.run("calc", "; ".join(f"v{i}: {e}" for i, e in enumerate(expressions)), table)
    if code != 0:
        return None, err
    rows = list(csv.DictReader(io.StringIO(out)))
    return [[float(r[f"v{i}"]) if r[f"v{i}"] else None for r in rows] for i in range(len(expressions))], ""


def difference(values, theirs, first):
    """What is wrong, and how many values were compared."""
    both = [(i, a, b) for i, (a, b) in enumerate(zip(values, theirs)) if a is not None and b is not None and i >= first]
    wrong = [f"row {i}: {a!r}, not {b!r}" for i, a, b in both if abs(a - b) > 1e-9 * max(abs(b), 1e-3)]
    if len(values) != len(theirs) or len(both) < (400 if not first else 30):
        wrong.append(f"{len(both)} values of {len(values)} and {len(theirs)}")
    return wrong, len(both)


def main():
    folder = os.path.join(tap.data_dir() or "", "indicators")
    if not os.path.isdir(os.path.join(folder, "results")):
        tap.skip_all("no published series (HR_DATA_DIR)")
    files = {n.split(".")[0] for n in os.listdir(os.path.join(folder, "results"))}
    tap.check("every file is compared or told why not", files == set(SERIES) | set(WITHOUT) and not set(SERIES) & set(WITHOUT),
              files ^ (set(SERIES) | set(WITHOUT)))
    wanted = [(name, key, *(e if isinstance(e, tuple) else (e, 0))) for name, series in SERIES.items() for key, e in series.items()]
    table = os.path.join(tap.SCRATCH, "bars.csv")
    bars(folder, table)
    got, err = [], ""
    for at in range(0, len(wanted), AT_ONCE):
        some, wrong = ours(table, [w[2] for w in wanted[at:at + AT_ONCE]])
        got, err = got + (some or []), err + wrong
    tap.check("expressions of all series", len(got) == len(wanted), err)
    compared = 0
    for (name, key, _, first, *later), values in zip(wanted, got):
        with open(os.path.join(folder, "results", name + ".standard.json"), encoding="utf-8") as f:
            theirs = [row.get(key) for row in json.load(f)]
        theirs = ([None] * later[0] + theirs)[:len(theirs)] if later else theirs
        wrong, n = difference(values, theirs, first)
        tap.check(f"{name}.{key}", not wrong, "\n".join(wrong))
        compared += n
    print(f"# {len(SERIES)} files, {len(wanted)} series, {compared} values; {len(WITHOUT)} files without a counterpart")
    tap.finish()


if __name__ == "__main__":
    main()
