/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HR_CONVERT_CONVERT_PARTS_H
#define HR_CONVERT_CONVERT_PARTS_H
/* The pieces of a conversion. Private to job. */
#include "convert/convert.h"
#include "convert/tops.h"
#include "mem/mem.h"

#define HR_OUT_PATH_MAX 1100
/* Readers take times below for milliseconds. */
#define HR_CSV_US_LEAST INT64_C(100000000000000)

/* ---- a file that appears whole or not at all ---- */
typedef struct hr_out_file {
    char path[HR_OUT_PATH_MAX], temp[HR_OUT_PATH_MAX];
    bool has_temp; /* ours to remove */
    bool is_published, is_stdout;
    int fd; /* -1: closed; set it before the first call */
    hr_container container;
    hr_codec_ctx *codec; /* NULL: plain */
    char *text, *packed;
    size_t n, packed_cap;
    int64_t n_bytes; /* on disk */
} hr_out_file;
/** Bytes of arena that one file takes. */
size_t hr_out_bytes(void);
/** Creates the temporary file. force: an existing path will be replaced. */
HR_MUST_USE hr_status hr_out_open(hr_out_file *o, const char *path, hr_container container,
                                  bool force, hr_arena *arena, hr_err *err);
/** Standard output instead, as it comes: nothing to publish, nothing to take back. */
HR_MUST_USE hr_status hr_out_open_stdout(hr_out_file *o, hr_arena *arena, hr_err *err);
/** Room for at least n bytes (n <= 1 MiB) to write to; then hr_out_took. NULL with *err. */
char *hr_out_room(hr_out_file *o, size_t n, hr_err *err);
void hr_out_took(hr_out_file *o, size_t n);
/** Bytes of any number. */
HR_MUST_USE hr_status hr_out_put(hr_out_file *o, const void *bytes, size_t n, hr_err *err);
/** Flushes, syncs and closes; HR_EUSAGE when the path has come into being meanwhile. */
HR_MUST_USE hr_status hr_out_seal(hr_out_file *o, bool force, hr_err *err);
/** Renames what is sealed to its place and syncs the folder. */
HR_MUST_USE hr_status hr_out_publish(hr_out_file *o, hr_err *err);
/** Appends to the file of rejects beside the output; the first one opens it. */
HR_MUST_USE hr_status hr_out_reject(hr_out_file *rejects, const hr_convert_options *o,
                                    hr_arena *arena, const hr_evbatch *b, const hr_reject *reject,
                                    hr_err *err);
/** Seals and publishes an output and, before it, its rejects (NULL, or none came: those of the file
 * that is replaced go). */
HR_MUST_USE hr_status hr_out_finish(hr_out_file *out, hr_out_file *rejects, bool force,
                                    hr_err *err);
/** Closes and removes what was not published; take_back: what was, too. Standard output gets what
 * it was to have. */
void hr_out_abandon(hr_out_file *o, bool take_back);

/** By the end of its name; *n: bytes of the name without that. */
hr_container hr_out_container(const char *path, size_t *n);
bool hr_out_ends_with(const char *path, size_t n, const char *what);
/** Target and container of an input that is records: as asked for, else by the output's name
 * (.parquet, .csv); HR_TO_AUTO: neither says. */
void hr_out_records_target(hr_convert_report *r, const hr_convert_options *o);
/** HR_EUSAGE: Parquet with .gz or .zst behind it. */
HR_MUST_USE hr_status hr_out_check_parquet(const hr_convert_report *r, const char *path,
                                           hr_err *err);

/* ---- DBN ---- */
/** hr_convert of a file that hr_dbn_file_probe knows. */
HR_MUST_USE hr_status hr_convert_dbn(const hr_convert_options *o, hr_convert_report *report,
                                     hr_err *err);

/* ---- what cannot be held ---- */
typedef struct hr_losses {
    hr_target_format to;
    bool has_name;   /* the output's path names the instrument */
    hr_evb_sym read; /* what a reader of Binance's CSV takes by the output's path */
    bool needs_us;   /* of what is held: some time has digits past its ms */
    /* the first instrument and venue met */
    hr_evb_sym first;
    bool has_first;
    /* the message that was held before */
    hr_evb_sym last;
    int64_t last_event, last_recv, last_seq;
    uint8_t last_kind;
    bool has_last;
} hr_losses;
void hr_losses_init(hr_losses *l, hr_target_format to, const char *out_path);
/** Bits (1 << hr_loss) of what message m loses; 0: nothing. Call once a message, in order. */
uint64_t hr_losses_of(hr_losses *l, const hr_evbatch *b, uint32_t m);

