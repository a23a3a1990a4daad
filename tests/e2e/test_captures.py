# SPDX-License-Identifier: Apache-2.0
"""Real captures: counts of an independent reader (the json module), and the venue's own tickers as ground truth."""
import gzip
import json
import os

import tap

CHECKS = {"coinm_btcusd_perp_20240808": 1124, "spot_btcusdt_20240808": 564, "usdm_btcusdt_20240808": 629,
          "coinm_btcusd_perp_20240809": 0, "spot_ethusdt_20240809": 0}


def count(path):
    c = dict(lines=0, messages=0, levels=0, trades=0, tickers=0, snapshots=0)
    with gzip.open(path, "rt") as f:
        for line in f:
            c["lines"] += 1
            m = json.loads(line.split(" ", 1)[1])
            d = m.get("data", m)
            kind = d.get("e")
            if "lastUpdateId" in d:
                c["snapshots"] += 1
            elif kind == "depthUpdate":
                c["messages"] += 1
                c["levels"] += len(d["b"]) + len(d["a"])
            elif kind == "trade":
                c["trades"] += 1
            elif kind == "bookTicker" or "B" in d:
                c["tickers"] += 1
    return c


def main():
    data = tap.data_dir()
    if data is None:
        tap.skip_all("the captures' folder is absent")
    for name, checks in CHECKS.items():
        path = os.path.join(data, "binance", name + ".gz")
        want = count(path)
        got = tap.run_json(path, "--out", os.path.join(tap.SCRATCH, name))
        tap.check(f"{name}: counts", all(got.get(k) == v for k, v in want.items()), f"{want} {got}")
        tap.check(f"{name}: no sequence break", got["gaps"] == 0 and got["rejected"] == {}, got)
        tap.check(f"{name}: {checks} ticker checks, all equal",
                  got["ticker_checks"] == checks == got["ticker_checks_equal"], got)
        synced = (1, 0) if want["snapshots"] else (0, 1)
        tap.check(f"{name}: synced {synced[0]}, never {synced[1]}", (got["synced"], got["never_synced"]) == synced, got)
    days = [os.path.join(data, "binance", f"coinm_btcusd_perp_2024080{d}.gz") for d in (8, 9)]
    got = tap.run_json(*days, "--out", os.path.join(tap.SCRATCH, "two"))
    tap.check("two days are one stream", got["gaps"] == 0 and got["never_synced"] == 0
              and got["ticker_checks"] == got["ticker_checks_equal"] > 1124, got)
    for name, steps in {"BINANCE": 173, "BINANCE_FUTURES": 760}.items():
        parts = [os.path.join(data, "cryptofeed", f"{name}.{x}.gz") for x in ("ws.1.0", "http.0.0")]
        got = tap.run_json(*parts, "--out", os.path.join(tap.SCRATCH, name))
        ok = got["gaps"] == 0 and got["messages"] == steps + 4 and got["synced"] == 4 and not got["rejected"]
        tap.check(f"{name}: contiguous, four books synced", ok and got["ticker_checks"] == got["ticker_checks_equal"] > 0, got)
    tap.finish()


main()
