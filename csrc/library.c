/* library.c - opens a codec's shared library and keeps it apart from other copies.
 *
 * complab compares versions of one library in one process. Two things can go wrong,
 * both silently. A library's calls to its own exported functions go through the dynamic
 * linker, which looks in the global scope first: if any other copy was loaded globally,
 * the new one runs the old one's internals while it reports its own version (zstd 1.5.7
 * was seen to write 1.5.4's bytes). RTLD_DEEPBIND makes the library look in itself
 * first. And a library that needs another one is given whatever object with that SONAME
 * is already loaded: a second brotli encoder would get the first one's dictionary.
 *
 * Against the first: RTLD_LOCAL | RTLD_DEEPBIND where it exists (glibc), and a refusal
 * where it cannot help: the file was loaded before without it, or the platform has
 * none, while another copy's functions are visible globally. Against the second: a
 * symbol that the parts share must come from the provider's own directory.
 *
 * Under a sanitizer RTLD_DEEPBIND aborts, so COMPLAB_NO_DEEPBIND leaves it out. */
#define _GNU_SOURCE /* dladdr, RTLD_DEEPBIND */
#include <dlfcn.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "codec.h"

#if defined(RTLD_DEEPBIND) && !defined(COMPLAB_NO_DEEPBIND)
#define HAS_DEEPBIND 1
#define OPEN_FLAGS (RTLD_NOW | RTLD_LOCAL | RTLD_DEEPBIND)
#else
#define HAS_DEEPBIND 0
#define OPEN_FLAGS (RTLD_NOW | RTLD_LOCAL)
#endif

enum { PARTS_AT_MOST = 4, VERSION_BYTES = 32 };

struct complab_library {
  atomic_size_t holder_count;
  const complab_library_kind *kind;
  void *handles[PARTS_AT_MOST];
  size_t handle_count; /* 1 where one file holds all parts */
  char *paths[PARTS_AT_MOST];
  char version[VERSION_BYTES];
  void *api;
};

