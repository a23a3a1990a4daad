/* SPDX-License-Identifier: Apache-2.0 */
/* `gen --format itch`: a day of a synthetic exchange. */
#include <stdio.h>
#include <string.h>

#include "app/gen.h"
#include "app/gen_out.h"

#define ROOM_BYTES 4096u
#define TRUTH_BYTES 512

typedef unsigned long long ull;

static hr_status write_truth(const char *path, const hr_synth_orders *s, hr_err *err)
{
    hr_synth_orders_truth t;
    hr_gen_out *out = NULL;
    hr_synth_orders_truth_get(s, &t);
    HR_TRY(hr_gen_out_open(&out, path, TRUTH_BYTES, TRUTH_BYTES, err));
    int n = snprintf(hr_gen_out_room(out), TRUTH_BYTES,
                     "{\"messages\":%llu,\"added\":%llu,\"executed\":%llu,\"cancelled\":%llu,"
                     "\"deleted\":%llu,\"replaced\":%llu,\"hidden\":%llu,\"live\":%llu}\n",
                     (ull)t.messages, (ull)t.added, (ull)t.executed, (ull)t.cancelled,
                     (ull)t.deleted, (ull)t.replaced, (ull)t.hidden, (ull)t.live);
    hr_status st = hr_gen_out_took(out, (size_t)n, err);
    if (st == HR_OK) st = hr_gen_out_finish(out, err);
    if (st == HR_OK) st = hr_gen_out_publish(out, err);
    hr_gen_out_close(&out);
    return st;
}

static hr_status write_day(hr_synth_orders *s, hr_gen_out *out, hr_err *err)
{
    hr_itch_msg m;
    bool has_more = true;
    while (has_more) {
        char *room = hr_gen_out_room(out);
        size_t n = 0;
        while (n + HR_ITCH_BYTES_MAX <= ROOM_BYTES && (has_more = hr_synth_orders_next(s, &m)))
            n += hr_itch_put((uint8_t *)room + n, &m);
        HR_TRY(hr_gen_out_took(out, n, err));
    }
    return hr_gen_out_finish(out, err);
}

hr_status hr_gen_orders(const char *path, const char *truth, const hr_synth_orders_options *o,
                        hr_err *err)
{
    hr_synth_orders *s = NULL;
    hr_gen_out *out = NULL;
    hr_synth_orders_truth t;
    hr_status st = hr_synth_orders_create(&s, o, err);
    if (st == HR_OK) st = hr_gen_out_open(&out, path, HR_GEN_CHUNK_BYTES, ROOM_BYTES, err);
    if (st == HR_OK) st = write_day(s, out, err);
    if (st == HR_OK && truth != NULL) st = write_truth(truth, s, err);
    if (st == HR_OK) st = hr_gen_out_publish(out, err);
    if (st == HR_OK && strcmp(path, "-") != 0) {
        hr_synth_orders_truth_get(s, &t);
        fprintf(stderr, "%llu messages: %llu orders added, %llu live at the end\n", (ull)t.messages,
                (ull)t.added, (ull)t.live);
    }
    hr_gen_out_close(&out);
    hr_synth_orders_destroy(&s);
    return st;
}
