/* SPDX-License-Identifier: Apache-2.0 */
/* Expressions: what is wrong with a text, word for word; what a right one becomes. */
#include "harness.h"

#include <stdio.h>

#include "base/attr.h"
#include "expr_rig.h"

/* The message, the line and the caret, as somebody reads them. */
static const struct wrong {
    const char *text, *message;
} wrong[] = {
    {"", "line 1, column 1: expected an expression, found the end of the text\n"
         "  \n"
         "  ^"},
    {"# nothing here", "line 1, column 15: expected an expression, found the end of the text\n"
                       "  # nothing here\n"
                       "                ^"},
    {"mid +", "line 1, column 6: expected a value, found the end of the text\n"
              "  mid +\n"
              "       ^"},
    {"mid + )", "line 1, column 7: expected a value, found ')'\n"
                "  mid + )\n"
                "        ^"},
    {"(mid + close",
     "line 1, column 13: expected ')' for the '(' at line 1, column 1, found the end of the text\n"
     "  (mid + close\n"
     "              ^"},
    {"ema(mid, 20",
     "line 1, column 12: expected ')' for the '(' at line 1, column 4, found the end of the text\n"
     "  ema(mid, 20\n"
     "             ^"},
    {"impact(mid, 0.5)",
     "line 1, column 8: 'window' wants a number of rows or a duration, as 20 or 10s, found a number"
     " (price)\n"
     "  impact(mid, 0.5)\n"
     "         ^"},
    {"impact(9, 0.5, mid)",
     "line 1, column 16: impact(window, decay, px: trade.px, mid: mid) takes 2 arguments by place,"
     " found 3\n"
     "  impact(9, 0.5, mid)\n"
     "                 ^"},
    {"impact(9, px: trade.qty)", "line 1, column 1: units differ: 'impact' of quantity and price\n"
                                 "  impact(9, px: trade.qty)\n"
                                 "  ^"},
    {"absent()",
     "line 1, column 1: 'absent' reads the column 'volume', which is not in this input\n"
     "  absent()\n"
     "  ^"},
    {"depth(11)",
     "line 1, column 1: 'depth' reads the column 'bid_px[10]', which is not in this input\n"
     "  depth(11)\n"
     "  ^"},
    {"mid close", "line 1, column 5: expected an operator, found 'close'\n"
                  "  mid close\n"
                  "      ^"},
    {"mdi - close",
     "line 1, column 1: expected a column or a name, found 'mdi', did you mean 'mid'?\n"
     "  mdi - close\n"
     "  ^"},
    {"emaa(mid, 20)", "line 1, column 1: expected a function, found 'emaa', did you mean 'ema'?\n"
                      "  emaa(mid, 20)\n"
                      "  ^"},
    {"mid + ema", "line 1, column 7: 'ema' is a function: expected '(' behind it\n"
                  "  mid + ema\n"
                  "        ^"},
    {"mid(20)", "line 1, column 1: expected a function, found 'mid', which is a column\n"
                "  mid(20)\n"
                "  ^"},
    {"fast: mid; fast(3)",
     "line 1, column 12: expected a function, found 'fast', which is a name defined here\n"
     "  fast: mid; fast(3)\n"
     "             ^"},
    {"cross: fst - close; fast: mid",
     "line 1, column 8: expected a column or a name, found 'fst', did you mean 'fast'?\n"
     "  cross: fst - close; fast: mid\n"
     "         ^"},
    {"bid_px", "line 1, column 7: expected an index, 'bid_px[0]' to 'bid_px[9]'\n"
               "  bid_px\n"
               "        ^"},
    {"bid_px[10]", "line 1, column 8: expected an index from 0 to 9, found 10\n"
                   "  bid_px[10]\n"
                   "         ^"},
    {"bid_px[x]", "line 1, column 8: expected an index, a whole number from 0 on, found 'x'\n"
                  "  bid_px[x]\n"
                  "         ^"},
    {"bid_px[0", "line 1, column 9: expected ']', found the end of the text\n"
                 "  bid_px[0\n"
                 "          ^"},
    {"mid[0]", "line 1, column 4: 'mid' takes no index\n"
               "  mid[0]\n"
               "     ^"},
    {"mid + bid_qty[0]", "line 1, column 5: units differ: '+' of price and quantity\n"
                         "  mid + bid_qty[0]\n"
                         "      ^"},
    {"mid > trade.qty", "line 1, column 5: units differ: '>' of price and quantity\n"
                        "  mid > trade.qty\n"
                        "      ^"},
    {"where(trade.is_buy, mid, trade.qty)",
     "line 1, column 1: units differ: 'where' of price and quantity\n"
     "  where(trade.is_buy, mid, trade.qty)\n"
     "  ^"},
    {"where(mid, 1, 2)", "line 1, column 7: 'where' wants a condition, found a number (price): "
                         "compare it with something\n"
                         "  where(mid, 1, 2)\n"
                         "        ^"},
    {"mid and trade.is_buy", "line 1, column 1: 'and' wants a condition, found a number (price): "
                             "compare it with something\n"
                             "  mid and trade.is_buy\n"
                             "  ^"},
    {"not mid", "line 1, column 5: 'not' wants a condition, found a number (price): compare it "
                "with something\n"
                "  not mid\n"
                "      ^"},
    {"trade.is_buy + 1",
     "line 1, column 1: '+' wants a number, found a condition: where(..., 1, 0) makes one of it\n"
     "  trade.is_buy + 1\n"
     "  ^"},
    {"ema(trade.is_buy, 20)",
     "line 1, column 5: 'ema' wants a number, found a condition: where(..., 1, 0) makes one of it\n"
     "  ema(trade.is_buy, 20)\n"
     "      ^"},
    {"log(mid)", "line 1, column 5: 'log' wants a ratio, found price: divide by something like it, "
                 "or raw(...)\n"
                 "  log(mid)\n"
                 "      ^"},
    {"exp(mid * trade.qty)", "line 1, column 5: 'exp' wants a ratio, found price*quantity: divide "
                             "by something like it, or raw(...)\n"
                             "  exp(mid * trade.qty)\n"
                             "      ^"},
    {"mid ^ 0.5",
     "line 1, column 5: '^' of price gives no whole unit up to power 15: raw(...) drops it\n"
     "  mid ^ 0.5\n"
     "      ^"},
    {"sqrt(trade.qty)",
     "line 1, column 1: 'sqrt' of quantity gives no whole unit up to power 15: raw(...) drops it\n"
     "  sqrt(trade.qty)\n"
     "  ^"},
    {"2 ^ mid",
     "line 1, column 5: '^' wants a ratio, found price: divide by something like it, or raw(...)\n"
     "  2 ^ mid\n"
     "      ^"},
    {"a: b; b: c; c: a", "line 1, column 16: 'a' is made of itself: a, b, c, a\n"
                         "  a: b; b: c; c: a\n"
                         "                 ^"},
    {"a: a + 1", "line 1, column 4: 'a' is made of itself: a, a\n"
                 "  a: a + 1\n"
                 "     ^"},
    {"a: mid; a: close", "line 1, column 9: 'a' is defined already\n"
                         "  a: mid; a: close\n"
                         "          ^"},
    {"mid: close", "line 1, column 1: 'mid' is a column already\n"
                   "  mid: close\n"
                   "  ^"},
    {"trade.x: close", "line 1, column 1: 'trade.x': a name defined here has no dots\n"
                       "  trade.x: close\n"
                       "  ^"},
    {"1 + 2; 3", "line 1, column 8: expected a name and ':', only one expression may go without\n"
                 "  1 + 2; 3\n"
                 "         ^"},
    {"_a: mid", "line 1, column 8: expected an output: every name here begins with '_'\n"
                "  _a: mid\n"
                "         ^"},
    {"a < b", "line 1, column 1: expected a column or a name, found 'a'\n"
              "  a < b\n"
              "  ^"},
    {"mid < close < 3", "line 1, column 13: comparisons do not chain: write a < b and b < c\n"
                        "  mid < close < 3\n"
                        "              ^"},
    {"ema(mid)", "line 1, column 1: ema(x, span): 'span' is missing\n"
                 "  ema(mid)\n"
                 "  ^"},
    {"ema(mid, 20, 30)", "line 1, column 14: ema(x, span) takes 2 arguments, found 3\n"
                         "  ema(mid, 20, 30)\n"
                         "               ^"},
    {"ema(mid, spam: 20)",
     "line 1, column 10: expected an argument of ema(x, span), found 'spam', did you mean 'span'?\n"
     "  ema(mid, spam: 20)\n"
     "           ^"},
    {"ema(mid, span: 20, 30)",
     "line 1, column 20: expected an argument by name: one before it has its name\n"
     "  ema(mid, span: 20, 30)\n"
     "                     ^"},
    {"ema(mid, span: 20, span: 30)", "line 1, column 20: 'span' is given twice\n"
                                     "  ema(mid, span: 20, span: 30)\n"
                                     "                     ^"},
    {"ema(mid, 0)",
     "line 1, column 10: 'span' is a whole number of rows from 1 to 1000000, found 0\n"
     "  ema(mid, 0)\n"
     "           ^"},
    {"ema(mid, 2.5)",
     "line 1, column 10: 'span' is a whole number of rows from 1 to 1000000, found 2.5\n"
     "  ema(mid, 2.5)\n"
     "           ^"},
    {"ema(mid, close)", "line 1, column 10: 'span' wants a number of rows or a duration, as 20 or "
                        "10s, found a number (price)\n"
                        "  ema(mid, close)\n"
                        "           ^"},
    {"ema(mid, 101d)", "line 1, column 10: a duration is at most 100d\n"
                       "  ema(mid, 101d)\n"
                       "           ^"},
    {"ema(mid, 1ns)", "line 1, column 10: 'span' is a duration from 1us to 100d\n"
                      "  ema(mid, 1ns)\n"
                      "           ^"},
    {"lag(mid, 20)", "line 1, column 10: 'by' wants a duration, as 10s, found the number 20\n"
                     "  lag(mid, 20)\n"
                     "           ^"},
    {"macd(mid, 10s).line",
     "line 1, column 11: 'fast' wants a constant whole number, found a duration\n"
     "  macd(mid, 10s).line\n"
     "            ^"},
    {"quantile(mid, 1.5)", "line 1, column 15: 'q' is a number from 0 to 1, found 1.5\n"
                           "  quantile(mid, 1.5)\n"
                           "                ^"},
    {"macd(mid, 26, 12).line", "line 1, column 1: 'macd': these arguments do not go together\n"
                               "  macd(mid, 26, 12).line\n"
                               "  ^"},
    {"bbands(close)",
     "line 1, column 1: 'bbands' gives upper, middle, lower: pick one, as bbands(...).upper\n"
     "  bbands(close)\n"
     "  ^"},
    {"bbands(close).uper", "line 1, column 15: expected one of upper, middle, lower, found 'uper', "
                           "did you mean 'upper'?\n"
                           "  bbands(close).uper\n"
                           "                ^"},
    {"ema(mid, 2).upper", "line 1, column 13: 'ema' has one output: nothing to pick\n"
                          "  ema(mid, 2).upper\n"
                          "              ^"},
    {"mid.upper + (mid).upper",
     "line 1, column 18: only what a function gives has outputs to pick\n"
     "  mid.upper + (mid).upper\n"
     "                   ^"},
    {"abs(mid, close)", "line 1, column 10: 'abs' takes 1 argument, found 2\n"
                        "  abs(mid, close)\n"
                        "           ^"},
    {"where(trade.is_buy, mid)", "line 1, column 1: 'where' takes 3 arguments, found 2\n"
                                 "  where(trade.is_buy, mid)\n"
                                 "  ^"},
    {"abs(x: mid)", "line 1, column 5: 'abs' takes its arguments without names\n"
                    "  abs(x: mid)\n"
                    "      ^"},
    {"typical(mid, close, trade.qty)",
     "line 1, column 21: units differ: 'typical' of price and quantity\n"
     "  typical(mid, close, trade.qty)\n"
     "                      ^"},
    {"of(mid)", "line 1, column 4: expected an instrument, as of(\"BTCUSDT\", mid), found 'mid'\n"
                "  of(mid)\n"
                "     ^"},
    {"of(\"BTCUSDT\")",
     "line 1, column 13: expected ',' and what to take of the instrument, found ')'\n"
     "  of(\"BTCUSDT\")\n"
     "              ^"},
    {"of(\"BTCUSDT\", mid, 3)", "line 1, column 18: expected ')', found ','\n"
                                "  of(\"BTCUSDT\", mid, 3)\n"
                                "                   ^"},
    {"of(\"BTCUSDT mid)", "line 1, column 4: expected '\"' before the end of the line\n"
                          "  of(\"BTCUSDT mid)\n"
                          "     ^"},
    {"$speed + 1", "line 1, column 1: expected a parameter, found '$speed'\n"
                   "  $speed + 1\n"
                   "  ^"},
    {"5x", "line 1, column 2: expected a unit of time behind the number (ns, us, ms, s, m, h, d) "
           "or an operator, found 'x'\n"
           "  5x\n"
           "   ^"},
    {"1__0", "line 1, column 2: '_' in a number stands between two digits\n"
             "  1__0\n"
             "   ^"},
    {"1.", "line 1, column 3: expected a digit behind the point of a number\n"
           "  1.\n"
           "    ^"},
    {".5", "line 1, column 1: a number begins with a digit, as 0.5\n"
           "  .5\n"
           "  ^"},
    {"1e999", "line 1, column 1: the number is too large\n"
              "  1e999\n"
              "  ^"},
    {"mid = 3",
     "line 1, column 5: expected an operator, found '=': '==' compares, ':' gives a name\n"
     "  mid = 3\n"
     "      ^"},
    {"mid && close", "line 1, column 5: expected an operator, found '&&', did you mean 'and'?\n"
                     "  mid && close\n"
                     "      ^"},
    {"mid ** 2", "line 1, column 6: expected a value, found '*': a power is written '^'\n"
                 "  mid ** 2\n"
                 "       ^"},
    {"mid @ 2", "line 1, column 5: expected an expression, found '@'\n"
                "  mid @ 2\n"
                "      ^"},
    {"5s + 1",
     "line 1, column 4: '+' of a duration and a bare number: give the number a unit, as 5s\n"
     "  5s + 1\n"
     "     ^"},
    {"10s / 0", "line 1, column 1: the duration has no value\n"
                "  10s / 0\n"
                "  ^"},
    {"mid ^ 20",
     "line 1, column 5: '^' of price gives no whole unit up to power 15: raw(...) drops it\n"
     "  mid ^ 20\n"
     "      ^"},
    {"-(mid,close)", "line 1, column 6: ',' stands between the arguments of a function\n"
                     "  -(mid,close)\n"
                     "       ^"},
    {"a: b: c", "line 1, column 5: expected an operator, found ':': one name stands before it, at "
                "the beginning of a line or behind ';'\n"
                "  a: b: c\n"
                "      ^"},
    {"mid; ; , close",
     "line 1, column 8: expected a name and ':', only one expression may go without\n"
     "  mid; ; , close\n"
     "         ^"},
    {"x: mid\n\ty: mid +* close", "line 2, column 10: expected a value, found '*'\n"
                                  "   y: mid +* close\n"
                                  "           ^"},
    {"x: 'abc'", "line 1, column 4: expected a value, found ''': an instrument is written in \"\"\n"
                 "  x: 'abc'\n"
                 "     ^"},
    {"mid + \xe2\x82\xac"
     " close",
     "line 1, column 7: expected an expression, found the byte 0xe2\n"
     "  mid + ? close\n"
     "        ^"},
    {"ema(mid, null)",
     "line 1, column 10: 'span' wants a number of rows or a duration, as 20 or 10s, found null\n"
     "  ema(mid, null)\n"
     "           ^"},
};

