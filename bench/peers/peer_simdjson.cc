// SPDX-License-Identifier: Apache-2.0
// simdjson on-demand doing what our decoder does with Binance depth messages, a line each: E, T, s, U,
// u and every price and quantity as integers of 9 and 8 decimals, into columns that are used anew
// every 65,536 rows. Fields are asked for in the order in which they come, numbers in quotes are
// read by a digit loop in place. peer_simdjson FILE; prints the lines of bench/figure.h.
#include <simdjson.h>

#include <cinttypes>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <algorithm>
#include <string_view>
#include <vector>

using namespace simdjson;

constexpr int rounds = 5;
constexpr size_t target_rows = 65536;
constexpr size_t cap = 4 * target_rows;

static int64_t cpu_ns()
{
    timespec t{};
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return int64_t(t.tv_sec) * 1000000000 + t.tv_nsec;
}

static uint64_t mix(uint64_t sum, int64_t v)
{
    return (sum ^ uint64_t(v)) * UINT64_C(0x9e3779b97f4a7c15) + (sum >> 29);
}

struct symbol {
    char text[32];
    size_t n;
};

struct columns {
    size_t n_msgs = 0, n_levels = 0;
    std::vector<int64_t> event_ns, first, last;
    std::vector<int32_t> sym, begin;
    std::vector<int64_t> px, qty;
    std::vector<uint8_t> side;
    std::vector<symbol> symbols;
    size_t recent = 0;
    uint64_t sum = 0, levels = 0;
    bool is_checked = false;
    bool is_futures = false; // messages that carry the time of the transaction, T

    columns()
        : event_ns(cap), first(cap), last(cap), sym(cap), begin(cap + 1), px(cap), qty(cap),
          side(cap)
    {
    }

    int32_t find(const char *text, size_t n)
    {
        auto is = [&](size_t i) {
            return symbols[i].n == n && std::memcmp(symbols[i].text, text, n) == 0;
        };
        if (recent < symbols.size() && is(recent)) return int32_t(recent);
        for (size_t i = 0; i < symbols.size(); i++)
            if (is(i)) return int32_t(recent = i);
        symbol s{};
        s.n = n < sizeof s.text ? n : sizeof s.text;
        std::memcpy(s.text, text, s.n);
        symbols.push_back(s);
        return int32_t(recent = symbols.size() - 1);
    }

    // outside the clock: everything that was read
    void check()
    {
        for (size_t m = 0; m < n_msgs; m++) {
            const symbol &s = symbols[size_t(sym[m])];
            sum = mix(mix(mix(sum, event_ns[m]), first[m]), last[m]);
            for (size_t i = 0; i < s.n; i++)
                sum = mix(sum, s.text[i]);
            for (size_t l = size_t(begin[m]); l < size_t(begin[m + 1]); l++)
                sum = mix(mix(mix(sum, px[l]), qty[l]), side[l]);
        }
    }

    void flush()
    {
        if (is_checked) check();
        levels += n_levels;
        n_msgs = n_levels = 0;
    }
};

constexpr int64_t power[10] = {1,      10,      100,      1000,      10000,
                               100000, 1000000, 10000000, 100000000, 1000000000};

// p: past the quote. False where it is no number that fits.
static bool fixed(const char *p, int scale, int64_t *out)
{
    int64_t v = 0;
    const char *from = p;
    for (; *p >= '0' && *p <= '9'; p++)
        v = v * 10 + (*p - '0');
    int left = scale;
    if (*p == '.') {
        from++;
        for (p++; *p >= '0' && *p <= '9'; p++, left--)
            v = v * 10 + (*p - '0');
    }
    if (*p != '"' || p - from > 18 || left < 0) return false;
    *out = v * power[left];
    return true;
}

static void levels_of(columns &c, ondemand::value list, uint8_t side)
{
    for (ondemand::array level : list.get_array()) {
        size_t k = 0;
        int64_t v[2] = {0, 0};
        for (ondemand::value number : level) {
            if (k > 1) break;
            ondemand::raw_json_string s = number.get_raw_json_string();
            if (!fixed(s.raw(), k == 0 ? 9 : 8, &v[k])) throw simdjson_error(NUMBER_ERROR);
            k++;
        }
        size_t i = c.n_levels++;
        c.px[i] = v[0];
        c.qty[i] = v[1];
        c.side[i] = side;
    }
}

static void message(columns &c, ondemand::object depth)
{
    size_t m = c.n_msgs;
    c.event_ns[m] = depth.find_field("E").get_int64().value() * 1000000;
    if (c.is_futures) c.event_ns[m] = depth.find_field("T").get_int64().value() * 1000000;
    const char *s = depth.find_field("s").get_raw_json_string().value().raw();
    c.sym[m] = c.find(s, size_t(static_cast<const char *>(std::memchr(s, '"', 64)) - s));
    c.first[m] = depth.find_field("U").get_int64();
    c.last[m] = depth.find_field("u").get_int64();
    c.begin[m] = int32_t(c.n_levels);
    levels_of(c, depth.find_field("b").value(), 0);
    levels_of(c, depth.find_field("a").value(), 1);
    c.begin[m + 1] = int32_t(c.n_levels);
    c.n_msgs++;
    if (c.n_msgs + c.n_levels >= target_rows) c.flush();
}

static void one_document(columns &c, ondemand::object o)
{
    ondemand::value inner;
    auto error = o.find_field("data").get(inner);
    if (error == SUCCESS) return message(c, inner.get_object());
    if (error != NO_SUCH_FIELD) throw simdjson_error(error);
    o.reset();
    message(c, o);
}

static void decode(columns &c, ondemand::parser &parser, const padded_string &text)
{
    ondemand::document_stream stream = parser.iterate_many(text, size_t(1) << 20);
    for (auto doc : stream)
        one_document(c, doc.get_object());
    c.flush();
}

int main(int argc, char **argv)
{
    if (argc != 2) return 2;
    try {
        padded_string text = padded_string::load(argv[1]);
        ondemand::parser parser;
        columns c;
        std::vector<int64_t> ns;
        c.is_checked = true;
        c.is_futures = std::string_view(text).substr(0, 1024).find("\"T\":") != std::string_view::npos;
        decode(c, parser, text);
        std::printf("check decode %016" PRIx64 "\n", c.sum);
        c.is_checked = false;
        for (int i = 0; i < rounds; i++) {
            c.levels = 0;
            int64_t t0 = cpu_ns();
            decode(c, parser, text);
            ns.push_back(cpu_ns() - t0);
        }
        std::sort(ns.begin(), ns.end());
        double mid = double(ns[rounds / 2]);
        std::printf("figure pair/decode %.6g GB/s\nfigure pair/levels %.6g M/s\n", double(text.size()) / mid,
                    double(c.levels) * 1e3 / mid);
    } catch (const simdjson_error &e) {
        std::printf("simdjson: %s\n", e.what());
        return 1;
    }
    return 0;
}
