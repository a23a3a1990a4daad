/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "app/app.h"
#include "store/verify.h"

static const char help_text[] =
    "headrace verify DATASET [--json]\n\n"
    "Checks every part that the manifest names: size, checksum, rows, order, crossed books.\n"
    "Exit 1 and a line for each finding when something is wrong.\n\n"
    "example: headrace verify books\n";

static void say(void *self, const char *text)
{
    (void)self;
    fprintf(stderr, "%s\n", text);
}

static void print_result(const hr_verify_result *r, bool json)
{
    typedef unsigned long long ull;
    ull commits = r->n_commits;
    if (json) {
        printf("{\"commits\":%llu,\"parts\":%llu,\"rows\":%llu,\"bytes\":%llu,", commits,
               (ull)r->n_parts, (ull)r->n_rows, (ull)r->n_bytes);
        printf("\"unsorted\":%llu,\"crossed\":%llu,\"gap_rows\":%llu,\"findings\":%llu,\"ended\":%"
               "s}\n",
               (ull)r->n_unsorted, (ull)r->n_crossed, (ull)r->n_gap_rows, (ull)r->n_findings,
               r->is_ended ? "true" : "false");
        return;
    }
    printf("%llu commits, %llu parts, %llu rows, %llu bytes\n", commits, (ull)r->n_parts,
           (ull)r->n_rows, (ull)r->n_bytes);
    printf("%llu rows out of order, %llu crossed books, %llu rows of books that were not whole\n",
           (ull)r->n_unsorted, (ull)r->n_crossed, (ull)r->n_gap_rows);
    printf("%llu findings%s\n", (ull)r->n_findings, r->is_ended ? "" : "; the run has not ended");
}

int hr_cmd_verify(int argc, char **argv)
{
    hr_err err = HR_ERR_INIT;
    hr_verify_result result;
    const char *root = NULL;
    bool json = false;
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "-h") == 0 || strcmp(argv[i], "--help") == 0) {
            fputs(help_text, stdout);
            return HR_EXIT_OK;
        }
        if (strcmp(argv[i], "--json") == 0)
            json = true;
        else if (argv[i][0] == '-' || root != NULL)
            return hr_app_usage("verify", "one dataset and --json");
        else
            root = argv[i];
    }
    if (root == NULL) return hr_app_usage("verify", "no dataset");
    if (hr_dataset_verify(root, &result, say, NULL, &err) != HR_OK) return hr_app_fail(&err);
    print_result(&result, json);
    return result.n_findings == 0 && result.n_unsorted == 0 ? HR_EXIT_OK : HR_EXIT_CHECK;
}
