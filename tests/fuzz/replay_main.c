/* SPDX-License-Identifier: Apache-2.0 */
/* Without libFuzzer: runs a target over every file of its corpus folder (argv[1]), each cut to an
 * allocation of its own size so that AddressSanitizer sees a read past the end. */
#include <dirent.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

#define INPUT_MAX (4u << 20)

static bool replay(const char *path)
{
    static uint8_t text[INPUT_MAX];
    FILE *f = fopen(path, "rb");
    if (f == NULL) return false;
    size_t n = fread(text, 1, sizeof text, f);
    fclose(f);
    uint8_t *exact = malloc(n > 0 ? n : 1);
    if (exact == NULL) return false;
    memcpy(exact, text, n);
    (void)LLVMFuzzerTestOneInput(exact, n);
    free(exact);
    return true;
}

int main(int argc, char **argv)
{
    static char path[8192];
    int n_tests = 0;
    DIR *dir = argc > 1 ? opendir(argv[1]) : NULL;
    if (dir == NULL) {
        printf("1..1\nnot ok 1 - no corpus folder\n");
        return 1;
    }
    for (const struct dirent *e = readdir(dir); e != NULL; e = readdir(dir)) {
        if (e->d_name[0] == '.') continue;
        snprintf(path, sizeof path, "%s/%s", argv[1], e->d_name);
        bool ok = replay(path);
        printf("%sok %d %s\n", ok ? "" : "not ", ++n_tests, e->d_name);
    }
    closedir(dir);
    if (n_tests == 0) printf("not ok %d - the corpus is empty\n", ++n_tests);
    printf("1..%d\n", n_tests);
    return 0;
}
