/* codec.h - what a codec gives to the core. A codec is one C file that defines one
 * complab_codec (and its library, if it is the first of it) and one line in
 * codec_table.c. Framings (framings/) are codecs, too: the same vtable over the same
 * library, with a client's container around the codec's blocks. */
#ifndef COMPLAB_CODEC_H
#define COMPLAB_CODEC_H

#include "complab.h"

/* ---- Library kinds ---------------------------------------------------------- */

/* One function to bind: its name, and where in the api struct its pointer goes. The
 * api struct holds function pointers only, so that a bound library is plain data. */
typedef struct complab_symbol {
  const char *name;
  size_t api_offset;
  size_t part;         /* index into the kind's parts */
  int32_t is_optional; /* 1: NULL in the api struct where a version lacks it */
} complab_symbol;

typedef struct complab_library_kind {
  const char *name;
  const char *const *parts; /* file names; those that others need come first */
  size_t part_count;
  const complab_symbol *symbols;
  size_t symbol_count;
  size_t api_bytes;
  /* A symbol that several parts use and that must come from the same place for all of
   * them (brotli's dictionary); NULL where the library is a single file. */
  const char *shared_symbol;
  /* Writes the version that the library tells; NULL where it tells none. */
  void (*version)(const void *api, char *text, size_t text_bytes);
  const char *install_advice;
} complab_library_kind;

/* The members of an api struct bear the names of the functions. */
#define COMPLAB_SYMBOL(api_type, member, part_index) \
  {#member, offsetof(api_type, member), part_index, 0}
#define COMPLAB_OPTIONAL_SYMBOL(api_type, member, part_index) \
  {#member, offsetof(api_type, member), part_index, 1}

/* The bound functions of an opened library: a pointer to the kind's api struct. */
const void *complab_library_api(const complab_library *library);
const complab_library_kind *complab_library_kind_of(const complab_library *library);

/* One holder more, who gives it back with complab_library_close. */
void complab_library_hold(complab_library *library);

/* ---- Codecs ------------------------------------------------------------------ */

/* What a transform may know about its work. api is NULL for a built-in codec. */
typedef struct complab_job {
  const void *api;
  complab_settings settings;
  int64_t native_code; /* set by run before it returns a failure */
  char fault[128];     /* likewise; the library's own words, may stay empty */
} complab_job;

/* One direction of a codec. A codec that keeps no context leaves context_new,
 * context_free and memory_bytes NULL; its run gets a NULL context. run must leave the
 * context ready for the next block. */
typedef struct complab_transform {
  complab_status (*context_new)(complab_job *job, void **context_out);
  void (*context_free)(complab_job *job, void *context);
  complab_status (*run)(complab_job *job, void *context, complab_block *block);
  size_t (*memory_bytes)(const complab_job *job, const void *context);
} complab_transform;

typedef struct complab_codec {
  const char *name;
  const char *framing;                 /* COMPLAB_RAW or COMPLAB_KAFKA */
  const complab_library_kind *library; /* NULL: built in */
  int32_t kafka_id;                    /* codec bits of a record batch, or -1 */
  int32_t heeds_size;                  /* 1: settings.is_size_known matters */
  int32_t takes_dictionary;            /* 1: its contexts load settings.dictionary */
  complab_levels (*levels)(const void *api);
  size_t (*bound)(const void *api, size_t src_bytes);
  complab_transform compress;
  complab_transform decompress;
} complab_codec;

#define COMPLAB_RAW "raw"
#define COMPLAB_KAFKA "kafka"

/* For codecs without levels. */
complab_levels complab_levels_none(const void *api);

/* Keeps a failure's code and words (NULL: none) in the job; returns the status. */
complab_status complab_job_failed(complab_job *job, complab_status status,
                                  int64_t native_code, const char *words);

/* ---- The tables (codec_table.c) ---------------------------------------------- */

extern const complab_codec *const complab_codecs[];
extern const size_t complab_codecs_count;
extern const complab_library_kind *const complab_library_kinds[];
extern const size_t complab_library_kinds_count;

#endif
