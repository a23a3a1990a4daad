/* SPDX-License-Identifier: Apache-2.0 */
/* Plans: every key, every refusal with its exact words, units, names, identity. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/digest.h"
#include "base/sys.h"
#include "harness.h"
#include "kern/cpu.h"
#include "pipe/plan.h"
#include "text/nearest.h"
#include "venue/adapter.h"

static hr_plan plan;

static hr_status parse(const char *text, hr_err *err)
{
    hr_plan_init(&plan);
    return hr_plan_parse(&plan, "p", text, strlen(text), err);
}

/* Every key there is, none at its default. */
static const char every_key[] =
    "input:\n"
    "  paths: [a.gz, 'b c']\n"
    "  format: capture-json\n"
    "  venue: binance\n"
    "  symbol: BTC-USDT\n"
    "  symbols:\n"
    "    - BTCUSDT\n"
    "    - ETHUSDT\n"
    "  skip_missing: true\n"
    "  from: 2024-08-09T00:00:00.5Z\n"
    "  to: 1723161600500000001\n"
    "output: {path: out, deltas: false, trades: false, tickers: false,\n"
    "  books: false, features: false, gaps: false, calc: false, signals: false, zstd_level: 19,\n"
    "  row_group_rows: 1024, commit_rows: 5}\n"
    "book:\n"
    "  depth: 50\n"
    "  rows: grid\n"
    "  grid: 250ms\n"
    "  window_ticks: 64\n"
    "features:\n"
    "  window: 1m\n"
    "numbers:\n"
    "  price_decimals: 0\n"
    "  quantity_decimals: 18\n"
    "engine:\n"
    "  memory: 1GiB\n"
    "  lanes: 3\n"
    "  target: latency\n"
    "  deadline: 2h\n"
    "  batch_min: 64\n"
    "  batch_max: 128\n"
    "  pin: off\n"
    "  cpu_mask: avx2,-pclmul\n"
    "  io: threads\n"
    "calc:\n"
    "  expressions: 'a: mid'\n"
    "  rows: valued\n"
    "  max_rows: 100\n"
    "  plugins: [a.so, b.so]\n"
    "  stages: [one, mine.two]\n"
    "signals:\n"
    "  - name: x\n"
    "    when: mid > 1\n"
    "    until: mid < 1\n"
    "    score: mid\n"
    "    values: [mid, spread]\n"
    "    confirm: 2\n"
    "    cooldown: 5ms\n"
    "    hold: 1s\n"
    "    priority: -3\n"
    "  - {name: y, when: is_trade}\n"
    "limits:\n"
    "  instruments: 7\n"
    "  line: 64KiB\n"
    "  rejects: 9\n";

static void test_every_key(void **state)
{
    hr_err err = HR_ERR_INIT;
    (void)state;
    hr_status st = parse(every_key, &err);
    assert_string_equal(err.message, "");
    assert_int_equal(st, HR_OK);
    assert_int_equal(plan.n_inputs, 2);
    assert_string_equal(plan.inputs[1], "b c");
    assert_int_equal(plan.format, HR_FORMAT_CAPTURE_JSON);
    assert_string_equal(plan.venue, "binance");
    assert_string_equal(plan.symbol, "BTC-USDT");
    assert_int_equal(plan.n_symbols, 2);
    assert_string_equal(plan.symbols[0], "BTCUSDT");
    assert_true(plan.skips_missing);
    assert_int_equal(plan.from_ns, INT64_C(1723161600500000000));
    assert_int_equal(plan.to_ns, INT64_C(1723161600500000001));
    assert_string_equal(plan.out, "out");
    for (int k = 0; k < HR_KIND_COUNT; k++)
        assert_false(plan.write[k]);
    assert_int_equal(plan.zstd_level, 19);
    assert_int_equal(plan.row_group_rows, 1024);
    assert_int_equal(plan.commit_rows, 5);
    assert_int_equal(plan.depth, 50);
    assert_int_equal(plan.rows_on, HR_ROWS_ON_GRID);
    assert_int_equal(plan.grid_ns, 250000000);
    assert_int_equal(plan.window_ticks, 64);
    assert_int_equal(plan.window_ns, INT64_C(60000000000));
    assert_string_equal(plan.expressions, "a: mid");
    assert_int_equal(plan.calc_rows, HR_CALC_ROWS_VALUED);
    assert_int_equal(plan.calc_max_rows, 100);
    assert_int_equal(plan.n_plugins, 2);
    assert_string_equal(plan.plugins[1], "b.so");
    assert_int_equal(plan.n_stages, 2);
    assert_string_equal(plan.stages[1], "mine.two");
    assert_int_equal(plan.n_signals, 2);
    assert_string_equal(plan.signal[0].name, "x");
    assert_string_equal(plan.signal[0].until, "mid < 1");
    assert_string_equal(plan.signal[0].value[1], "spread");
    assert_int_equal(plan.signal[0].confirm, 2);
    assert_int_equal(plan.signal[0].cooldown_ns, 5000000);
    assert_int_equal(plan.signal[0].hold_ns, 1000000000);
    assert_int_equal(plan.signal[0].priority, -3);
    assert_string_equal(plan.signal[1].when, "is_trade");
    assert_int_equal(plan.px_scale, 0);
    assert_int_equal(plan.qty_scale, 18);
    assert_int_equal(plan.memory_bytes, 1 << 30);
    assert_int_equal(plan.lanes, 3);
    assert_int_equal(plan.target, HR_TARGET_LATENCY);
    assert_int_equal(plan.deadline_ns, INT64_C(7200000000000));
    assert_int_equal(plan.batch_min, 64);
    assert_int_equal(plan.batch_max, 128);
    assert_int_equal(plan.pin, HR_PIN_OFF);
    assert_int_equal(plan.cpu_mask, HR_CPU_SSE42 | HR_CPU_AVX2);
    assert_string_equal(plan.io, "threads");
    assert_int_equal(plan.instruments, 7);
    assert_int_equal(plan.line_bytes, 65536);
    assert_int_equal(plan.rejects, 9);
    assert_int_equal(hr_plan_check(&plan, &err), HR_OK);
    hr_plan_fini(&plan);
    assert_int_equal(plan.n_inputs + plan.n_symbols, 0);
}