static expr_rig rig;

static hr_expr *read_text(const char *text)
{
    hr_err err = HR_ERR_INIT;
    hr_expr *x = expr_rig_read(&rig, text, strlen(text), &err);
    if (x == NULL) fail_msg("'%s': %s", text, err.message);
    return x;
}

static void test_wrong(void **state)
{
    char found[HR_ERR_MSG_BYTES + HR_EXPR_CARET_BYTES];
    char caret[HR_EXPR_CARET_BYTES];
    (void)state;
    for (size_t i = 0; i < HR_ARRAY_LEN(wrong); i++) {
        const struct wrong *c = &wrong[i];
        hr_err err = HR_ERR_INIT;
        size_t n = strlen(c->text);
        if (expr_rig_read(&rig, c->text, n, &err) != NULL) fail_msg("'%s' is taken", c->text);
        assert_int_equal(err.code, HR_EUSAGE);
        assert_in_range(err.offset, 0, n);
        hr_expr_caret(caret, c->text, n, (size_t)err.offset);
        snprintf(found, sizeof found, "%s\n%s", err.message, caret);
        assert_string_equal(found, c->message);
    }
}

/* What is written, and how it prints. */
static void test_print(void **state)
{
    static const struct {
        const char *text, *printed;
    } cases[] = {
        {"1 + mid * 2 ^ raw(mid)", "1 + mid * 2 ^ raw(mid)\n"},
        {"(1 + extra) * 2", "(1 + extra) * 2\n"},
        {"mid - close - mid", "mid - close - mid\n"},
        {"mid - (close - mid)", "mid - (close - mid)\n"},
        {"mid / (close / mid)", "mid / (close / mid)\n"},
        {"extra ^ extra ^ extra", "extra ^ extra ^ extra\n"},
        {"(extra ^ extra) ^ extra", "(extra ^ extra) ^ extra\n"},
        {"-extra ^ 2", "-extra ^ 2\n"},
        {"(-extra) ^ 2", "(-extra) ^ 2\n"},
        {"extra ^ -extra", "extra ^ (-extra)\n"},
        {"- - extra", "--extra\n"},
        {"mid ^ -2", "mid ^ (-2)\n"},
        {"-mid * close", "-mid * close\n"},
        {"not mid > 5 and mid < 7 or mid == 1", "not mid > 5 and mid < 7 or mid == 1\n"},
        {"not (mid > 5 and mid < 7)", "not (mid > 5 and mid < 7)\n"},
        {"mid > 5 and (mid < 7 or mid == 1)", "mid > 5 and (mid < 7 or mid == 1)\n"},
        {"(mid > 5) == trade.is_buy", "(mid > 5) == trade.is_buy\n"},
        {"a: mid +\n  close # more\n\nb: ema(\n mid,\n 20);", "a: mid + close\nb: ema(mid, 20)\n"},
        {"a:\n  mid", "a: mid\n"},
        {"bbands(close, width: 3).upper", "bbands(close, 20, 3).upper\n"},
        {"quantile(mid, window: 90m, q: $k / 5)", "quantile(mid, 0.5, 90m)\n"},
        {"ema(mid, $span) - ema(mid, $1)", "ema(mid, 5s) - ema(mid, 20)\n"},
        {"lag(mid) - lag(mid, 36h)", "lag(mid, 1s) - lag(mid, 36h)\n"},
        {"where(trade.is_buy, null, mid > 5)", "where(trade.is_buy, null == 0, mid > 5)\n"},
        {"of(\"A B\", mid - of(\"C\", mid)) / mid", "of(\"A B\", mid - of(\"C\", mid)) / mid\n"},
        {"of(\"A\", 5) + 1", "6\n"},
        {"of(\"A\", of(\"A\", mid))", "of(\"A\", mid)\n"},
        {"fast: ema(mid, 2s); slow: ema(mid, 30s); cross: fast - slow",
         "_1: ema(mid, 2s)\n_3: ema(mid, 30s)\nfast: _1\nslow: _3\ncross: _1 - _3\n"},
        {"b: a; a: mid", "b: mid\na: mid\n"},
        {"_w: 2 * 10s; a: ema(mid, _w)", "a: ema(mid, 20s)\n"},
        {"_s: mid - close; of(\"A\", _s) / of(\"B\", _s)",
         "of(\"A\", mid - close) / of(\"B\", mid - close)\n"},
        {"bbands(mid + close).upper - bbands(mid + close).lower",
         "_1: mid + close\nbbands(_1, 20, 2).upper - bbands(_1, 20, 2).lower\n"},
        {"impact(10s)", "impact(px: trade.px, mid: mid, window: 10s, decay: 0.5)\n"},
        {"impact(9, decay: 0.1, mid: close)",
         "impact(px: trade.px, mid: close, window: 9, decay: 0.1)\n"},
        {"of(\"A\", top().a)", "of(\"A\", top(px: bid_px[3]).a)\n"},
        {"depth()", "depth(5)\n"},
    };
    char out[512];
    char again[512];
    (void)state;
    for (size_t i = 0; i < HR_ARRAY_LEN(cases); i++) {
        size_t n = hr_expr_print(out, sizeof out, read_text(cases[i].text));
        assert_string_equal(out, cases[i].printed);
        assert_int_equal(n, strlen(out));
        hr_expr *x = read_text(out);
        assert_int_equal(hr_expr_print(NULL, 0, x), n);
        hr_expr_print(again, sizeof again, x);
        assert_string_equal(again, out);
        hr_expr_print(again, 4, x);
        assert_true(strlen(again) == HR_MIN(n, 3) && memcmp(again, out, strlen(again)) == 0);
    }
}

