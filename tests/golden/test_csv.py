# SPDX-License-Identifier: Apache-2.0
"""What becomes of small CSV files as venues and vendors publish them, word by word: format and why, events or typed columns and rows,
rejects, and the text that comes back. HR_GOLDEN_RENEW=1 writes csv.txt anew."""
import json
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "e2e"))
import golden  # pylint: disable=wrong-import-position
import tap  # pylint: disable=wrong-import-position

TARDIS = "exchange,symbol,timestamp,local_timestamp,"
FILES = {
    "data/spot/BTCUSDT-aggTrades-2025-01-02.csv": """3021,96500.01000000,0.00250000,4480,4481,1735776000123456,True,True
3022,96500.02000000,1.00000000,4482,4482,1735776000123457,False,True
3023,96500.02000000,1.00000000,4483,4483,1735776000123457,maybe,True
""",
    "data/futures/um/ETHUSDT-trades-2024-01-02.csv": """id,price,qty,quote_qty,time,is_buyer_maker
91,2300.15,0.200,460.03,1704153600123,true
92,2300.16,0.100,230.016,1704153600124,false
93,0,0.100,0,1704153600124,false
""",
    "data/futures/um/ETHUSDT-bookTicker-2024-01-02.csv": """update_id,best_bid_price,best_bid_qty,best_ask_price,best_ask_qty,transaction_time,event_time
5,2300.15,10,2300.16,7.5,1704153600123,1704153600130
""",
    "deribit_quotes_2024-01-02_BTC-PERPETUAL.csv": TARDIS + """ask_amount,ask_price,bid_price,bid_amount
deribit,BTC-PERPETUAL,1704153600123000,1704153600130456,1520,42100.5,42100,90
deribit,BTC-PERPETUAL,1704153600124000,1704153600131456,,,42100,90
""",
    "data/spot/BTCUSDT-1h-2024-01-02.csv": """1704153600000,44179.55,44240.8,44131.37,44200,1031.5,1704157199999,45573312.125,52013,510.25,22546001.5,0
1704157200000,44200,44300,44150,44250.01,998,1704160799999,44111000,50000,500,22100000,0
""",
    "BTCUSDT-bookDepth-2024-01-02.csv": """timestamp,percentage,depth,notional
2024-01-02 00:00:08,-5,9140.53600000,396711000.00000000
2024-01-02 00:00:08,-0.20,310.5,
2024-01-02 00:00:08,NaN,310.5,1
""",
    "BTCUSDT-metrics-2025-10-07.csv": """create_time,symbol,sum_open_interest,sum_open_interest_value,count_toptrader_long_short_ratio,sum_toptrader_long_short_ratio,count_long_short_ratio,sum_taker_long_short_vol_ratio
2025-10-07 00:00:00,BTCUSDT,100243.058,12494186585.40,0.69,1.82,,1.15
""",
    "BTCUSDT-fundingRate-2024-01.csv": """calc_time,funding_interval_hours,last_funding_rate
1704153600000,8,0.00031415
1704182400001,8,-0.00001
""",
    "binance-futures_derivative_ticker_2024-01-02_PERPETUALS.csv": TARDIS + """funding_timestamp,funding_rate,predicted_funding_rate,open_interest,last_price,index_price,mark_price
binance-futures,BTCUSDT,1704153600123000,1704153600130456,1704182400000000,0.00031415,,83123.456,44179.5,44150.12345678,44178.9
""",
    "deribit_options_chain_2024-01-02_OPTIONS.csv": TARDIS + "type,strike_price,expiration,open_interest,last_price,bid_price,bid_amount,bid_iv,ask_price,"
    "ask_amount,ask_iv,mark_price,mark_iv,underlying_index,underlying_price,delta,gamma,vega,theta,rho\n"
    "deribit,BTC-5JAN24-44000-C,1704153600123000,1704153600130456,call,44000,1704441600000000,12.5,0.021,,,,0.0215,3,71.2,0.0212,70.05,"
    "\"SYN,5JAN24\",44190.5,0.51234,0.00011,15.12,-210.5,1.25\n",
    "deribit_liquidations_2024-01-02_OPTIONS.csv": TARDIS + """id,side,price,amount
bitmex,XBTUSD,1704153600123000,1704153600130456,,sell,44179.5,1000
""",
    "bars.csv": """\ufeffVolume,Close,low,HIGH,Open,Date
1000,1.5,1,2,1.25,1/31/2017
123456789012.5,0.000000000001,1,2,1.25,2/1/17
7,1,1,1,1,13/32/2017
""",
}


def inspected(path):
    code, text, err = tap.run("inspect", path, "--json", "--rows", 10)
    return json.loads(text) if code == 0 else {"error": err.replace(tap.SCRATCH, "")}


def describe(name, text):
    path = os.path.join(tap.SCRATCH, name)
    out, back = path + ".parquet", path + ".back.csv"
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w", encoding="utf-8", newline="") as f:
        f.write(text)
    seen = inspected(path)
    lines = [f"== {name}", f"{seen.get('format')}: {seen.get('why', seen)}"]
    code, said, err = tap.run("convert", path, out, "--json")
    report = json.loads(said) if code == 0 else {}
    lines.append(json.dumps({k: report.get(k) for k in ("from", "to", "read", "written", "rejected", "rows", "rejects", "lost")}) + err)
    table = inspected(out)
    lines.append(" ".join(c["name"] + ":" + c["type"].replace(" ", "") for c in table["columns"]))
    lines += [",".join("" if v is None else str(v) for v in row) for row in table["head"]]
    if os.path.exists(out + ".rejects.ndjson"):
        with open(out + ".rejects.ndjson", encoding="utf-8") as f:
            lines += f.read().splitlines()
    if report.get("to") == "records":
        tap.run("convert", out, back)
        with open(back, encoding="utf-8") as f:
            lines += ["back:"] + f.read().splitlines()
    return "\n".join(lines) + "\n"


def main():
    got = "\n".join(describe(name, text) for name, text in FILES.items())
    golden.check(f"{len(FILES)} files", got, golden.kept("csv.txt", got))
    tap.finish()


main()
