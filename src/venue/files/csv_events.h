/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HR_VENUE_FILES_CSV_EVENTS_H
#define HR_VENUE_FILES_CSV_EVENTS_H
/* CSV files of a message a row, and how files of csv_table.h are recognised. For venue, and for job
 * where it writes such files back. */
#include "text/csv.h"
#include "venue/line.h"

/** Is it a file of csv_table.h? line: its first. Fills format, columns, venue and symbol. HR_END:
 * no; HR_EUNSUPPORTED: one that cannot be read. */
HR_MUST_USE hr_status hr_csv_file_sniff(hr_source_info *info, char *why, size_t why_cap,
                                        const char *path, const char *line, size_t n, hr_err *err);
/** A row of one of these formats, of as many fields as the first had. */
int hr_csv_event_put(const hr_line *l, const hr_csv_field *f);

/* csv_decode.c */
/** us as Tardis writes them; ns and ms are told by their size. */
bool hr_csv_event_time(int64_t *out, hr_csv_field f);
/** A price or quantity; HR_LINE_DONE or a reject. */
int hr_csv_event_number(const hr_line *l, int64_t *out, hr_csv_field f, unsigned scale);
/** The message's instrument by its fields; an empty venue is the source's. */
int hr_csv_event_instrument(const hr_line *l, uint32_t msg, hr_csv_field venue,
                            hr_csv_field symbol);

#endif