/** What CSV with Tardis' two times loses of the head of a message. */
uint64_t hr_losses_of_times(const hr_evbatch *b, uint32_t m);

/** The same of a log of Bitstamp's (convert_bitstamp.c). */
uint64_t hr_bitstamp_losses(const hr_losses *l, const hr_evbatch *b, uint32_t m);

/* ---- text ---- */
typedef struct hr_text_out {
    hr_out_file *file;
    hr_target_format to;
    uint8_t px_scale, qty_scale;
    bool has_venue; /* a line says it */
    bool is_in_us;  /* times of Binance's CSV; else ms */
} hr_text_out;
/** The first line of a target that is CSV; NULL: it has none. */
const char *hr_text_out_header(hr_target_format to);
/** Header lines, where the format has some. */
HR_MUST_USE hr_status hr_text_out_begin(hr_text_out *t, hr_err *err);
HR_MUST_USE hr_status hr_text_out_message(hr_text_out *t, const hr_evbatch *b, uint32_t m,
                                          uint64_t *n_rows, hr_err *err);

/* ---- captures as cryptofeed makes them ---- */
typedef struct hr_feed_out hr_feed_out;
size_t hr_feed_out_bytes(void);
HR_MUST_USE hr_status hr_feed_out_create(hr_feed_out **out, const hr_convert_options *o,
                                         hr_arena *arena, hr_err *err);
/** Before the pass that writes; all messages come by hr_feed_out_losses before that. */
void hr_feed_out_begin(hr_feed_out *t, hr_out_file *file);
/** As hr_losses_of. */
uint64_t hr_feed_out_losses(hr_feed_out *t, const hr_evbatch *b, uint32_t m);
/** Writes the message that was asked about last. */
HR_MUST_USE hr_status hr_feed_out_message(hr_feed_out *t, const hr_evbatch *b, uint32_t m,
                                          uint64_t *n_rows, hr_err *err);

/* ---- Crypto Lake's tables ---- */
#define HR_LAKE_DEPTH 20 /* levels a side of its book table */
typedef struct hr_lake_out hr_lake_out;
bool hr_lake_out_is(hr_target_format to);
size_t hr_lake_out_bytes(hr_target_format to);
HR_MUST_USE hr_status hr_lake_out_create(hr_lake_out **out, const hr_convert_options *o,
                                         hr_target_format to, hr_arena *arena, hr_err *err);
/** Before the pass that writes. */
HR_MUST_USE hr_status hr_lake_out_begin(hr_lake_out *t, const hr_convert_report *r,
                                        const hr_convert_options *o, hr_out_file *file,
                                        hr_arena *arena, hr_err *err);
/** As hr_losses_of, for all tables but that of books; notes what its ids are like. */
uint64_t hr_lake_out_losses(hr_lake_out *t, const hr_evbatch *b, uint32_t m);
/** What any of its tables loses of a message of its kind. */
uint64_t hr_lake_out_head_losses(hr_lake_out *t, const hr_evbatch *b, uint32_t m);
HR_MUST_USE hr_status hr_lake_out_message(hr_lake_out *t, const hr_evbatch *b, uint32_t m,
                                          uint64_t *n_rows, hr_err *err);
/** Message m as a row of the table of books; top: at most HR_LAKE_DEPTH levels a side. */
HR_MUST_USE hr_status hr_lake_out_top(hr_lake_out *t, const hr_evbatch *b, uint32_t m,
                                      const hr_top *top, uint64_t *n_rows, hr_err *err);
HR_MUST_USE hr_status hr_lake_out_finish(hr_lake_out *t, hr_err *err);

/* ---- best levels of books (Tardis' book_snapshot_<n>, Lake's book) ---- */
typedef struct hr_tops_out hr_tops_out;
/** Levels a side of such a target; 0: it is none. */
uint32_t hr_tops_out_depth(hr_target_format to);
/** Also of the books that are kept. */
size_t hr_tops_out_bytes(void);
/** lake: whose table of books it is to be; NULL: CSV. */
HR_MUST_USE hr_status hr_tops_out_create(hr_tops_out **out, const hr_convert_options *o,
                                         hr_format from, hr_lake_out *lake, hr_arena *arena,
                                         hr_err *err);
