/* SPDX-License-Identifier: Apache-2.0 */
#include "pack.h"

#include <fcntl.h>
#include <libdeflate.h>
#include <zstd.h>

#include "base/sys.h"
#include "harness.h"

static size_t pack_zstd(char *out, size_t cap, const char *text, size_t n, size_t frame_bytes)
{
    size_t len = 0;
    for (size_t at = 0; at < n; at += frame_bytes) {
        size_t k = ZSTD_compress(out + len, cap - len, text + at, HR_MIN(n - at, frame_bytes), 1);
        assert_false(ZSTD_isError(k));
        len += k;
    }
    return len;
}

size_t test_pack(void *out, size_t cap, const void *text, size_t n, hr_container c,
                 size_t frame_bytes)
{
    if (c == HR_CONTAINER_ZSTD)
        return pack_zstd(out, cap, text, n, frame_bytes > 0 ? frame_bytes : n);
    if (c == HR_CONTAINER_PLAIN) {
        assert_true(n <= cap);
        memcpy(out, text, n);
        return n;
    }
    struct libdeflate_compressor *d = libdeflate_alloc_compressor(1);
    size_t len = libdeflate_gzip_compress(d, text, n, out, cap);
    libdeflate_free_compressor(d);
    assert_true(len > 0);
    return len;
}

void test_put_file(const char *path, const void *bytes, size_t n)
{
    int fd = hr_sys_open(-100, path, O_WRONLY | O_CREAT | O_TRUNC, 0644);
    assert_true(fd >= 0);
    assert_int_equal(hr_sys_write_full(fd, bytes, n), n);
    assert_int_equal(hr_sys_close(fd), 0);
}
