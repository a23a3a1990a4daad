/* SPDX-License-Identifier: Apache-2.0 */
#include "fmt/unzip.h"

#include <string.h>

#define LOCAL_BYTES 30u
#define TAIL_BYTES 24u /* the longest descriptor, with its signature and 64-bit sizes */
#define SIG_LOCAL UINT32_C(0x04034b50)
#define SIG_CENTRAL UINT32_C(0x02014b50)
#define SIG_TAIL UINT32_C(0x08074b50)
#define FLAG_ENCRYPTED 0x0001u
#define FLAG_TAIL 0x0008u
#define METHOD_STORED 0u
#define METHOD_DEFLATED 8u

static uint32_t le32(const uint8_t *p)
{
    return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

static uint32_t le16(const uint8_t *p)
{
    return (uint32_t)p[0] | (uint32_t)p[1] << 8;
}

/* Keeps bytes until there are `want`; false: not yet. */
static bool keep(hr_unzip *z, const uint8_t **p, size_t *n, uint32_t want)
{
    size_t step = HR_MIN(*n, (size_t)(want - z->n_kept));
    memcpy(z->kept + z->n_kept, *p, step);
    z->n_kept = (uint8_t)(z->n_kept + step);
    *p += step;
    *n -= step;
    return z->n_kept == want;
}

static hr_status refuse(hr_status st, const char **why, const char *text)
{
    *why = text;
    return st;
}

static hr_status open_file(hr_unzip *z, const char **why)
{
    const uint8_t *h = z->kept;
    uint32_t flags = le16(h + 6);
    uint32_t method = le16(h + 8);
    uint32_t packed = le32(h + 18);
    if ((flags & FLAG_ENCRYPTED) != 0)
        return refuse(HR_EUNSUPPORTED, why, "it is encrypted, which is not supported");
    if (method != METHOD_STORED && method != METHOD_DEFLATED)
        return refuse(HR_EUNSUPPORTED, why, "its method is neither stored nor deflated");
    z->is_deflated = method == METHOD_DEFLATED;
    z->has_tail = (flags & FLAG_TAIL) != 0;
    if (!z->is_deflated && (z->has_tail || packed == UINT32_MAX))
        return refuse(HR_EUNSUPPORTED, why, "a stored file whose size is not in its header");
    z->want_crc = le32(h + 14);
    z->left = packed;
    z->n_name = le16(h + 26);
    z->n_pass = z->n_name + le16(h + 28);
    z->is_folder = false;
    z->last_of_name = 0;
    z->crc = 0;
    z->state = HR_UNZIP_NAME;
    return HR_OK;
}

static hr_status take_head(hr_unzip *z, const uint8_t **p, size_t *n, const char **why)
{
    if (z->n_kept < 4 && !keep(z, p, n, 4)) return HR_AGAIN;
    uint32_t sig = le32(z->kept);
    if (sig != SIG_LOCAL) {
        /* The directory, or one of the records that may stand before it. */
        if (!z->any_file || memcmp(z->kept, "PK", 2) != 0)
            return refuse(HR_ECORRUPT, why, z->any_file ? "bad record" : "it holds no file");
        z->state = HR_UNZIP_END;
        return HR_OK;
    }
    if (!keep(z, p, n, LOCAL_BYTES)) return HR_AGAIN;
    z->n_kept = 0;
    return open_file(z, why);
}

static hr_status take_name(hr_unzip *z, const uint8_t **p, size_t *n, const char **why)
{
    size_t step = HR_MIN(*n, (size_t)z->n_pass);
    if (z->n_name > 0 && step > 0) {
        size_t of_name = HR_MIN(step, (size_t)z->n_name);
        z->last_of_name = (*p)[of_name - 1];
        z->n_name -= (uint32_t)of_name;
    }
    *p += step;
    *n -= step;
    z->n_pass -= (uint32_t)step;
    if (z->n_pass > 0) return HR_AGAIN;
    if (z->last_of_name == '/' && !z->has_tail && !z->is_folder) {
        z->is_folder = true; /* what it holds, nothing deflated, is passed over too */
        z->n_pass = (uint32_t)z->left;
    }
    if (z->n_pass > 0) return HR_OK; /* come again */
    if (z->is_folder) {
        z->state = HR_UNZIP_HEAD;
        return HR_OK;
    }
    if (z->any_file)
        return refuse(HR_EUNSUPPORTED, why, "it holds several files: unpack it and name them");
    z->state = HR_UNZIP_DATA;
    z->any_file = true;
    return HR_OK;
}

/* Its signature may be left out, its sizes are 32 or 64 bits: what follows it tells. */
static hr_status take_tail(hr_unzip *z, const uint8_t **p, size_t *n, const char **why)
{
    if (z->n_kept < 4 && !keep(z, p, n, 4)) return HR_AGAIN;
    uint32_t at = le32(z->kept) == SIG_TAIL ? 4 : 0;
    if (z->n_kept < at + 16 && !keep(z, p, n, at + 16)) return HR_AGAIN;
    uint32_t next = le32(z->kept + at + 12);
    bool is_short = next == SIG_CENTRAL || next == SIG_LOCAL;
    if (!is_short && !keep(z, p, n, at + 20)) return HR_AGAIN;
    if (le32(z->kept + at) != z->crc) return refuse(HR_ECORRUPT, why, "wrong checksum");
    uint32_t n_rest = is_short ? 4 : 0;
    memmove(z->kept, z->kept + at + 12, n_rest);
    z->n_kept = (uint8_t)n_rest;
    z->state = HR_UNZIP_HEAD;
    return HR_OK;
}

hr_status hr_unzip_walk(hr_unzip *z, const uint8_t **p, size_t *n, const char **why)
{
    hr_status st = HR_OK;
    while (st == HR_OK && z->state != HR_UNZIP_DATA && z->state != HR_UNZIP_END)
        st = z->state == HR_UNZIP_HEAD   ? take_head(z, p, n, why)
             : z->state == HR_UNZIP_NAME ? take_name(z, p, n, why)
                                         : take_tail(z, p, n, why);
    if (st != HR_OK) return st;
    bool is_wrong = z->state == HR_UNZIP_END && !z->has_tail && z->crc != z->want_crc;
    return is_wrong ? refuse(HR_ECORRUPT, why, "wrong checksum") : HR_OK;
}

void hr_unzip_data_ended(hr_unzip *z)
{
    z->n_kept = 0;
    z->state = z->has_tail ? HR_UNZIP_TAIL : HR_UNZIP_HEAD;
}