/** Before the pass that writes. */
HR_MUST_USE hr_status hr_tops_out_begin(hr_tops_out *t, hr_out_file *file, hr_err *err);
/** As hr_losses_of; the message that is asked about may become a row. */
HR_MUST_USE hr_status hr_tops_out_losses(hr_tops_out *t, const hr_evbatch *b, uint32_t m,
                                         uint64_t *bits, hr_err *err);
/** Writes the message that was asked about last. */
HR_MUST_USE hr_status hr_tops_out_message(hr_tops_out *t, const hr_evbatch *b, uint32_t m,
                                          uint64_t *n_rows, hr_err *err);
/** A message that could not be read: no book is certain. */
void hr_tops_out_lose(hr_tops_out *t);

/* ---- ITCH ---- */
typedef struct hr_itch_out hr_itch_out;
size_t hr_itch_out_bytes(void);
HR_MUST_USE hr_status hr_itch_out_create(hr_itch_out **out, const hr_convert_options *o,
                                         hr_arena *arena, hr_err *err);
/** As hr_losses_of; notes the instrument. All messages come by here before the first is written. */
uint64_t hr_itch_out_losses(hr_itch_out *t, const hr_evbatch *b, uint32_t m);
HR_MUST_USE hr_status hr_itch_out_begin(hr_itch_out *t, hr_out_file *file, hr_err *err);
HR_MUST_USE hr_status hr_itch_out_message(hr_itch_out *t, const hr_evbatch *b, uint32_t m,
                                          uint64_t *n_rows, hr_err *err);
HR_MUST_USE hr_status hr_itch_out_finish(hr_itch_out *t, hr_err *err);

/* ---- DBN, of events ---- */
typedef struct hr_dbn_out hr_dbn_out;
/** Also of the orders that are kept. */
size_t hr_dbn_out_bytes(void);
HR_MUST_USE hr_status hr_dbn_out_create(hr_dbn_out **out, const hr_convert_options *o,
                                        hr_arena *arena, hr_err *err);
/** As hr_losses_of; notes the instrument. All messages come by here before the first is written.
 * *st: HR_EBUDGET: more orders than are kept. */
uint64_t hr_dbn_out_losses(hr_dbn_out *t, const hr_evbatch *b, uint32_t m, hr_status *st);
/** arena: for the metadata. */
HR_MUST_USE hr_status hr_dbn_out_begin(hr_dbn_out *t, hr_out_file *file, hr_arena *arena,
                                       hr_err *err);
/** Writes the message that was asked about last. */
HR_MUST_USE hr_status hr_dbn_out_message(hr_dbn_out *t, uint64_t *n_rows, hr_err *err);

/* ---- LOBSTER ---- */
typedef struct hr_lobster_out hr_lobster_out;
/** Also of the orders that are kept. */
size_t hr_lobster_out_bytes(void);
HR_MUST_USE hr_status hr_lobster_out_create(hr_lobster_out **out, const hr_convert_options *o,
                                            hr_arena *arena, hr_err *err);
/** Before each pass but the first. */
void hr_lobster_out_begin(hr_lobster_out *t, hr_out_file *file);
/** As hr_losses_of; HR_EBUDGET: more orders than are kept. */
HR_MUST_USE hr_status hr_lobster_out_losses(hr_lobster_out *t, const hr_evbatch *b, uint32_t m,
                                            uint64_t *bits, hr_err *err);
/** Writes the message that was asked about last. */
HR_MUST_USE hr_status hr_lobster_out_message(hr_lobster_out *t, uint64_t *n_rows, hr_err *err);

/* ---- Parquet, Arrow ---- */
typedef struct hr_table_out hr_table_out;
size_t hr_table_out_bytes(void);
/** What an output of this name is among Arrow's kinds. */
hr_ipc_kind hr_out_arrow(const char *path);
HR_MUST_USE hr_status hr_table_out_create(hr_table_out **out, const hr_convert_report *r,
                                          const hr_convert_options *o, hr_out_file *file,
                                          hr_arena *arena, hr_err *err);
HR_MUST_USE hr_status hr_table_out_message(hr_table_out *t, const hr_evbatch *b, uint32_t m,
                                           uint64_t *n_rows, hr_err *err);
HR_MUST_USE hr_status hr_table_out_finish(hr_table_out *t, hr_err *err);

#endif
