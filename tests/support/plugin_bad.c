/* SPDX-License-Identifier: Apache-2.0 */
/* A plugin that is wrong in one way, told by the environment: for tests of its host. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "headrace/plugin.h"

static const char *const names[] = {"x", "y", "z", "u", "v", "w", "x7"};
static const char *const columns[] = {"mid", "bid_px[0]", "trade.px", "bid_px[a]"};
static const char *const levels[] = {"bid_px", "fresh[0]"};
static const uint32_t units[] = {HEADRACE_UNIT_ANY, HEADRACE_UNIT_ANY, 11};
static const char *const twice[] = {"x", "x"};
static const char *const none[] = {""};
static const char *const null[] = {NULL};
static char long_text[HEADRACE_TEXT_MAX + 2];

static headrace_arg arg = {sizeof(headrace_arg), HEADRACE_INT, "n", 1, 100, 5};
static headrace_op op[2];
static headrace_stage stage[2];
static headrace_plugin_info info;

static const char *how = "";

static int is(const char *what)
{
    return strcmp(how, what) == 0;
}

static uint64_t bytes_many(void *self, const headrace_args *a)
{
    (void)self;
    (void)a;
    return (uint64_t)1 << 40;
}

static uint64_t bytes_few(void *self, const headrace_args *a)
{
    (void)self;
    if (a->value[0] == 99) return HEADRACE_NOT_TOGETHER;
    return (uint64_t)a->value[0]; /* no multiple of anything */
}

/* x, counted: state[0] is the rows so far. */
static void op_run(void *self, void *state, const headrace_rows *r)
{
    char *own = state;
    (void)self;
    for (uint32_t i = 0; i < r->n; i++)
        r->out[0][i] = r->in[0][i] > 0 ? 1 / (r->in[0][i] - 1) : r->in[0][i];
    if (is("write out")) r->out[0][r->n] = 1;
    if (is("write out far")) r->out[r->n > 0][r->n + 7] = 1;
    if (is("write state")) own[64] = 1;
    if (is("write state inside")) own[16] = 1;
    if (is("write before")) own[-1] = 1;
    if (is("write size")) memset(own - 64, 0x11, 8);
    if (is("write pointers")) ((double **)(uintptr_t)r->out)[0] = NULL;
}

static void stage_run(void *self, void *state, const headrace_stage_rows *r)
{
    (void)self;
    (void)state;
    for (uint32_t i = 0; i < r->n; i++) {
        r->out[0][i] = 2 * r->in[0][i];
        r->keep[i] = r->in[0][i] > 2 ? 0 : 77;
    }
    if (is("stage keep")) r->keep[r->n] = 0;
    if (is("stage out")) r->out[0][r->n] = 0;
    if (is("stage state")) ((char *)state)[64] = 1;
}

static void start(void)
{
    memset(op, 0, sizeof op);
    memset(stage, 0, sizeof stage);
    for (int i = 0; i < 2; i++) {
        op[i] = (headrace_op){.struct_size = sizeof(headrace_op),
                              .n_in = 1,
                              .n_arg = 1,
                              .n_out = 2,
                              .name = i == 0 ? "one" : "two",
                              .what = "",
                              .in = names,
                              .arg = &arg,
                              .out = names,
                              .unit = units,
                              .bytes = bytes_few,
                              .run = op_run};
        stage[i] = (headrace_stage){.struct_size = sizeof(headrace_stage),
                                    .n_in = 1,
                                    .n_out = 1,
                                    .name = i == 0 ? "first" : "second",
                                    .what = "",
                                    .in = columns,
                                    .out = columns + 2,
                                    .state_bytes = 64,
                                    .run = stage_run};
    }
    arg = (headrace_arg){sizeof(headrace_arg), HEADRACE_INT, "n", 1, 100, 5};
    info = (headrace_plugin_info){.abi = HEADRACE_PLUGIN_ABI,
                                  .struct_size = sizeof(headrace_plugin_info),
                                  .name = "bad",
                                  .version = "0.1",
                                  .n_op = 2,
                                  .n_stage = 2,
                                  .op = op,
                                  .stage = stage};
    memset(long_text, 'a', sizeof long_text - 1);
}