static void test_units(void **state)
{
    static const struct {
        const char *text, *unit;
    } cases[] = {
        {"mid", "price"},
        {"mid * trade.qty", "price*quantity"},
        {"mid / close", "ratio"},
        {"mid / trade.qty", "price/quantity"},
        {"1 / mid", "1/price"},
        {"1 / (mid * latency)", "1/(price*time)"},
        {"2 * mid + 3", "price"},
        {"mid ^ 2", "price^2"},
        {"mid ^ -1", "1/price"},
        {"sqrt(mid * close)", "price"},
        {"(mid ^ 2) ^ 0.5", "price"},
        {"-abs(mid)", "price"},
        {"mid % 5", "price"},
        {"raw(mid) + imbalance", "ratio"},
        {"log(mid / close)", "ratio"},
        {"where(trade.is_buy, mid, 0)", "price"},
        {"where(trade.is_buy, 1, 0)", "number"},
        {"where(trade.is_buy, 1, 0) * mid", "price"},
        {"latency + 5s", "time"},
        {"mid / 5s", "price/time"},
        {"5", "number"},
        {"extra + mid", "any unit"},
        {"extra * mid", "any unit"},
        {"ema(mid, 5)", "price"},
        {"zscore(mid)", "ratio"},
        {"var(mid, 5)", "price^2"},
        {"cov(mid, trade.qty, 5)", "price*quantity"},
        {"slope(mid, latency, 5)", "price/time"},
        {"trades(5s) * mid", "price*count"},
        {"rate(5s)", "1/time"},
        {"age(mid) + 1ms", "time"},
        {"custom(mid)", "any unit"},
        {"vwap(extra, imbalance)", "price"},
        {"ofi()", "quantity"},
        {"bbands(mid).lower", "price"},
        {"typical(mid, 5, extra)", "any unit"},
        {"of(\"A\", n_trades)", "count"},
    };
    char unit[64];
    (void)state;
    for (size_t i = 0; i < HR_ARRAY_LEN(cases); i++) {
        hr_expr *x = read_text(cases[i].text);
        hr_expr_unit_text(unit, sizeof unit, x->node[x->out[0].node].unit);
        if (strcmp(unit, cases[i].unit) != 0)
            fail_msg("'%s' is of '%s', not '%s'", cases[i].text, unit, cases[i].unit);
    }
}

