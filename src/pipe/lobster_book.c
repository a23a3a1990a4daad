/* SPDX-License-Identifier: Apache-2.0 */
#include "pipe/lobster_book.h"

#include <errno.h>
#include <string.h>

#include "base/sys.h"
#include "fmt/codec.h"
#include "text/csv.h"
#include "text/decimal.h"

#define CWD (-100) /* AT_FDCWD */
#define IN_BYTES ((size_t)64 << 10)
#define TEXT_BYTES ((size_t)64 << 10) /* a row of 200 levels is 8 KiB */
#define PATH_BYTES 1100u
#define FIELDS (4u * HR_LOBSTER_LEVELS_MAX)

struct hr_lobster_book {
    hr_arena *arena;
    hr_inflate *inflate;
    int fd;
    int64_t size_bytes, at, n_rows;
    uint8_t *in;
    const uint8_t *p;
    size_t n_in;
    char *text;
    size_t n_text, pos;
    bool is_end;
    hr_csv_field *field;
    char path[PATH_BYTES];
};

/* The path beside: "_message_" of the name becomes "_orderbook_". */
static bool path_beside(char out[PATH_BYTES], const char *path, const char *suffix)
{
    static const char from[] = "_message_";
    static const char to[] = "_orderbook_";
    const char *slash = strrchr(path, '/');
    const char *at = strstr(slash != NULL ? slash : path, from);
    if (at == NULL) return false;
    size_t n_head = (size_t)(at - path);
    const char *rest = at + sizeof from - 1;
    const char *csv = strstr(rest, ".csv");
    size_t n_rest = csv != NULL ? (size_t)(csv - rest) + 4 : strlen(rest);
    size_t n = n_head + (sizeof to - 1) + n_rest + strlen(suffix);
    if (n >= PATH_BYTES) return false;
    memcpy(out, path, n_head);
    memcpy(out + n_head, to, sizeof to - 1);
    memcpy(out + n_head + sizeof to - 1, rest, n_rest);
    memcpy(out + n - strlen(suffix), suffix, strlen(suffix) + 1);
    return true;
}

static int open_beside(char out[PATH_BYTES], const char *path)
{
    static const char *const suffixes[] = {"", ".gz", ".zst", ".xz", ".zip"};
    int fd = -ENOENT;
    for (size_t i = 0; i < HR_ARRAY_LEN(suffixes) && fd == -ENOENT; i++) {
        if (!path_beside(out, path, suffixes[i])) return -ENOENT;
        fd = hr_sys_open(CWD, out, 0 /* O_RDONLY */, 0);
    }
    return fd;
}

static hr_status carve(hr_lobster_book **out, int fd, const char *path, hr_budget *budget,
                       hr_err *err)
{
    const hr_sys *sys = hr_sys_get();
    uint8_t head[HR_INFLATE_HEAD];
    hr_sys_stat st;
    hr_arena *arena;
    int64_t n = hr_sys_pread_full(fd, head, sizeof head, 0);
    int rc = n < 0 ? (int)n : sys->fstat(sys->self, fd, &st);
    if (rc < 0) return HR_FAIL_SYS(err, rc, "cannot read '%s'", path);
    hr_container c = hr_container_sniff(head, (size_t)n);
    size_t window = hr_inflate_window(head, (size_t)n, 0);
    size_t bytes = sizeof(hr_lobster_book) + hr_inflate_bytes(c, window) + IN_BYTES + TEXT_BYTES +
                   FIELDS * sizeof(hr_csv_field) + 8192;
    HR_TRY(hr_arena_create(&arena, budget, bytes, path, err));
    hr_lobster_book *k = hr_arena_alloc(arena, sizeof *k, 64);
    if (k == NULL) {
        hr_arena_destroy(&arena);
        return HR_FAIL(err, HR_EBUDGET, "no memory to read '%s'", path);
    }
    *k = (hr_lobster_book){.arena = arena, .fd = fd, .size_bytes = st.size_bytes};
    k->in = hr_arena_alloc(arena, IN_BYTES, 64);
    k->p = k->in;
    k->text = hr_arena_alloc(arena, TEXT_BYTES + 64, 64);
    k->field = hr_arena_alloc(arena, FIELDS * sizeof *k->field, 64);
    *out = k;
    if (k->in == NULL || k->text == NULL || k->field == NULL)
        return HR_FAIL(err, HR_EBUDGET, "no memory to read '%s'", path);
    return hr_inflate_create(&k->inflate, arena, c, window, err);
}