static void spoil_info(void)
{
    if (is("abi")) info.abi = 2;
    if (is("info size")) info.struct_size -= 8;
    if (is("info name")) info.name = "no name";
    if (is("info no name")) info.name = NULL;
    if (is("info version")) info.version = long_text;
    if (is("info many")) info.n_op = 257;
    if (is("info stages")) info.n_stage = 17;
    if (is("info nothing")) info.n_op = info.n_stage = 0;
    if (is("info op")) info.op = NULL;
    if (is("info stage")) info.stage = NULL;
    if (is("info same ops")) op[1].name = "one";
    if (is("info same stages")) stage[1].name = "first";
}

static void spoil_op(void)
{
    if (is("op size")) op[1].struct_size += 8;
    if (is("op name")) op[1].name = "2x";
    if (is("op long name")) op[1].name = long_text;
    if (is("op no name")) op[1].name = NULL;
    if (is("op odd name")) op[1].name = "a\n";
    if (is("op word")) op[1].name = "sqrt";
    if (is("op clash")) op[1].name = "sma";
    if (is("op what")) op[1].what = long_text;
    if (is("op no what")) op[1].what = NULL;
    if (is("op n_in")) op[1].n_in = 7;
    if (is("op n_arg")) op[1].n_arg = 9;
    if (is("op n_out")) op[1].n_out = 9;
    if (is("op no out")) op[1].n_out = 0;
    if (is("op in")) op[1].in = NULL;
    if (is("op in name")) op[1].in = null;
    if (is("op arg")) op[1].arg = NULL;
    if (is("op out")) op[1].out = NULL;
    if (is("op unit")) op[1].unit = NULL;
    if (is("op run")) op[1].run = NULL;
    if (is("op units")) op[1].unit = units + 1;
    if (is("op outs")) op[1].out = twice;
    if (is("op nameless out")) op[1].out = none;
    if (is("op bytes")) op[1].bytes = bytes_many;
    if (is("op column")) {
        op[1].column = columns + 3;
        op[1].n_in = 1;
    }
    if (is("op ins")) {
        op[1].in = twice;
        op[1].n_in = 2;
    }
}

static void spoil_arg(void)
{
    if (is("arg size")) arg.struct_size = 0;
    if (is("arg name")) arg.name = "";
    if (is("arg same")) arg.name = "x";
    if (is("arg kind")) arg.kind = 4;
    if (is("arg least")) arg.least = 101;
    if (is("arg nan")) arg.most = (double)NAN;
    if (is("arg default")) arg.by_default = 0;
    if (is("arg time")) arg.kind = HEADRACE_TIME;
}

static void spoil_stage(void)
{
    if (is("stage size")) stage[1].struct_size = 1;
    if (is("stage name")) stage[1].name = "";
    if (is("stage what")) stage[1].what = NULL;
    if (is("stage n_in")) stage[1].n_in = 17;
    if (is("stage n_out")) stage[1].n_out = 9;
    if (is("stage in")) stage[1].in = NULL;
    if (is("stage outs")) stage[1].out = NULL;
    if (is("stage run")) stage[1].run = NULL;
    if (is("stage bytes")) stage[1].state_bytes = UINT64_MAX;
    if (is("stage column")) stage[1].in = columns + 3;
    if (is("stage chain")) { /* the second reads what the first gives, and gives another mid */
        stage[1].in = columns + 2;
        stage[1].out = columns;
    }
    if (is("stage level")) stage[1].out = columns + 1;
    if (is("stage no level")) stage[1].in = levels;
    if (is("stage new level")) stage[1].out = levels + 1;
    if (is("stage absent")) stage[1].in = names;
    if (is("stage twin")) stage[1].name = "despike";
    if (is("stage same")) {
        stage[1].out = twice;
        stage[1].n_out = 2;
    }
}

const headrace_plugin_info *headrace_plugin(uint32_t host_abi, const headrace_host *host)
{
    how = getenv("HR_TEST_PLUGIN");
    if (how == NULL) how = "";
    if (host_abi != HEADRACE_PLUGIN_ABI || host->struct_size != sizeof *host) return NULL;
    if (is("silent")) return NULL;
    if (is("refuses")) {
        host->refuse(host->self, "no licence for it");
        return NULL;
    }
    start();
    spoil_info();
    spoil_op();
    spoil_arg();
    spoil_stage();
    return &info;
}
