/* segment.c - walks the entries of a log, through damage as well.
 *
 * An entry that could begin at a place and whose CRC holds is a row. One whose CRC does
 * not hold is a row, too, if its length can be believed: if behind it the file ends, is
 * zeros to its end, or could go on with another entry. Everything else is a gap, which
 * goes on to the next place where an entry stands that is sane in every field and whose
 * CRC holds. At the end of the file a gap is torn if it began as an entry that is
 * longer than what is left: a crash, or a copy of a segment that was being written.
 *
 * What a gap may be in the middle of a file cannot be told from a torn one before the
 * rest was searched. A torn batch of uncompressed records whose values are record
 * batches themselves would therefore give those as rows.
 *
 * What damage costs. Each byte is walked once and is in one CRC that counts. A hostile
 * file could have an entry begin at every place, each as long as all the rest and with
 * a wrong CRC: then the work would be the square of the size. Bytes of CRCs that did
 * not let the walk advance are therefore counted, apart for each power of two of the
 * entry's size, and an entry is not tried beyond
 *
 *   4 x its size class + CREDIT_BYTES + half of the bytes that were walked
 *
 * in its class. That is at most 24 bytes of CRC for each byte of the file and half a
 * gigabyte, so that the whole is linear. The classes keep large entries that are none
 * from using up what the small ones need that are; who wants to hide an entry behind
 * damage has to put many of its own size before it. A file that nobody made for the
 * purpose stays far below, since noise hardly ever is sane. Zeros are looked through
 * once, for the same reason: the first byte that is none is remembered. */
#include <string.h>

#include "batch.h"
#include "big_endian.h"
#include "complab_records.h"
#include "source.h"

#define CREDIT_BYTES ((uint64_t)16 * 1024 * 1024)

/* What coming back costs from an entry that is longer than what a view keeps: about the
 * window's size. */
#define RETURN_BYTES ((uint64_t)256 * 1024)

typedef struct walk {
  complab_source *source;
  complab_scan *scan;
  uint64_t end; /* of the source */
  complab_fault *fault_out;
} walk;

static complab_status view(walk *on, uint64_t position, size_t wanted,
                           const uint8_t **view_out, size_t *bytes_out) {
  return complab_source_view(on->source, position, wanted, view_out, bytes_out,
                             on->fault_out);
}

/* Whether only zeros are left from position on. */
static complab_status zeros_to_end(walk *on, uint64_t position, int *is_zeros_out) {
  *is_zeros_out = 0;
  if (on->scan->nonzero_position >= position && on->scan->nonzero_position > 0) {
    return COMPLAB_OK;
  }
  while (position < on->end) {
    const uint8_t *src = NULL;
    size_t bytes = 0;
    const complab_status status = view(on, position, 1, &src, &bytes);
    if (status != COMPLAB_OK) {
      return status;
    }
    /* Equal to itself one byte on, and the first is zero: all are. */
    if (src[0] != 0 || memcmp(src, src + 1, bytes - 1) != 0) {
      while (*src == 0) {
        src++;
        position++;
      }
      on->scan->nonzero_position = position;
      return COMPLAB_OK;
    }
    position += bytes;
  }
  *is_zeros_out = 1;
  return COMPLAB_OK;
}

/* ---- One entry --------------------------------------------------------------- */

/* What stands at a place. */
typedef struct candidate {
  complab_look look;
  uint64_t entry_bytes;
  int is_sane;
  complab_batch row;
} candidate;

/* The value's length stands behind a key of any length, maybe in another window. */
static complab_status read_message(walk *on, const uint8_t *src, size_t src_bytes,
                                   uint64_t position, candidate *found) {
  complab_message message = complab_message_read(src, found->entry_bytes);
  if (message.value_at > 0) {
    uint8_t length[4];
    if (message.value_at + sizeof length <= src_bytes) {
      memcpy(length, src + message.value_at, sizeof length);
    } else {
      const uint8_t *there = NULL;
      size_t bytes = 0;
      const complab_status status =
          view(on, position + message.value_at, sizeof length, &there, &bytes);
      if (status != COMPLAB_OK) {
        return status;
      }
      memcpy(length, there, sizeof length);
    }
    if (!complab_message_read_value(&message, length, found->entry_bytes)) {
      message.value_bytes = -1;
      message.value_at = 0;
    }
  }
  found->is_sane =
      message.value_at > 0 && complab_message_is_sane(&message, found->entry_bytes);
  if (message.value_at == 0) { /* no value that could be shown */
    message.value_at = found->entry_bytes;
  }
  found->row = complab_message_row(&message, found->entry_bytes, position);
  return COMPLAB_OK;
}