static void test_defaults(void **state)
{
    static const char *const empty[] = {"", "\n", "# nothing\n", "---\n", "---\n...\n", "{}"};
    hr_err err = HR_ERR_INIT;
    (void)state;
    for (size_t i = 0; i < HR_ARRAY_LEN(empty); i++) {
        assert_int_equal(parse(empty[i], &err), HR_OK);
        assert_int_equal(plan.depth, 10);
        assert_int_equal(plan.memory_bytes, 512000000);
        assert_int_equal(plan.zstd_level, 1);
        assert_int_equal(plan.cpu_mask, HR_CPU_ALL);
        assert_int_equal(plan.deadline_ns, 0);
        assert_int_equal(plan.from_ns, INT64_MIN);
        assert_int_equal(plan.to_ns, INT64_MAX);
        assert_string_equal(plan.io, "auto");
        assert_true(plan.write[HR_KIND_GAPS]);
        assert_int_equal(hr_plan_check(&plan, &err), HR_OK);
        hr_plan_fini(&plan);
    }
}

/* The text of a plan and what is said of it. */
static const struct {
    const char *text, *message;
} bad[] = {
    {"boook:\n  depth: 3\n", "p:1:1: unknown section 'boook', did you mean 'book'?"},
    {"completely_different:\n  depth: 3\n", "p:1:1: unknown section 'completely_different'"},
    {"book:\n  dpeth: 3\n", "p:2:3: unknown key 'dpeth' in 'book', did you mean 'depth'?"},
    {"book:\n  depth: 3\n  something_else_entirely: 4\n",
     "p:3:3: unknown key 'something_else_entirely' in 'book'"},
    {"output:\n  compresion: 3\n", "p:2:3: unknown key 'compresion' in 'output'"},
    {"engine:\n  cpu-mask: avx2\n",
     "p:2:3: unknown key 'cpu-mask' in 'engine', did you mean 'cpu_mask'?"},
    {"engine:\n  memroy: 64MB\n",
     "p:2:3: unknown key 'memroy' in 'engine', did you mean 'memory'?"},
    {"limits:\n  instrument: 5\n",
     "p:2:3: unknown key 'instrument' in 'limits', did you mean 'instruments'?"},
    {"numbers:\n  price_decimal: 5\n",
     "p:2:3: unknown key 'price_decimal' in 'numbers', did you mean 'price_decimals'?"},
    {"features:\n  windows: 5s\n",
     "p:2:3: unknown key 'windows' in 'features', did you mean 'window'?"},
    {"book:\n  depth: 0\n", "p:2:10: wrong value '0' for 'book.depth': expected 1 to 50"},
    {"book:\n  depth: 51\n", "p:2:10: wrong value '51' for 'book.depth': expected 1 to 50"},
    {"book:\n  depth: -1\n", "p:2:10: wrong value '-1' for 'book.depth': expected 1 to 50"},
    {"book:\n  depth: 12x\n",
     "p:2:10: wrong value '12x' for 'book.depth': expected a whole number"},
    {"book:\n  depth: 1.5\n",
     "p:2:10: wrong value '1.5' for 'book.depth': expected a whole number"},
    {"book:\n  depth:\n", "p:2:9: wrong value '' for 'book.depth': expected a whole number"},
    {"book:\n  depth: [1, 2]\n", "p:2:10: wrong value for 'depth': expected one value"},
    {"book:\n  depth: {a: 1}\n", "p:2:10: wrong value for 'depth': expected one value"},
    {"book:\n  depth: 99999999999999999999\n",
     "p:2:10: wrong value '99999999999999999999' for 'book.depth': expected a whole number"},
    {"book:\n  rows: tops\n", "p:2:9: wrong value 'tops' for 'book.rows': expected one of top bbo "
                              "grid, did you mean 'top'?"},
    {"book:\n  rows: everything\n",
     "p:2:9: wrong value 'everything' for 'book.rows': expected one of top bbo grid"},
    {"book:\n  grid: 10\n",
     "p:2:9: wrong value '10' for 'book.grid': expected a duration such as 10s"},
    {"book:\n  grid: 1us\n", "p:2:9: wrong value '1us' for 'book.grid': expected 1ms to 1d"},
    {"book:\n  grid: 2 s\n",
     "p:2:9: wrong value '2 s' for 'book.grid': expected a duration such as 10s"},
    {"book:\n  grid: 400000h\n",
     "p:2:9: wrong value '400000h' for 'book.grid': expected 1ms to 1d"},
    {"book:\n  window_ticks: 63\n",
     "p:2:17: wrong value '63' for 'book.window_ticks': expected 64 to 65536"},
    {"book:\n  depth: 3\n  depth: 4\n", "p:3:3: key given twice: 'depth'"},
    {"book:\n  depth: 3\nbook:\n  rows: top\n", "p:3:1: section given twice: 'book'"},
    {"book: 3\n", "p:1:7: expected keys under 'book'"},
    {"book:\n", "p:1:6: expected keys under 'book'"},
    {"book:\n  - depth\n", "p:2:3: expected keys under 'book'"},
    {"book:\n  [a, b]: 3\n", "p:2:3: expected a key in 'book'"},
    {"- book\n", "p:1:1: expected sections in 'p'"},
    {"book\n", "p:1:1: expected sections in 'p'"},
    {"[a]: b\n", "p:1:1: expected a section in 'p'"},
    {"book: {depth: 3\n", "p:2:1: not YAML: 'did not find expected ',' or '}''"},
    {"book:\n\011depth: 3\n", "p:2:1: not YAML: 'found character that cannot start any token'"},
    {"book:\n  depth: 'three\n", "p:3:1: not YAML: 'found unexpected end of stream'"},
    {"book: &b\n  depth: 3\n", "p:1:7: anchors are not taken: 'b'"},
    {"book:\n  depth: &d 3\n", "p:2:10: anchors are not taken: 'd'"},
    {"input:\n  paths: &p [a]\n", "p:2:10: anchors are not taken: 'p'"},
    {"book:\n  depth: *d\n", "p:2:10: aliases are not taken: 'd'"},
    {"book: *b\n", "p:1:7: aliases are not taken: 'b'"},
    {"book:\n  <<: {depth: 3}\n", "p:2:3: unknown key '<<' in 'book'"},
    {"book:\n  depth: !!int 3\n", "p:2:10: tags are not taken: 'tag:yaml.org,2002:int'"},
    {"book: !thing\n  depth: 3\n", "p:1:7: tags are not taken: '!thing'"},
    {"input:\n  paths: !l [a]\n", "p:2:10: tags are not taken: '!l'"},
    {"book:\n  \"dep\\0th\": 3\n", "p:2:3: a NUL byte in a name after 'dep'"},
    {"\"book\\0\":\n  depth: 3\n", "p:1:1: a NUL byte in a name after 'book'"},
    {"book:\n  depth: \"3\\0\"\n",
     "p:2:10: wrong value '3' for 'book.depth': expected text without NUL bytes"},
    {"input:\n  paths: [\"a\\0b\"]\n",
     "p:2:11: wrong value 'a' for 'input.paths': expected text without NUL bytes"},
    {"input:\n  paths: [[a]]\n", "p:2:11: expected a list of texts in 'paths'"},
    {"input:\n  paths: [{a: b}]\n", "p:2:11: expected a list of texts in 'paths'"},
    {"input:\n  paths: {a: b}\n", "p:2:10: wrong value for 'paths': expected a list"},
    {"input:\n  paths: ['']\n",
     "p:2:11: wrong value '' for 'input.paths': expected a path of at most 1023 bytes"},
    {"input:\n  format: capturejson\n",
     "p:2:11: wrong value 'capturejson' for 'input.format': expected one of capture-json capture "
     "cryptofeed ndjson tardis tardis-trades tardis-snapshot binance-depth-csv itch lobster "
     "bitstamp-orders dbn moldudp64 lake-deltas lake-trades lake-book binance-aggtrades "
     "binance-trades binance-bookticker tardis-quotes, did you mean 'capture-json'?"},
    {"input:\n  format: xml\n",
     "p:2:11: wrong value 'xml' for 'input.format': expected one of capture-json capture "
     "cryptofeed ndjson tardis tardis-trades tardis-snapshot binance-depth-csv itch lobster "
     "bitstamp-orders dbn moldudp64 lake-deltas lake-trades lake-book binance-aggtrades "
     "binance-trades binance-bookticker tardis-quotes"},
    {"input:\n  venue: a venue with spaces\n",
     "p:2:10: wrong value 'a venue with spaces' for 'input.venue': expected letters, digits and . "
     "_ - : / with no dot first"},
    {"input:\n  venue: abcdefghijklmnopqrstuvwxyz\n",
     "p:2:10: wrong value 'abcdefghijklmnopqrstuvwxyz' for 'input.venue': expected at most 23 "
     "bytes"},
    {"input:\n  venue: ''\n", "p:2:10: wrong value '' for 'input.venue': expected a text"},
    {"input:\n  symbol: ../etc\n", "p:2:11: wrong value '../etc' for 'input.symbol': expected "
                                   "letters, digits and . _ - : / with no dot first"},
    {"input:\n  symbols: [BTCUSDT, 'a b']\n",
     "p:2:22: wrong value 'a b' for 'input.symbols': expected a symbol of at most 31 letters, "
     "digits and . _ - : /"},
    {"input:\n  symbols: [ABCDEFGHIJKLMNOPQRSTUVWXYZABCDEFGHIJ]\n",
     "p:2:13: wrong value 'ABCDEFGHIJKLMNOPQRSTUVWXYZABCDEFGHIJ' for 'input.symbols': expected a "
     "symbol of at most 31 letters, digits and . _ - : /"},
    {"output:\n  deltas: yes\n",
     "p:2:11: wrong value 'yes' for 'output.deltas': expected true or false"},
    {"output:\n  deltas: 1\n",
     "p:2:11: wrong value '1' for 'output.deltas': expected true or false"},
    {"output:\n  zstd_level: 20\n",
     "p:2:15: wrong value '20' for 'output.zstd_level': expected 1 to 19"},
    {"output:\n  zstd_level: 0\n",
     "p:2:15: wrong value '0' for 'output.zstd_level': expected 1 to 19"},
    {"output:\n  row_group_rows: 1000\n",
     "p:2:19: wrong value '1000' for 'output.row_group_rows': expected 1024 to 16777216"},
    {"output:\n  commit_rows: -1\n",
     "p:2:16: wrong value '-1' for 'output.commit_rows': expected 0 to 1099511627776"},
    {"output:\n  path: ''\n", "p:2:9: wrong value '' for 'output.path': expected a text"},
    {"numbers:\n  price_decimals: 19\n",
     "p:2:19: wrong value '19' for 'numbers.price_decimals': expected 0 to 18"},
    {"engine:\n  memory: 63MB\n",
     "p:2:11: wrong value '63MB' for 'engine.memory': expected 64MB to 16TiB"},
    {"engine:\n  memory: 512 MB\n",
     "p:2:11: wrong value '512 MB' for 'engine.memory': expected a size such as 512MB"},
    {"engine:\n  memory: 512mb\n",
     "p:2:11: wrong value '512mb' for 'engine.memory': expected a size such as 512MB"},
    {"engine:\n  memory: 99999999999TB\n",
     "p:2:11: wrong value '99999999999TB' for 'engine.memory': expected a size such as 512MB"},
    {"engine:\n  lanes: 65\n", "p:2:10: wrong value '65' for 'engine.lanes': expected 0 to 64"},
    {"engine:\n  target: fast\n",
     "p:2:11: wrong value 'fast' for 'engine.target': expected one of throughput latency"},
    {"engine:\n  deadline: soon\n",
     "p:2:13: wrong value 'soon' for 'engine.deadline': expected a duration such as 10s"},
    {"engine:\n  batch_min: 63\n",
     "p:2:14: wrong value '63' for 'engine.batch_min': expected 64 to 65536"},
    {"engine:\n  pin: true\n",
     "p:2:8: wrong value 'true' for 'engine.pin': expected one of auto on off"},
    {"engine:\n  cpu_mask: avx\n",
     "p:2:13: wrong value 'avx' for 'engine.cpu_mask': expected a tier (scalar sse42 pclmul avx2 "
     "avx512 all), then -NAME to leave out"},
    {"engine:\n  cpu_mask: avx2,sse42\n",
     "p:2:13: wrong value 'avx2,sse42' for 'engine.cpu_mask': expected a tier (scalar sse42 pclmul "
     "avx2 avx512 all), then -NAME to leave out"},
    {"engine:\n  cpu_mask: avx2,\n",
     "p:2:13: wrong value 'avx2,' for 'engine.cpu_mask': expected a tier (scalar sse42 pclmul avx2 "
     "avx512 all), then -NAME to leave out"},
    {"engine:\n  cpu_mask: -all\n",
     "p:2:13: wrong value '-all' for 'engine.cpu_mask': expected a tier (scalar sse42 pclmul avx2 "
     "avx512 all), then -NAME to leave out"},
    {"engine:\n  io: uring\n",
     "p:2:7: wrong value 'uring' for 'engine.io': expected one of auto io_uring threads"},
    {"engine:\n  io: thread\n", "p:2:7: wrong value 'thread' for 'engine.io': expected one of auto "
                                "io_uring threads, did you mean 'threads'?"},
    {"limits:\n  instruments: 0\n",
     "p:2:16: wrong value '0' for 'limits.instruments': expected 1 to 65536"},
    {"limits:\n  line: 1\n", "p:2:9: wrong value '1' for 'limits.line': expected 1KiB to 256MiB"},
    {"limits:\n  rejects: many\n",
     "p:2:12: wrong value 'many' for 'limits.rejects': expected a whole number"},
    {"book:\n  depth: 3\n---\nbook:\n  depth: 4\n", "p:3:1: more than one document in 'p'"},
    {"book:\n  \"de\\npth\\e[0m\": 3\n", "p:2:3: unknown key 'de?pth?[0m' in 'book'"},
    {"%YAML 3.0\n---\nbook:\n", "p:1:1: not YAML: 'found incompatible YAML document'"},
    {"book:\n  depth: \001\n", "p:2:10: not YAML: 'control characters are not allowed'"},
    {"book:\n  depth: \377\n", "p:2:10: not YAML: 'invalid leading UTF-8 octet'"},
};