static void test_shared(void **state)
{
    static const struct {
        const char *text;
        uint32_t n_node, n_args, n_symbol;
    } cases[] = {
        {"mid", 1, 0, 0},
        {"mid * mid", 2, 0, 0},
        {"a: ema(mid, 20) - close; b: ema(mid, span: 2 * 10) / close", 5, 1, 0},
        {"ema(mid, 20) - ema(mid, 20s)", 4, 2, 0},
        {"ema(mid, 20) - ema(close, 20)", 5, 1, 0},
        {"bid_px[0] - bid_px[0] + bid_px[1]", 4, 0, 0},
        {"bbands(mid).upper - bbands(mid, 20, 2).lower", 5, 1, 0},
        {"of(\"A\", mid) - of(\"A\", mid)", 3, 0, 1},
        {"of(\"A\", mid) - of(\"B\", mid) + mid", 7, 0, 2},
        {"_unused: ema(close, 5); _other: of(\"X\", close); mid", 1, 0, 0},
        {"a: mid; b: a; c: b", 1, 0, 0},
    };
    (void)state;
    for (size_t i = 0; i < HR_ARRAY_LEN(cases); i++) {
        hr_expr *x = read_text(cases[i].text);
        if (x->n_node != cases[i].n_node || x->n_args != cases[i].n_args ||
            x->n_symbol != cases[i].n_symbol)
            fail_msg("'%s': %u nodes, %u arguments, %u instruments", cases[i].text, x->n_node,
                     x->n_args, x->n_symbol);
        for (uint32_t k = 0; k < x->n_node; k++)
            for (uint32_t in = 0; in < x->node[k].n_in; in++)
                assert_true(x->node[k].in[in] < k);
    }
}

