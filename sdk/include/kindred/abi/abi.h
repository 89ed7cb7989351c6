/* The plain C boundary between the host and a plugin.
 *
 * A plugin is a shared library named *.kindred.so that exports one constant object, `kindred_plugin_v1`.
 * Nothing here is called before the host has compared the plugin's build tag, which it reads from the
 * file (ELF note ".note.kindred") without mapping any code.
 *
 * Growth: structs that may grow start with their own size; fields are appended, never reordered; zero
 * means absent. Strings are static UTF-8 owned by the plugin. What one side allocates it frees. */
#ifndef KINDRED_ABI_H
#define KINDRED_ABI_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
#define KINDRED_NOEXCEPT noexcept
extern "C" {
#else
#define KINDRED_NOEXCEPT
#endif

#define KINDRED_EXPORT __attribute__((visibility("default")))

enum {
  KINDRED_ABI_MAJOR = 1, /* C structs of this file; another major is refused */
  KINDRED_ABI_MINOR = 1, /* fields appended; a newer minor than the host's is refused */
  KINDRED_CXX_EPOCH = 8  /* C++ interfaces; raised whenever a virtual or a type in a signature changes */
};

enum {
  KINDRED_FLAG_CXX11_ABI = 1u << 0, /* _GLIBCXX_USE_CXX11_ABI=1 */
  KINDRED_FLAG_ASAN = 1u << 1,
  KINDRED_FLAG_TSAN = 1u << 2,
  KINDRED_FLAG_DEBUG_STL = 1u << 3 /* _GLIBCXX_DEBUG */
};

/* The build fingerprint; also the payload of the ELF note. */
typedef struct kindred_build_tag {
  uint32_t size;
  uint16_t abi_major, abi_minor;
  uint32_t cxx_epoch;     /* exact match */
  uint32_t torch_version; /* major * 1000000 + minor * 1000 + patch; major.minor must match */
  uint32_t flags;         /* KINDRED_FLAG_*, exact match */
  uint32_t gxx_abi;       /* __GXX_ABI_VERSION, for messages only: compilers that interoperate differ */
  char sdk_version[16];
  char compiler[40];
} kindred_build_tag;

/* What a plugin offers, to be read from the file: ELF notes "KD" of type 2, one for the plugin itself (kind
 * "plugin") and one per component. Strings end with a NUL; a summary that does not fit is cut. */
typedef struct kindred_offer_note {
  uint32_t size;
  char kind[20];
  char id[72];
  char version[24];
  char summary[136];
} kindred_offer_note;

enum { KINDRED_NOTE_TAG = 1, KINDRED_NOTE_OFFER = 2 };

/* Where the callee writes text. The receiver copies the bytes before `write` returns. */
typedef struct kindred_sink {
  void* context;
  void (*write)(void* context, const char* text, size_t size);
} kindred_sink;

/* What the host knows about the place a component is created for; valid during `create` only. */
typedef struct kindred_site {
  uint32_t size;
  int64_t input_dimension; /* heads and losses: D of the embeddings that come in; 0 elsewhere */
  int64_t classes;         /* losses with class proxies: number of training classes; 0 elsewhere */
  uint64_t seed;           /* encoders, heads and losses of a run: the pipeline's seed; 0 elsewhere */
  /* Since minor 1. Losses with class proxies: training samples of each class, `classes` numbers; NULL
   * elsewhere */
  const int64_t* class_sizes;
} kindred_site;

typedef struct kindred_component {
  uint32_t size;
  uint32_t revision; /* revision of the C++ interface of `kind` */
  const char* kind;
  const char* id; /* "vendor.name" */
  const char* version;
  const char* summary;
  /* Writes the parameters as JSON (see params.hpp). Returns 0 on success. */
  int (*schema)(const kindred_sink* out) KINDRED_NOEXCEPT;
  /* `params`: one JSON object. On success returns 0 and *out is exactly a pointer to the kind's interface;
   * otherwise non-zero with a sentence in `error`. */
  int (*create)(const kindred_site* site, const char* params, size_t params_size, void** out,
                const kindred_sink* error) KINDRED_NOEXCEPT;
  void (*destroy)(void* object) KINDRED_NOEXCEPT;
} kindred_component;

typedef struct kindred_plugin {
  uint32_t size;
  const kindred_build_tag* build; /* points into the note, so that the two cannot differ */
  const char* id;
  const char* version;
  const char* license;
  const char* summary;
  const kindred_component* const* components; /* [components, components_end) */
  const kindred_component* const* components_end;
} kindred_plugin;

extern KINDRED_EXPORT const kindred_plugin kindred_plugin_v1;

#ifdef __cplusplus
}
#endif
#endif