static void test_refusals(void **state)
{
    int n_wrong = 0;
    (void)state;
    for (size_t i = 0; i < HR_ARRAY_LEN(bad); i++) {
        hr_err err = HR_ERR_INIT;
        hr_status st = parse(bad[i].text, &err);
        if (st != HR_EPLAN || strcmp(err.message, bad[i].message) != 0 || err.line < 1) {
            print_message("# plan:\n%s\n# said: %s\n# want: %s\n", bad[i].text, err.message,
                          bad[i].message);
            n_wrong++;
        }
        hr_plan_fini(&plan);
        hr_status quiet = parse(bad[i].text, NULL); /* nobody listens: the same answer */
        if (quiet != HR_EPLAN) n_wrong++;
        hr_plan_fini(&plan);
    }
    assert_int_equal(n_wrong, 0);
}

/* snprintf at an offset; the offset behind it. */
HR_PRINTF(4, 5)
static size_t print_at(char *out, size_t cap, size_t n, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    n += (size_t)vsnprintf(out + n, cap - n, fmt, ap);
    va_end(ap);
    assert_true(n < cap);
    return n;
}

static void test_long_plans(void **state)
{
    enum { CAP = 1 << 21 };
    char *text = calloc(1, CAP);
    hr_err err = HR_ERR_INIT;
    (void)state;
    assert_non_null(text);
    memset(text, '#', 1 << 20);
    assert_int_equal(parse(text, &err), HR_OK);
    text[1 << 20] = '#';
    assert_int_equal(parse(text, &err), HR_EPLAN);
    assert_string_equal(err.message, "p: a plan is at most 1 MiB");
    for (int which = 0; which < 2; which++) { /* one entry more than the list holds */
        size_t n = print_at(text, CAP, 0, "input:\n  %s:\n", which ? "paths" : "symbols");
        for (int i = 0; i < 1025; i++)
            n = print_at(text, CAP, n, "    - S%d\n", i);
        assert_int_equal(parse(text, &err), HR_EPLAN);
        assert_string_equal(err.message,
                            which ? "p:1027:7: paths 'S1024' is one too many: at most 1024"
                                  : "p:1027:7: symbols 'S1024' is one too many: at most 1024");
        assert_int_equal(err.line, 1027);
        hr_plan_fini(&plan);
    }
    memcpy(text, "output:\n  path: ", 17);
    memset(text + 16, 'p', 1024);
    memcpy(text + 16 + 1024, "\n", 2);
    assert_int_equal(parse(text, &err), HR_EPLAN);
    assert_non_null(strstr(err.message, "ppp...' for 'output.path': expected at most 1023 bytes"));
    text[16 + 1023] = '\n';
    assert_int_equal(parse(text, &err), HR_OK);
    assert_int_equal(strlen(plan.out), 1023);
    hr_plan_fini(&plan);
    free(text);
}