static complab_status look_at(walk *on, uint64_t position, candidate *found) {
  const uint8_t *src = NULL;
  size_t bytes = 0;
  complab_status status = view(on, position, COMPLAB_ENTRY_PEEK_BYTES, &src, &bytes);
  if (status != COMPLAB_OK) {
    return status;
  }
  memset(found, 0, sizeof *found);
  found->look = complab_entry_look(src, bytes, on->end - position, &found->entry_bytes);
  if (found->look != COMPLAB_LOOK_WHOLE) {
    return COMPLAB_OK;
  }
  if (src[COMPLAB_ENTRY_START_BYTES - 1] < 2) {
    return read_message(on, src, bytes, position, found);
  }
  found->is_sane = complab_batch_is_sane(src, found->entry_bytes);
  found->row = complab_batch_read(src, found->entry_bytes, position);
  return COMPLAB_OK;
}

/* Computes the row's CRC, and takes its payload's head on the way. */
static complab_status read_through(walk *on, complab_batch *row) {
  uint64_t at = row->position + complab_entry_protected_at(row->magic);
  const uint64_t end = row->position + row->batch_bytes;
  row->head_bytes = row->compressed_bytes < COMPLAB_HEAD_BYTES
                        ? (uint8_t)row->compressed_bytes
                        : COMPLAB_HEAD_BYTES;
  const uint64_t head_end = row->payload_position + row->head_bytes;
  uint32_t crc = 0;
  while (at < end) {
    const uint8_t *src = NULL;
    size_t bytes = 0;
    const complab_status status = view(on, at, 1, &src, &bytes);
    if (status != COMPLAB_OK) {
      return status;
    }
    if (bytes > end - at) {
      bytes = (size_t)(end - at);
    }
    const uint64_t from = at > row->payload_position ? at : row->payload_position;
    const uint64_t to = at + bytes < head_end ? at + bytes : head_end;
    if (from < to) {
      memcpy(row->head + (from - row->payload_position), src + (from - at),
             (size_t)(to - from));
    }
    crc = row->magic == 2 ? complab_crc32c(crc, src, bytes)
                          : complab_crc32(crc, src, bytes);
    at += bytes;
  }
  row->crc_actual = crc;
  row->crc_valid = crc == row->crc_expected;
  return COMPLAB_OK;
}

static unsigned class_of(uint64_t entry_bytes) {
  const unsigned bits = 63 - (unsigned)__builtin_clzll(entry_bytes);
  return bits < COMPLAB_SIZE_CLASSES ? bits : COMPLAB_SIZE_CLASSES - 1;
}

static uint64_t cost_of(uint64_t entry_bytes) {
  return entry_bytes + (entry_bytes > COMPLAB_VIEW_BYTES_MAX ? RETURN_BYTES : 0);
}

static int can_be_tried(const complab_scan *scan, uint64_t entry_bytes) {
  const unsigned size_class = class_of(entry_bytes);
  const uint64_t all =
      ((uint64_t)4 << size_class) + CREDIT_BYTES + scan->walked_bytes / 2;
  return scan->spent_bytes[size_class] + cost_of(entry_bytes) <= all;
}

/* Whether the file could go on at a place: with another entry, also a torn one, or with
 * nothing. */
static complab_status can_go_on(walk *on, uint64_t position, int *can_out) {
  *can_out = position == on->end;
  if (*can_out) {
    return COMPLAB_OK;
  }
  candidate next;
  complab_status status = look_at(on, position, &next);
  if (status != COMPLAB_OK) {
    return status;
  }
  *can_out = next.look == COMPLAB_LOOK_WHOLE || next.look == COMPLAB_LOOK_BEYOND;
  return *can_out ? COMPLAB_OK : zeros_to_end(on, position, can_out);
}

/* Whether the candidate is a row: found->row is then complete. must_hold: only with a
 * CRC that holds. */
