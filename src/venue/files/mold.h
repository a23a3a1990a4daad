/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HR_VENUE_FILES_MOLD_H
#define HR_VENUE_FILES_MOLD_H
/* MoldUDP64 1.0, Nasdaq's framing of ITCH over UDP: packets of a capture, or each behind its
 * length, to ITCH messages in order of their sequence numbers. No I/O. A packet, big-endian:
 *
 *   offset size  meaning
 *        0   10  session
 *       10    8  sequence number of the first message; of the next one where there is none
 *       18    2  number of messages; 0: heartbeat, 0xffff: end of the session
 *       20       messages, each behind its length (2)
 *
 * Around it either two bytes, the packet's length (big-endian), or classic pcap: 24 bytes of file
 * header (magic a1b2c3d4: microseconds, a1b23c4d: nanoseconds, of either byte order), then of each
 * frame 16 bytes (seconds, fraction, bytes here, bytes on the wire), Ethernet with up to two VLAN
 * tags, IPv4, UDP.
 *
 * What is missing or twice follows from all packets before, so it is found where the source is
 * cut, in order (hr_mold_mark), and written over the packet's session, which is the source's:
 *
 *   offset size  meaning
 *        0    1  0xff: marked
 *        1    1  HR_MOLD_HOLE, HR_MOLD_AFTER
 *        2    2  messages at the front that came before (little-endian)
 *        4    6  messages missing before it (little-endian)
 *
 * Decoding then needs nothing but the text, and may go on anywhere. Source: Nasdaq's MoldUDP64
 * protocol specification 1.00. See docs/modules/mold.md. */
#include "venue/adapter.h"

#define HR_MOLD_HEAD 20u
#define HR_MOLD_SESSION 10u
#define HR_MOLD_PCAP_HEAD 24u
#define HR_MOLD_FRAME_MAX ((size_t)256 << 10) /* a longer one is damage */
#define HR_MOLD_HOLE 1u                       /* messages are missing before this packet */
#define HR_MOLD_AFTER 2u                      /* ... or before one that came earlier */

typedef enum hr_mold_around {
    HR_MOLD_NONE = 0,
    HR_MOLD_LENGTHS, /* packets behind their lengths */
    HR_MOLD_PCAP,    /* a capture */
    HR_MOLD_PCAPNG,  /* a capture of the newer kind: not read */
} hr_mold_around;

/** What is known of a source before decoding; constant. */
typedef struct hr_mold_source {
    uint8_t around;         /* hr_mold_around */
    bool is_swapped, is_ns; /* pcap */
    uint32_t link;          /* pcap: 1 is Ethernet, all else is not read */
    bool has_session;
    uint8_t session[HR_MOLD_SESSION]; /* of its first packet; others' are refused */
} hr_mold_source;

/** What goes along from packet to packet. */
typedef struct hr_mold_state {
    uint64_t next; /* sequence number that is wanted; 0: no packet came yet */
    bool has_hole;
} hr_mold_state;

typedef enum hr_mold_kind {
    HR_MOLD_OTHER = 0, /* no packet of MoldUDP64: another protocol, another fragment */
    HR_MOLD_PACKET,
    HR_MOLD_BROKEN, /* this session's, but its lengths do not fit */
    HR_MOLD_CUT,    /* the capture holds its beginning alone */
} hr_mold_kind;

/** One frame of the source. */
typedef struct hr_mold_frame {
    size_t bytes;  /* all of it */
    size_t at, n;  /* the packet in it */
    int64_t ts_ns; /* when it was captured, HR_NULL_I64: not said */
    hr_mold_kind kind;
} hr_mold_frame;

/** Is it one of them, or a capture? Fills around, is_swapped, is_ns and link. */
bool hr_mold_is(hr_mold_source *s, const uint8_t *head, size_t n);
/** The frame at p. HR_AGAIN: not whole; HR_EINPUT: none, and where the next begins is unknown. */
HR_MUST_USE hr_status hr_mold_next(const hr_mold_source *s, hr_mold_frame *f, const uint8_t *p,
                                   size_t n);
/** Looks at a packet in its turn and marks it, where it is of the source's session. */
void hr_mold_mark(const hr_mold_source *s, hr_mold_state *state, uint8_t *packet);

/** Marked frames to messages, as hr_decode_text; one packet is taken whole, and all its messages
 *  have its place. A hole is a STATUS with HR_FLAG_GAP (seq_prev: the last number before,
 * seq_first: the next), messages that came before an OTHER with HR_FLAG_DUPLICATE (seq_first: how
 * many). All that comes after a hole has HR_FLAG_GAP. */
HR_MUST_USE hr_status hr_mold_decode(const hr_source_info *info, hr_evbatch *b, const char *text,
                                     size_t len, size_t *pos, int64_t base_offset, int64_t *line,
                                     uint32_t target_rows, bool at_eof);

#endif
