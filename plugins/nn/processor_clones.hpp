#pragma once

/// Marks a function that is compiled for several instruction sets and chosen when the plugin is loaded. What
/// it calls has to become part of it, and is marked KINDRED_INLINE.
#if defined(__x86_64__) && !defined(__clang__)
#define KINDRED_CLONES __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define KINDRED_CLONES
#endif
#define KINDRED_INLINE inline __attribute__((always_inline))