static void test_folded(void **state)
{
    static const struct {
        const char *text, *printed;
    } cases[] = {
        {"1 + 2 * 3", "7"},
        {"-2 ^ 2", "-4"},
        {"2 ^ 3 ^ 2", "512"},
        {"2 ^ -1", "0.5"},
        {"7 % 4 + -7 % 4", "0"},
        {"10 - 4 - 3", "3"},
        {"1_000.5 * 1e-3", "1.0005"},
        {"0.1 + 0.2", "0.30000000000000004"},
        {"1 / 0", "null"},
        {"log(0)", "null"},
        {"log(-1)", "null"},
        {"sqrt(9) + abs(-1) + exp(0)", "5"},
        {"1e308 * 10", "null"},
        {"null + 1", "null"},
        {"is_null(null) and not is_null(5s)", "true"},
        {"null == null", "null == 0"},
        {"null > 1 and false", "false"},
        {"null > 1 or true", "true"},
        {"null > 1 or false", "null == 0"},
        {"not (null > 1)", "null == 0"},
        {"1 < 2 and 2 <= 2 and 3 > 2 and 3 >= 3 and 1 == 1 and 1 != 2", "true"},
        {"true != false", "true"},
        {"where(1 < 2, 5, 6)", "5"},
        {"where(1 > 2, mid, close)", "close"},
        {"where(null > 2, 5, 6)", "null"},
        {"5s + 10s * 2 - 1m", "-35s"},
        {"10s / 4", "2500ms"},
        {"1h / 1m", "60"},
        {"90m % 1h", "30m"},
        {"1.5d", "36h"},
        {"1ns + 0.0000001s", "101ns"},
        {"0s", "0s"},
        {"5s < 1m", "true"},
        {"raw(5ms)", "0.005"},
        {"1 / 10s", "1 / 10s"},
        {"$k + $1", "22.5"},
    };
    char out[256];
    (void)state;
    for (size_t i = 0; i < HR_ARRAY_LEN(cases); i++) {
        size_t n = hr_expr_print(out, sizeof out, read_text(cases[i].text));
        out[n - 1] = '\0';
        if (strcmp(out, cases[i].printed) != 0)
            fail_msg("'%s' becomes '%s', not '%s'", cases[i].text, out, cases[i].printed);
    }
}