static void say(complab_fault *fault_out, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static void say(complab_fault *fault_out, const char *format, ...) {
  if (fault_out == NULL) {
    return;
  }
  fault_out->native_code = 0;
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(fault_out->text, sizeof fault_out->text, format, arguments);
  va_end(arguments);
}

/* The file that an address was loaded from, "" if the linker does not know. */
static const char *file_of(const void *address) {
  Dl_info info;
  if (address == NULL || dladdr(address, &info) == 0 || info.dli_fname == NULL) {
    return "";
  }
  return info.dli_fname;
}

/* Do two files lie in the same directory, links in the path resolved? The names
 * themselves are not resolved: /lib and /usr/lib may be one, and a directory of links
 * to several versions is still several. */
static int is_same_directory(const char *a, const char *b) {
  char *real_a = realpath(a, NULL);
  char *real_b = realpath(b, NULL);
  int is_same = 0;
  if (real_a != NULL && real_b != NULL) {
    const char *end_a = strrchr(real_a, '/');
    const char *end_b = strrchr(real_b, '/');
    is_same = end_a != NULL && end_b != NULL && end_a - real_a == end_b - real_b &&
              strncmp(real_a, real_b, (size_t)(end_a - real_a)) == 0;
  }
  free(real_a);
  free(real_b);
  return is_same;
}

static void *handle_of_part(const complab_library *library, size_t part) {
  return library->handles[part < library->handle_count ? part : 0];
}

static complab_status open_parts(complab_library *library, const char *const *paths,
                                 size_t path_count, int *was_loaded_out,
                                 complab_fault *fault_out) {
  for (size_t i = 0; i < path_count; i++) {
    void *loaded = dlopen(paths[i], RTLD_NOW | RTLD_NOLOAD);
    if (loaded != NULL) {
      *was_loaded_out = 1;
      dlclose(loaded);
    }
    library->handles[i] = dlopen(paths[i], OPEN_FLAGS);
    if (library->handles[i] == NULL) {
      const char *words = dlerror();
      say(fault_out, "%s", words != NULL ? words : paths[i]);
      return COMPLAB_OPEN_FAILED;
    }
    library->handle_count = i + 1;
  }
  return COMPLAB_OK;
}

static complab_status bind_symbols(complab_library *library, complab_fault *fault_out) {
  const complab_library_kind *kind = library->kind;
  for (size_t i = 0; i < kind->symbol_count; i++) {
    const complab_symbol *symbol = &kind->symbols[i];
    void *address = dlsym(handle_of_part(library, symbol->part), symbol->name);
    if (address == NULL && !symbol->is_optional) {
      say(fault_out, "%s is not in it", symbol->name);
      return COMPLAB_SYMBOL_MISSING;
    }
    /* An object pointer becomes a function pointer through its bytes: POSIX says that
     * they are the same, ISO C does not let a cast say so. */
    memcpy((char *)library->api + symbol->api_offset, &address, sizeof address);
    if (address != NULL && library->paths[symbol->part] == NULL) {
      library->paths[symbol->part] = strdup(file_of(address));
      if (library->paths[symbol->part] == NULL) {
        return COMPLAB_NO_MEMORY;
      }
    }
  }
  return COMPLAB_OK;
}

/* What the parts share must be one thing, and lie beside the part that was bound last
 * (the encoder): that is the provider's own place. */
static complab_status check_parts(complab_library *library, complab_fault *fault_out) {
  const char *name = library->kind->shared_symbol;
  if (name == NULL || library->handle_count < 2) {
    return COMPLAB_OK;
  }
  const char *own = library->paths[library->handle_count - 1];
  for (size_t i = 0; i < library->handle_count; i++) {
    const char *from = file_of(dlsym(library->handles[i], name));
    if (!is_same_directory(from, own)) {
      say(fault_out, "%s would use %s, which is not beside it", own,
          from[0] != '\0' ? from : "an unknown file");
      return COMPLAB_PARTS_MIXED;
    }
    if (library->paths[i] == NULL) { /* a part of which no function is bound */
      library->paths[i] = strdup(from);
      if (library->paths[i] == NULL) {
        return COMPLAB_NO_MEMORY;
      }
    }
    if (!is_same_directory(library->paths[i], own)) {
      say(fault_out, "%s is not beside %s", library->paths[i], own);
      return COMPLAB_PARTS_MIXED;
    }
  }
  return COMPLAB_OK;
}

/* Could another copy's functions run in place of this one's? Only if one is visible
 * globally and this file was not bound to itself first. */
static complab_status check_isolation(const complab_library *library, int was_loaded,
                                      complab_fault *fault_out) {
  if (HAS_DEEPBIND && !was_loaded) {
    return COMPLAB_OK;
  }
  const complab_library_kind *kind = library->kind;
  for (size_t i = 0; i < kind->symbol_count; i++) {
    const complab_symbol *symbol = &kind->symbols[i];
    const void *global = dlsym(RTLD_DEFAULT, symbol->name);
    const void *own = dlsym(handle_of_part(library, symbol->part), symbol->name);
    if (global != NULL && own != NULL && global != own) {
      say(fault_out, "%s of %s is loaded globally in this process", symbol->name,
          file_of(global));
      return COMPLAB_NOT_ISOLATED;
    }
  }
  return COMPLAB_OK;
}

complab_status complab_library_open(size_t kind, const char *const *paths,
                                    size_t path_count, complab_library **library_out,
                                    complab_fault *fault_out) {
  if (kind >= complab_library_kinds_count || paths == NULL || library_out == NULL ||
      (path_count != 1 && path_count != complab_library_kinds[kind]->part_count)) {
    return COMPLAB_BAD_ARGUMENT;
  }
  say(fault_out, "%s", "");
  complab_status status = COMPLAB_NO_MEMORY;
  int was_loaded = 0;
  complab_library *library = calloc(1, sizeof *library);
  if (library == NULL) {
    goto out;
  }
  atomic_init(&library->holder_count, 1);
  library->kind = complab_library_kinds[kind];
  library->api = calloc(1, library->kind->api_bytes);
  if (library->api == NULL) {
    goto out;
  }
  status = open_parts(library, paths, path_count, &was_loaded, fault_out);
  if (status == COMPLAB_OK) {
    status = bind_symbols(library, fault_out);
  }
  if (status == COMPLAB_OK) {
    status = check_parts(library, fault_out);
  }
  if (status == COMPLAB_OK) {
    status = check_isolation(library, was_loaded, fault_out);
  }
  if (status == COMPLAB_OK) {
    if (library->kind->version != NULL) {
      library->kind->version(library->api, library->version, sizeof library->version);
    }
    *library_out = library;
    library = NULL;
  }
out:
  complab_library_close(library);
  return status;
}

void complab_library_hold(complab_library *library) {
  atomic_fetch_add(&library->holder_count, 1);
}

void complab_library_close(complab_library *library) {
  if (library == NULL || atomic_fetch_sub(&library->holder_count, 1) > 1) {
    return;
  }
  for (size_t i = 0; i < library->handle_count; i++) {
    dlclose(library->handles[i]);
  }
  for (size_t i = 0; i < PARTS_AT_MOST; i++) {
    free(library->paths[i]);
  }
  free(library->api);
  free(library);
}

const char *complab_library_version(const complab_library *library) {
  return library->version;
}

const char *complab_library_path(const complab_library *library, size_t part) {
  return part < PARTS_AT_MOST && library->paths[part] != NULL ? library->paths[part]
                                                              : "";
}

size_t complab_library_part_count(const complab_library *library) {
  return library->kind->part_count;
}

const void *complab_library_api(const complab_library *library) {
  return library->api;
}

const complab_library_kind *complab_library_kind_of(const complab_library *library) {
  return library->kind;
}

size_t complab_library_kind_count(void) {
  return complab_library_kinds_count;
}

complab_status complab_library_kind_info(size_t kind, complab_library_info *info_out) {
  if (kind >= complab_library_kinds_count || info_out == NULL) {
    return COMPLAB_BAD_ARGUMENT;
  }
  const complab_library_kind *row = complab_library_kinds[kind];
  *info_out = (complab_library_info){row->name, row->parts, row->part_count,
                                     row->install_advice};
  return COMPLAB_OK;
}