static complab_status judge(walk *on, candidate *found, int must_hold,
                            int *is_row_out) {
  complab_batch *row = &found->row;
  const uint64_t behind = row->position + row->batch_bytes;
  int can = 0;
  *is_row_out = 0;
  if (!can_be_tried(on->scan, row->batch_bytes)) {
    if (must_hold) {
      return COMPLAB_OK;
    }
    const complab_status status = can_go_on(on, behind, &can);
    if (status != COMPLAB_OK || !can) {
      return status;
    }
  }
  complab_status status = read_through(on, row);
  if (status == COMPLAB_OK && !row->crc_valid && !must_hold && !can) {
    status = can_go_on(on, behind, &can);
  }
  if (status != COMPLAB_OK) {
    return status;
  }
  *is_row_out = row->crc_valid || can;
  if (!*is_row_out) {
    on->scan->spent_bytes[class_of(row->batch_bytes)] += cost_of(row->batch_bytes);
  }
  return COMPLAB_OK;
}

/* ---- The walk ---------------------------------------------------------------- */

static void advance(complab_scan *scan, uint64_t bytes) {
  scan->position += bytes;
  scan->walked_bytes += bytes;
}

/* Whether a sane entry could begin at `here`: what look_at would find out, for much
 * less where enough bytes are at hand. */
static inline int could_begin(const uint8_t *here, size_t bytes, int32_t length,
                              uint64_t left) {
  const uint64_t entry_bytes = COMPLAB_LOG_OVERHEAD_BYTES + (uint64_t)length;
  if (entry_bytes > left) {
    return 0;
  }
  if (here[COMPLAB_ENTRY_START_BYTES - 1] < 2 || bytes < COMPLAB_ENTRY_PEEK_BYTES) {
    return 1;
  }
  return complab_batch_is_sane(here, entry_bytes);
}

/* In a gap: goes on to the next place where an entry could begin, or zeros to the end
 * that nobody has looked through yet; is_place_out says that it is one. */
static complab_status skip_ahead(walk *on, uint64_t bytes_max, int *is_place_out) {
  complab_scan *scan = on->scan;
  const uint8_t *src = NULL;
  size_t bytes = 0;
  const complab_status status =
      view(on, scan->position, COMPLAB_ENTRY_START_BYTES, &src, &bytes);
  *is_place_out = 0;
  if (status != COMPLAB_OK) {
    return status;
  }
  if (bytes < COMPLAB_ENTRY_START_BYTES) {
    advance(scan, bytes);
    return COMPLAB_OK;
  }
  size_t places = bytes - (COMPLAB_ENTRY_START_BYTES - 1);
  if (places > bytes_max) {
    places = (size_t)bytes_max;
  }
  size_t skipped = 0;
  for (; skipped < places; skipped++) {
    const uint8_t *here = src + skipped;
    if (here[COMPLAB_ENTRY_START_BYTES - 1] > 2) {
      continue;
    }
    const int32_t length = complab_be_i32(here + COMPLAB_LOG_OVERHEAD_BYTES - 4);
    if (length > 0 ? could_begin(here, bytes - skipped, length,
                                 on->end - scan->position - skipped)
                   : length == 0 && scan->position + skipped > scan->nonzero_position) {
      *is_place_out = 1;
      break;
    }
  }
  advance(scan, skipped);
  return COMPLAB_OK;
}

static complab_gap gap_to(const complab_scan *scan, uint64_t end,
                          complab_gap_reason reason) {
  return (complab_gap){.position = scan->gap_position,
                       .bytes = end - scan->gap_position,
                       .reason = (int32_t)reason};
}

/* Where no entry is read: begins a gap, or goes on in it. */
static void step_into_gap(complab_scan *scan, complab_look look) {
  if (!scan->is_in_gap) {
    scan->is_in_gap = 1;
    scan->gap_position = scan->position;
    scan->is_gap_torn = look == COMPLAB_LOOK_BEYOND || look == COMPLAB_LOOK_SHORT;
  }
  advance(scan, 1);
}

static int has_room(const complab_scan_room *room, size_t batch_count,
                    size_t gap_count) {
  return batch_count < room->batch_capacity && gap_count + 2 <= room->gap_capacity;
}