hr_status hr_lobster_book_open(hr_lobster_book **out, const char *message_path, hr_budget *budget,
                               hr_err *err)
{
    char path[PATH_BYTES];
    *out = NULL;
    int fd = open_beside(path, message_path);
    if (fd == -ENOENT || fd == -ENOTDIR) return HR_END;
    if (fd < 0) return HR_FAIL_SYS(err, fd, "cannot open '%s'", path);
    hr_status st = carve(out, fd, path, budget, err);
    if (st == HR_OK) memcpy((*out)->path, path, sizeof path);
    if (*out == NULL) (void)hr_sys_close(fd);
    if (st != HR_OK) hr_lobster_book_close(out);
    return st;
}

/* More text behind what is left of it. HR_END: there is no more. */
static hr_status fill(hr_lobster_book *k, hr_err *err)
{
    memmove(k->text, k->text + k->pos, k->n_text - k->pos);
    k->n_text -= k->pos;
    k->pos = 0;
    if (k->is_end) return HR_END;
    uint8_t *to = (uint8_t *)k->text + k->n_text;
    size_t left = TEXT_BYTES - k->n_text;
    const size_t room = left;
    while (left == room) {
        hr_status st = hr_inflate_step(k->inflate, &k->p, &k->n_in, &to, &left, err);
        if (st < 0) return st;
        if (st != HR_AGAIN || left < room) continue;
        int64_t n = hr_sys_pread_full(k->fd, k->in, IN_BYTES, k->at);
        if (n < 0) return HR_FAIL_SYS(err, n, "cannot read");
        if (n == 0) {
            k->is_end = true;
            return hr_inflate_finish(k->inflate, err);
        }
        k->at += n;
        k->p = k->in;
        k->n_in = (size_t)n;
    }
    k->n_text += room - left;
    return HR_OK;
}

static hr_status take_row(hr_lobster_book *k, hr_lobster_row *row, uint32_t n, hr_err *err)
{
    bool is_good = n > 0 && n % 4 == 0;
    row->n = n / 4;
    for (uint32_t i = 0; is_good && i < n; i++) {
        int side = i % 4 < 2 ? HR_SIDE_ASK : HR_SIDE_BID;
        int64_t *to = i % 2 == 0 ? &row->px[side][i / 4] : &row->qty[side][i / 4];
        is_good = hr_int_parse(to, k->field[i].s, k->field[i].n) == HR_OK;
    }
    if (!is_good)
        return HR_FAIL(err, HR_EINPUT, "row %lld is no book of LOBSTER's",
                       (long long)k->n_rows + 1);
    k->n_rows++;
    return HR_OK;
}

hr_status hr_lobster_book_next(hr_lobster_book *k, hr_lobster_row *row, hr_err *err)
{
    for (;;) {
        uint32_t n;
        const char *next;
        const char *begin = k->text + k->pos;
        const char *end = k->text + k->n_text;
        hr_status st = hr_csv_row(k->field, FIELDS, &n, &next, begin, end, k->is_end);
        if (st == HR_OK) {
            k->pos += (size_t)(next - begin);
            st = take_row(k, row, n, err);
        } else if (st == HR_AGAIN || st == HR_END) {
            bool is_full = k->pos == 0 && k->n_text == TEXT_BYTES;
            st = is_full ? HR_FAIL(err, HR_EINPUT, "a row is too long") : fill(k, err);
            if (st == HR_OK) continue;
        } else {
            st = HR_FAIL(err, HR_EINPUT, "row %lld is no book of LOBSTER's",
                         (long long)k->n_rows + 1);
        }
        if (st < 0) hr_err_prefix(err, "'%s'", k->path);
        return st;
    }
}

int64_t hr_lobster_book_rows(const hr_lobster_book *k)
{
    return k->n_rows;
}

int64_t hr_lobster_book_bytes(const hr_lobster_book *k)
{
    return k->size_bytes;
}

const char *hr_lobster_book_path(const hr_lobster_book *k)
{
    return k->path;
}

void hr_lobster_book_close(hr_lobster_book **pk)
{
    hr_lobster_book *k = *pk;
    *pk = NULL;
    if (k == NULL) return;
    hr_arena *arena = k->arena;
    (void)hr_sys_close(k->fd);
    hr_arena_destroy(&arena);
}