static void test_checks(void **state)
{
    static const struct {
        const char *text, *message;
    } wrong[] = {
        {"engine: {batch_min: 128, batch_max: 64}",
         "engine.batch_min 128 is above engine.batch_max 64"},
        {"book: {window_ticks: 100}", "book.window_ticks 100 is no power of two"},
        {"input: {from: 5, to: 5}", "input.from is not before input.to: nothing would be left"},
    };
    (void)state;
    for (size_t i = 0; i < HR_ARRAY_LEN(wrong); i++) {
        hr_err err = HR_ERR_INIT;
        assert_int_equal(parse(wrong[i].text, &err), HR_OK);
        assert_int_equal(hr_plan_check(&plan, &err), HR_EPLAN);
        assert_string_equal(err.message, wrong[i].message);
    }
}

/* io_uring by name is refused where the system has none: the simulated one never has. */
static void test_io_uring(void **state)
{
    hr_sys_sim *sim;
    hr_sys_fail *f;
    hr_err err = HR_ERR_INIT;
    hr_sys_fault fault = {.call = "aio_open", .nth = 1, .sys_errno = ENOMEM};
    (void)state;
    assert_int_equal(parse("engine: {io: io_uring}", &err), HR_OK);
    assert_int_equal(hr_sys_sim_create(&sim, 1), HR_OK);
    hr_sys_install(hr_sys_sim_table(sim));
    assert_int_equal(hr_plan_check(&plan, &err), HR_EUNSUPPORTED);
    assert_string_equal(err.message,
                        "engine.io: this system refuses io_uring; take auto or threads");
    hr_sys_install(NULL);
    hr_sys_sim_destroy(&sim);
    hr_sys_real_force_threads(true);
    assert_int_equal(hr_plan_check(&plan, &err), HR_EUNSUPPORTED);
    hr_sys_real_force_threads(false);
    assert_int_equal(hr_sys_fail_create(&f, hr_sys_real(), &fault), HR_OK);
    hr_sys_install(hr_sys_fail_table(f));
    assert_int_equal(hr_plan_check(&plan, &err), HR_ENOMEM);
    hr_sys_install(NULL);
    hr_sys_fail_destroy(&f);
}

