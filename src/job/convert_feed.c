/* SPDX-License-Identifier: Apache-2.0 */
/* A DBN file as event batches. */
#include "job/convert_feed.h"

#include <stdio.h>
#include <string.h>

hr_status hr_dbn_feed_open(hr_dbn_feed *d, const hr_convert_options *o, hr_budget *budget,
                           hr_err *err)
{
    *d = (hr_dbn_feed){.row = 1,
                       .source = {.px_scale = o->px_scale, .qty_scale = o->qty_scale},
                       .time_max = INT64_MIN};
    HR_TRY(hr_dbn_file_open(&d->file, o->in, budget, err));
    d->source.dir = d->file.dir;
    if (o->venue != NULL)
        snprintf(d->source.venue, sizeof d->source.venue, "%s", o->venue);
    else
        hr_dbn_venue(d->source.venue, d->file.meta.dataset);
    return HR_OK;
}

void hr_dbn_feed_close(hr_dbn_feed *d)
{
    hr_dbn_file_close(&d->file);
    d->file = (hr_dbn_file){.reader.fd = -1};
}

hr_status hr_dbn_feed_next(hr_dbn_feed *d, hr_evbatch *b, uint32_t target_rows, hr_err *err)
{
    hr_evbatch_reset(b);
    while (b->n_msgs == 0) {
        const uint8_t *p;
        size_t n;
        size_t pos = 0;
        int64_t offset;
        HR_TRY(hr_dbn_file_bytes(&d->file, &p, &n, &offset, err));
        if (n == 0 && d->file.at_eof) return HR_END;
        hr_status st =
            hr_dbn_decode(&d->source, b, p, n, &pos, offset, &d->row, target_rows, d->file.at_eof);
        hr_dbn_file_took(&d->file, pos);
        if (st != HR_END) continue;
        int64_t at = b->rejects[b->n_rejects - 1].src_offset;
        (void)HR_FAIL(err, HR_EINPUT,
                      "'%s': no record at offset %lld of the decompressed bytes, and none can be "
                      "found behind it",
                      d->file.path, (long long)at);
        (void)hr_err_at(err, at, -1, -1);
        return HR_EINPUT;
    }
    return HR_OK;
}