/* Ends the scan: the open gap, if any, and zeros from scan->position on, if any. */
static size_t finish(walk *on, complab_gap *gaps, size_t gap_count) {
  complab_scan *scan = on->scan;
  if (scan->is_in_gap) {
    /* Zeros behind a torn entry are part of what is missing of it. */
    const uint64_t end = scan->is_gap_torn ? on->end : scan->position;
    gaps[gap_count++] =
        gap_to(scan, end, scan->is_gap_torn ? COMPLAB_GAP_TORN : COMPLAB_GAP_DAMAGE);
    scan->is_in_gap = 0;
    if (scan->is_gap_torn) {
      scan->position = on->end;
    }
  }
  if (scan->position < on->end) {
    scan->gap_position = scan->position;
    gaps[gap_count++] = gap_to(scan, on->end, COMPLAB_GAP_ZEROS);
  }
  scan->position = on->end;
  scan->is_done = 1;
  return gap_count;
}

/* One step: a row, or the beginning of a gap, or some way into it. is_row_out: *row_out
 * was written, and what lies before it in a gap is one of damage. */
static complab_status step(walk *on, uint64_t bytes_max, complab_batch *row_out,
                           int *is_row_out, int *is_end_out) {
  complab_scan *scan = on->scan;
  complab_status status = COMPLAB_OK;
  int is_place = 1;
  *is_row_out = 0;
  if (scan->is_in_gap) {
    status = skip_ahead(on, bytes_max, &is_place);
  }
  *is_end_out = scan->position == on->end;
  if (status != COMPLAB_OK || *is_end_out || !is_place) {
    return status;
  }
  candidate found;
  status = look_at(on, scan->position, &found);
  if (status != COMPLAB_OK) {
    return status;
  }
  if (found.look == COMPLAB_LOOK_WHOLE && (found.is_sane || !scan->is_in_gap)) {
    status = judge(on, &found, scan->is_in_gap, is_row_out);
    if (status != COMPLAB_OK) {
      return status;
    }
    if (*is_row_out) {
      *row_out = found.row;
      advance(scan, found.entry_bytes);
      return COMPLAB_OK;
    }
  } else {
    status = zeros_to_end(on, scan->position, is_end_out);
    if (status != COMPLAB_OK || *is_end_out) {
      return status;
    }
  }
  step_into_gap(scan, found.look);
  return COMPLAB_OK;
}

static complab_status walk_on(walk *on, const complab_scan_room *room,
                              size_t *batch_count, size_t *gap_count) {
  complab_scan *scan = on->scan;
  const uint64_t begin = scan->walked_bytes;
  while (!scan->is_done && has_room(room, *batch_count, *gap_count)) {
    const uint64_t walked = scan->walked_bytes - begin;
    if (room->step_bytes > 0 && walked >= room->step_bytes) {
      break;
    }
    complab_batch *row = &room->batches[*batch_count];
    int is_row = 0;
    int is_end = 0;
    const uint64_t bytes_max =
        room->step_bytes > 0 ? room->step_bytes - walked : UINT64_MAX;
    const complab_status status = step(on, bytes_max, row, &is_row, &is_end);
    if (status != COMPLAB_OK) {
      return status;
    }
    if (is_row) {
      if (scan->is_in_gap) {
        room->gaps[(*gap_count)++] = gap_to(scan, row->position, COMPLAB_GAP_DAMAGE);
        scan->is_in_gap = 0;
      }
      (*batch_count)++;
    }
    if (is_end) {
      *gap_count = finish(on, room->gaps, *gap_count);
    }
  }
  return COMPLAB_OK;
}

complab_status complab_segment_scan(complab_source *source, complab_scan *scan,
                                    const complab_scan_room *room,
                                    size_t *batch_count_out, size_t *gap_count_out,
                                    complab_fault *fault_out) {
  if (source == NULL || scan == NULL || room == NULL || batch_count_out == NULL ||
      gap_count_out == NULL || room->batches == NULL || room->batch_capacity == 0 ||
      room->gaps == NULL || room->gap_capacity < 2 ||
      scan->position > complab_source_bytes(source)) {
    return COMPLAB_BAD_ARGUMENT;
  }
  walk on = {source, scan, complab_source_bytes(source), fault_out};
  *batch_count_out = 0;
  *gap_count_out = 0;
  const complab_status status = walk_on(&on, room, batch_count_out, gap_count_out);
  if (status == COMPLAB_SHRUNK) {
    if (!scan->is_in_gap) {
      scan->gap_position = scan->position;
    }
    room->gaps[(*gap_count_out)++] = gap_to(scan, on.end, COMPLAB_GAP_SHRUNK);
    scan->position = on.end;
    scan->is_in_gap = 0;
    scan->is_done = 1;
  }
  return status;
}