static void test_units(void **state)
{
    static const struct {
        const char *text;
        int64_t size, duration; /* -1: refused */
    } cases[] = {
        {"0", 0, -1},
        {"4096", 4096, -1},
        {"7B", 7, -1},
        {"2kB", 2000, -1},
        {"2KB", 2000, -1},
        {"2KiB", 2048, -1},
        {"3MB", 3000000, -1},
        {"3MiB", 3 << 20, -1},
        {"2GB", INT64_C(2000000000), -1},
        {"2GiB", INT64_C(2) << 30, -1},
        {"1TB", INT64_C(1000000000000), -1},
        {"1TiB", INT64_C(1) << 40, -1},
        {"5ns", -1, 5},
        {"5us", -1, 5000},
        {"5ms", -1, 5000000},
        {"5s", -1, INT64_C(5000000000)},
        {"5m", -1, INT64_C(300000000000)},
        {"1h", -1, INT64_C(3600000000000)},
        {"1d", -1, INT64_C(86400000000000)},
        {"", -1, -1},
        {"s", -1, -1},
        {"-1s", -1, -1},
        {"1.5s", -1, -1},
        {"+1", -1, -1},
        {" 1", -1, -1},
        {"1 ", -1, -1},
        {"0x10", -1, -1},
        {"9223372036854775807", INT64_MAX, -1},
        {"9223372036854775808", -1, -1},
        {"9223372036854775807kB", -1, -1},
        {"9223372036854775807us", -1, -1},
        {"106752d", -1, -1},
    };
    (void)state;
    for (size_t i = 0; i < HR_ARRAY_LEN(cases); i++) {
        int64_t size = -1;
        int64_t duration = -1;
        if (hr_size_parse(&size, cases[i].text) != HR_OK) size = -1;
        if (hr_duration_parse(&duration, cases[i].text) != HR_OK) duration = -1;
        if (size != cases[i].size || duration != cases[i].duration)
            fail_msg("'%s': %lld and %lld", cases[i].text, (long long)size, (long long)duration);
    }
}

