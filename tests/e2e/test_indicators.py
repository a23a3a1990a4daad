# SPDX-License-Identifier: Apache-2.0
"""Expressions against the published series of Stock.Indicators (61 files, made of 502 daily bars): each value that is a function of
ours or made of them, to 1e-9. HR_DATA_DIR: where they are."""
import csv
import io
import json
import os

import tap

# file: {series: expression}; (expression, row): from that row on, the first ones being begun in another way
K = "stoch(high, low, close, 14, 3, 3).k"
D = "stoch(high, low, close, 14, 3, 3).d"
BB = "bbands(close, 20, 2)"
TRUE_HIGH = "where(high > lag(close, 1), high, lag(close, 1))"
TRUE_LOW = "where(low < lag(close, 1), low, lag(close, 1))"
E3 = "ewma(ewma(ewma(close, 5), 5), 5)"
E4, E5, E6 = f"ewma({E3}, 5)", f"ewma(ewma({E3}, 5), 5)", f"ewma(ewma(ewma({E3}, 5), 5), 5)"
TSI = "100 * ema(ema(diff(close, 1), 25, 1), 13, 1) / ema(ema(abs(diff(close, 1)), 25, 1), 13, 1)"
SERIES = {
    "adl": {"adl": "ad(high, low, close, volume)", "moneyFlowMultiplier": "(2 * close - high - low) / (high - low)"},
    "alligator": {"jaw": "lag(wilders((high + low) / 2, 13), 8)", "teeth": "lag(wilders((high + low) / 2, 8), 5)",
                  "lips": "lag(wilders((high + low) / 2, 5), 3)"},
    # of equal extremes theirs is the oldest, ours the newest: rows without such in their window
    "aroon": {"aroonUp": ("aroon(high, low, 25).up", 470), "aroonDown": ("aroon(high, low, 25).down", 470),
              "oscillator": ("aroonosc(high, low, 25)", 470)},
    "atr": {"tr": "tr(high, low, close)", "atr": "atr(high, low, close, 14, 1)", "atrp": "natr(high, low, close, 14, 1)"},
    "atr-stop": {"atr": "atr(high, low, close, 21, 1)"},
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
    "elder-ray": {"ema": "ema(close, 13, 1)", "bullPower": "high - ema(close, 13, 1)", "bearPower": "low - ema(close, 13, 1)"},
    "epma": {"epma": "linreg(close, 10)"},
    "force": {"forceIndex": "ema(diff(close, 1) * volume, 2, 1)"},
    "kama": {"kama": "kama(close, 10)", "er": "abs(diff(close, 10)) / sum(abs(diff(close, 1)), 10)"},
    "ma-env": {"centerline": "sma(close, 20)", "upperEnvelope": "1.025 * sma(close, 20)", "lowerEnvelope": "0.975 * sma(close, 20)"},
    "mfi": {"mfi": "mfi(high, low, close, volume, 14)"},
    "pmo": {"pmo": ("ema(10 * ema(100 * pct(close, 1), 34, 1), 19, 1)", 450)},
    "prs": {"prs": "other / close", "prsPercent": "pct(other, 20) - pct(close, 20)"},
    # row 250: where it turns they do not hold it within the last two rows
    "psar": {"sar": ("psar(high, low, 0.02, 0.2)", 251)},
    "roc": {"momentum": "mom(close, 14)", "roc": "100 * roc(close, 14)"},
    "roc-wb": {"roc": "100 * roc(close, 20)", "rocEma": "ema(100 * roc(close, 20), 5, 1)", "upperBand": "sqrt(mean((100 * roc(close, 20))^2, 5))"},
    "rsi": {"rsi": "rsi(close, 14)"},
    "slope": {"slope": "linregslope(close, 14)", "stdDev": "stddev(close, 14)", "rSquared": "corr(close, cumcount(close), 14)^2"},
    "sma": {"sma": "sma(close, 20)"},
    "sma-analysis": {"sma": "mean(close, 20)", "mad": "md(close, 20)", "mse": "var(close, 20)"},
    "smma": {"smma": "wilders(close, 20)"},
    "stdev": {"stdDev": "std(close, 14)", "mean": "mean(close, 14)", "zScore": "zscore(close, 14)"},
    "stoch": {"oscillator": K, "signal": D, "percentJ": f"3 * {K} - 2 * {D}"},
    "stoch-rsi": {"stochRsi": "100 * stochrsi(close, 14)", "signal": "100 * sma(stochrsi(close, 14), 3)"},
    "t3": {"t3": f"(1 + 3 * 0.7 + 3 * 0.49 + 0.343) * {E3} - (6 * 0.49 + 3 * 0.7 + 3 * 0.343) * {E4} + (3 * 0.49 + 3 * 0.343) * {E5} - 0.343 * {E6}"},
    "tr": {"tr": "tr(high, low, close)"},
    "trix": {"ema3": ("ema(ema(ema(close, 14, 1), 14, 1), 14, 1)", 280), "trix": ("trix(close, 14, 1)", 350)},
    "tsi": {"tsi": TSI, "signal": f"ema({TSI}, 7, 1)"},
    "uo": {"ultimate": "ultosc(high, low, close, 7, 14, 28)"},
    "vwma": {"vwma": "vwma(close, volume, 14)"},
    "willr": {"williamsR": "willr(high, low, close, 14)"},
    "wma": {"wma": "wma(close, 14)"},
}
# files of which nothing is compared, and why
WITHOUT = {
    "dpo": "looks ahead: the average of rows to come", "dynamic": "no McGinley average", "fcb": "no fractals", "hurst": "no Hurst exponent",
    "kvo": "another force: of the sums since the trend turned they keep other ranges, and other averages begin",
    "mama": "no Hilbert transform", "marubozu": "no candlesticks", "pivot-points": "of calendar months", "pivots": "of rows to come",
    "renko-atr": "no Renko bricks", "rolling-pivots": "of an offset window that is not read here", "smi": "averages of other first values",
    "stc": "no Schaff cycle", "stdev-channels": "channels of the last window, drawn backwards", "supertrend": "no trailing stop",
    "vol-stop": "no trailing stop", "zigzag": "looks ahead", "zigzag-close": "looks ahead",
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
    got, err = ours(table, [w[2] for w in wanted])
    tap.check("expressions of all series", got is not None, err)
    compared = 0
    for (name, key, _, first), values in zip(wanted, got or []):
        with open(os.path.join(folder, "results", name + ".standard.json"), encoding="utf-8") as f:
            wrong, n = difference(values, [row.get(key) for row in json.load(f)], first)
        tap.check(f"{name}.{key}", not wrong, "\n".join(wrong))
        compared += n
    print(f"# {len(SERIES)} files, {len(wanted)} series, {compared} values; {len(WITHOUT)} files without a counterpart")
    tap.finish()


if __name__ == "__main__":
    main()