/* head, then piece n times, then tail. */
static hr_status read_many(const char *head, const char *piece, size_t n, const char *tail,
                           hr_err *err)
{
    static char text[HR_EXPR_TEXT_MAX + 64];
    size_t k = (size_t)snprintf(text, sizeof text, "%s", head);
    for (size_t i = 0; i < n && k + strlen(piece) < sizeof text; i++) {
        memcpy(text + k, piece, strlen(piece));
        k += strlen(piece);
    }
    k += (size_t)snprintf(text + k, sizeof text - k, "%s", tail);
    hr_expr *x = expr_rig_read(&rig, text, HR_MIN(k, sizeof text - 1), err);
    return x != NULL ? HR_OK : err->code;
}

static void test_limits(void **state)
{
    static char text[HR_EXPR_TEXT_MAX];
    hr_err err = HR_ERR_INIT;
    (void)state;
    assert_int_equal(read_many("mid", "+mid", 10000, "", &err), HR_OK);
    assert_int_equal(read_many("mid", " ", HR_EXPR_TEXT_MAX - 3, "", &err), HR_OK);
    assert_int_equal(read_many("mid", " ", HR_EXPR_TEXT_MAX - 2, "", &err), HR_ELIMIT);
    assert_int_equal(read_many("", "-", HR_EXPR_DEPTH_MAX, "mid", &err), HR_OK);
    assert_int_equal(read_many("", "-", HR_EXPR_DEPTH_MAX + 1, "mid", &err), HR_ELIMIT);
    assert_int_equal(read_many("", "abs(", HR_EXPR_DEPTH_MAX + 1, "mid", &err), HR_ELIMIT);
    assert_int_equal(read_many("", "(2 ^", HR_EXPR_DEPTH_MAX / 2, "(2)", &err), HR_ELIMIT);
    assert_int_equal(read_many("", "(", HR_EXPR_DEPTH_MAX, "mid", &err), HR_EUSAGE);
    assert_int_equal(read_many("", "n", 64, "", &err), HR_ELIMIT);
    assert_int_equal(read_many("", "n", 63, ": mid", &err), HR_OK);
    assert_int_equal(read_many("$", "n", 64, "", &err), HR_ELIMIT);
    assert_int_equal(read_many("of(\"", "n", 64, "\", mid)", &err), HR_ELIMIT);
    assert_int_equal(read_many("0.", "1", 64, "", &err), HR_ELIMIT);
    for (uint32_t n = HR_EXPR_DEF_MAX; n <= HR_EXPR_DEF_MAX + 1; n++) {
        size_t k = 0;
        for (uint32_t i = 0; i < n; i++)
            k += (size_t)snprintf(text + k, sizeof text - k, "a%u:%u\n", i, i);
        assert_true((expr_rig_read(&rig, text, k, &err) != NULL) == (n == HR_EXPR_DEF_MAX));
    }
    assert_int_equal(err.code, HR_ELIMIT);
    /* each name under each instrument: the nodes run out before the text does */
    size_t k = (size_t)snprintf(text, sizeof text, "_0: mid\n");
    for (uint32_t i = 1; i < 3000; i++)
        k += (size_t)snprintf(text + k, sizeof text - k, "_%c%u: _%s%u * 2 / %u\n", 'a', i,
                              i > 1 ? "a" : "", i - 1, i);
    for (uint32_t i = 0; i < HR_EXPR_SYMBOL_MAX; i++)
        k += (size_t)snprintf(text + k, sizeof text - k, "x%u: of(\"S%u\", _a2999)\n", i, i);
    assert_null(expr_rig_read(&rig, text, k, &err));
    assert_int_equal(err.code, HR_ELIMIT);
    k += (size_t)snprintf(text + k, sizeof text - k, "y: of(\"T\", mid)\n");
    assert_null(expr_rig_read(&rig, text, k, &err));
    assert_non_null(strstr(err.message, "more than 64 other instruments"));
}