static void test_cpu_masks(void **state)
{
    static const struct {
        const char *text;
        unsigned flags;
    } good[] = {
        {"", HR_CPU_ALL},
        {"all", HR_CPU_ALL},
        {"scalar", 0},
        {"sse42", HR_CPU_SSE42},
        {"pclmul", HR_CPU_SSE42 | HR_CPU_PCLMUL},
        {"avx2", HR_CPU_SSE42 | HR_CPU_PCLMUL | HR_CPU_AVX2},
        {"avx512", HR_CPU_SSE42 | HR_CPU_PCLMUL | HR_CPU_AVX2 | HR_CPU_AVX512},
        {"-avx512", HR_CPU_ALL & ~HR_CPU_AVX512},
        {"-avx2", HR_CPU_ALL & ~(HR_CPU_AVX2 | HR_CPU_AVX512)},
        {"all,-pclmul", HR_CPU_ALL & ~HR_CPU_PCLMUL},
        {"-avx512,-pclmul", HR_CPU_ALL & ~(HR_CPU_AVX512 | HR_CPU_PCLMUL)},
        {"avx512,-sse42", 0},
    };
    static const char *const wrong[] = {"avx",     "AVX2",   "avx2,sse42",   "-all",
                                        "-scalar", ",",      "avx2,",        ",-avx2",
                                        "-",       "--avx2", "-avx2,avx512", " avx2"};
    (void)state;
    for (size_t i = 0; i < HR_ARRAY_LEN(good); i++) {
        unsigned flags = 77;
        assert_int_equal(hr_cpu_flags_parse(&flags, good[i].text), HR_OK);
        assert_int_equal(flags, good[i].flags);
    }
    for (size_t i = 0; i < HR_ARRAY_LEN(wrong); i++) {
        unsigned flags = 77;
        assert_int_equal(hr_cpu_flags_parse(&flags, wrong[i]), HR_EUSAGE);
        assert_int_equal(flags, 77);
    }
}