/* However little memory there is: HR_ENOMEM, and scratch is as it was. */
static void test_memory(void **state)
{
    static const char text[] = "a: ema(mid, 20) + of(\"A\", mid); b: bbands(a).upper";
    hr_err err = HR_ERR_INIT;
    bool is_read = false;
    (void)state;
    for (size_t cap = 0; !is_read; cap += 4096) {
        hr_expr *x = NULL;
        hr_arena *small;
        assert_int_equal(hr_arena_create(&small, NULL, cap, "small", NULL), HR_OK);
        hr_arena_rewind(rig.arena, 0);
        size_t used = hr_arena_used(small);
        hr_status st =
            hr_expr_parse(&x, rig.arena, small, expr_rig_env(), text, strlen(text), &err);
        is_read = st == HR_OK;
        assert_true(is_read || (st == HR_ENOMEM && x == NULL && err.code == HR_ENOMEM));
        assert_int_equal(hr_arena_used(small), used);
        hr_arena_destroy(&small);
        assert_true(cap < 1u << 20);
    }
    hr_arena *full;
    hr_expr *x = NULL;
    assert_int_equal(hr_arena_create(&full, NULL, 4096 - 128, "full", NULL), HR_OK);
    for (size_t left = hr_arena_left(full); left > 0; left--) {
        hr_arena_rewind(full, 0);
        size_t taken = hr_arena_left(full) - left;
        if (taken > 0) assert_non_null(hr_arena_alloc(full, taken, 1));
        hr_status st =
            hr_expr_parse(&x, full, rig.scratch, expr_rig_env(), text, strlen(text), &err);
        assert_true(st == HR_OK || st == HR_ENOMEM);
    }
    hr_arena_destroy(&full);
    assert_int_equal(hr_expr_parse(&x, rig.arena, rig.scratch, expr_rig_env(), "mid +", 5, NULL),
                     HR_EUSAGE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_wrong),  cmocka_unit_test(test_print),  cmocka_unit_test(test_units),
        cmocka_unit_test(test_shared), cmocka_unit_test(test_folded), cmocka_unit_test(test_limits),
        cmocka_unit_test(test_memory),
    };
    expr_rig_open(&rig);
    int rc = cmocka_run_group_tests(tests, NULL, NULL);
    expr_rig_close(&rig);
    return rc;
}