/* Source: vectors_sip128 of the reference code: key 00 01 .. 0f, message 00 01 .. n - 1. */
static void test_digest(void **state)
{
    static const char *const want[] = {"a3817f04ba25a8e66df67214c7550293",
                                       "da87c1d86b99af44347659119b22fc45",
                                       "8177228da4a45dc7fca38bdef60affe4"};
    hr_digest key = {{UINT64_C(0x0706050403020100), UINT64_C(0x0f0e0d0c0b0a0908)}};
    char text[HR_DIGEST_TEXT];
    (void)state;
    for (size_t n = 0; n < HR_ARRAY_LEN(want); n++) {
        hr_digest d = hr_siphash(key, "\0\1\2", n);
        hr_digest_text(text, &d);
        assert_string_equal(text, want[n]);
    }
    hr_digest a = {{0, 0}};
    hr_digest b = {{0, 0}};
    hr_digest_add(&a, "12345678", 8);
    hr_digest_add(&a, "9", 1);
    hr_digest_add(&b, "123456789", 9);
    assert_true(a.half[0] != b.half[0] && a.half[1] != b.half[1]);
}

static void identity_of(const char *text, char out[HR_PLAN_IDENTITY_MAX])
{
    hr_err err = HR_ERR_INIT;
    assert_int_equal(parse(text, &err), HR_OK);
    size_t n = hr_plan_identity(&plan, out, HR_PLAN_IDENTITY_MAX);
    assert_int_equal(n, strlen(out));
    hr_plan_fini(&plan);
}

static void test_identity(void **state)
{
    static const char *const alike[] = {/* nothing here reaches the bytes of the output */
                                        "engine: {lanes: 2}",         "engine: {memory: 64MB}",
                                        "engine: {batch_min: 64}",    "engine: {batch_max: 65536}",
                                        "engine: {pin: on}",          "engine: {io: threads}",
                                        "engine: {cpu_mask: scalar}", "engine: {deadline: 1s}",
                                        "engine: {target: latency}",  "output: {path: other}"};
    static const char *const unlike[] = {
        "",
        "input: {format: ndjson}",
        "input: {venue: a}",
        "input: {symbol: a}",
        "input: {symbols: [A, B]}",
        "input: {symbols: [AB]}",
        "input: {symbols: [B, A]}",
        "input: {symbols: [A]}",
        "input: {from: 0}",
        "input: {to: 1}",
        "input: {from: 0, to: 1}",
        "output: {deltas: false}",
        "output: {trades: false}",
        "output: {gaps: false}",
        "output: {zstd_level: 2}",
        "output: {row_group_rows: 1024}",
        "output: {commit_rows: 1}",
        "book: {depth: 11}",
        "book: {rows: bbo}",
        "book: {grid: 2s}",
        "book: {window_ticks: 64}",
        "features: {window: 1s}",
        "numbers: {price_decimals: 8}",
        "numbers: {quantity_decimals: 9}",
        "limits: {instruments: 5}",
        "limits: {line: 1MB}",
        "calc: {expressions: mid}",
        "calc: {expressions: spread}",
        "calc: {expressions: mid, plugins: [a.so]}",
        "calc: {expressions: mid, plugins: [a.so, b]}",
        "calc: {expressions: mid, plugins: [a.so], stages: [b]}",
        "calc: {expressions: mid, plugins: [a.so], stages: [b, c]}",
        "calc: {expressions: mid, plugins: [a.so], stages: [c, b]}",
    };
    static char seen[HR_ARRAY_LEN(unlike)][HR_PLAN_IDENTITY_MAX];
    char text[HR_PLAN_IDENTITY_MAX];
    (void)state;
    for (size_t i = 0; i < HR_ARRAY_LEN(unlike); i++) {
        identity_of(unlike[i], seen[i]);
        for (size_t k = 0; k < i; k++)
            assert_string_not_equal(seen[i], seen[k]);
    }
    for (size_t i = 0; i < HR_ARRAY_LEN(alike); i++) {
        identity_of(alike[i], text);
        assert_string_equal(text, seen[0]);
    }
}

/* The longest list: what differs in its last entry only still differs. */
static void test_identity_of_long_lists(void **state)
{
    char text[2][HR_PLAN_IDENTITY_MAX];
    char name[32];
    (void)state;
    for (int which = 0; which < 2; which++) {
        static char yaml[65536];
        size_t n = print_at(yaml, sizeof yaml, 0, "input:\n  symbols:\n");
        for (int i = 0; i < 1024; i++) {
            snprintf(name, sizeof name, "ABCDEFGHIJKLMNOPQRSTUVWXYZ%05d",
                     i == 1023 ? i + which : i);
            n = print_at(yaml, sizeof yaml, n, "    - %s\n", name);
        }
        identity_of(yaml, text[which]);
    }
    assert_string_not_equal(text[0], text[1]);
}

static void test_nearest(void **state)
{
    char text[64];
    char long_name[80];
    (void)state;
    hr_nearest n = hr_nearest_start("dpeth");
    assert_string_equal(hr_nearest_text(&n, text, sizeof text), "");
    hr_nearest_offer(&n, "rows");
    assert_null(n.best);
    hr_nearest_offer(&n, "depth");
    assert_string_equal(hr_nearest_text(&n, text, sizeof text), ", did you mean 'depth'?");
    n = hr_nearest_start("ab"); /* one letter off, but not a letter in common */
    hr_nearest_offer(&n, "x");
    hr_nearest_offer(&n, "");
    assert_null(n.best);
    n = hr_nearest_start("");
    hr_nearest_offer(&n, "a");
    assert_null(n.best);
    memset(long_name, 'a', sizeof long_name - 1);
    long_name[sizeof long_name - 1] = '\0';
    n = hr_nearest_start(long_name);
    hr_nearest_offer(&n, long_name);
    assert_null(n.best);
}

static void test_inputs_by_hand(void **state)
{
    hr_err err = HR_ERR_INIT;
    (void)state;
    hr_plan_init(&plan);
    for (int i = 0; i < HR_PLAN_INPUTS_MAX; i++)
        assert_int_equal(hr_plan_add_input(&plan, "x", &err), HR_OK);
    assert_int_equal(hr_plan_add_input(&plan, "x", &err), HR_ELIMIT);
    assert_string_equal(err.message, "more than 1024 entries");
    hr_plan_fini(&plan);
}

static void test_times(void **state)
{
    static const struct {
        const char *text;
        int64_t ns;
    } good[] = {
        {"0", 0},
        {"1723161600000000001", INT64_C(1723161600000000001)},
        {"1970-01-01", 0},
        {"2000-02-29", INT64_C(951782400000000000)},
        {"2024-08-09", INT64_C(1723161600000000000)},
        {"2024-08-09T00:00", INT64_C(1723161600000000000)},
        {"2024-08-09 23:59:59Z", INT64_C(1723247999000000000)},
        {"2024-08-09T00:00:00.000000001+00:00", INT64_C(1723161600000000001)},
        {"2024-08-09T00:00:00.5", INT64_C(1723161600500000000)},
        {"2262-04-11T23:47:16.854775807Z", INT64_MAX},
    };
    static const char *const wrong[] = {"",
                                        " ",
                                        "x",
                                        "-1",
                                        "1.5",
                                        "2024x",
                                        "2024-8-9",
                                        "2024-13-01",
                                        "2023-02-29",
                                        "2024-00-10",
                                        "1969-12-31",
                                        "2024-08-09T",
                                        "2024-08-09T24:00",
                                        "2024-08-09T10:60",
                                        "2024-08-09T10:00:60",
                                        "2024-08-09T10:00:00.",
                                        "2024-08-09T10:00:00.1234567890",
                                        "2024-08-09T10:00+01:00",
                                        "2024-08-09Z",
                                        "2024-08-09T10:00Zz",
                                        "2262-04-11T23:47:16.854775808Z",
                                        "9999-12-31",
                                        "9223372036854775808"};
    int64_t ns;
    (void)state;
    for (size_t i = 0; i < HR_ARRAY_LEN(good); i++) {
        if (hr_time_parse(&ns, good[i].text) != HR_OK) fail_msg("%s", good[i].text);
        assert_int_equal(ns, good[i].ns);
    }
    for (size_t i = 0; i < HR_ARRAY_LEN(wrong); i++)
        if (hr_time_parse(&ns, wrong[i]) == HR_OK) fail_msg("%s", wrong[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_key), cmocka_unit_test(test_defaults),
        cmocka_unit_test(test_refusals),  cmocka_unit_test(test_long_plans),
        cmocka_unit_test(test_checks),    cmocka_unit_test(test_io_uring),
        cmocka_unit_test(test_units),     cmocka_unit_test(test_times),
        cmocka_unit_test(test_cpu_masks), cmocka_unit_test(test_digest),
        cmocka_unit_test(test_identity),  cmocka_unit_test(test_identity_of_long_lists),
        cmocka_unit_test(test_nearest),   cmocka_unit_test(test_inputs_by_hand),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
