// TAKT_INLINE: a function that must never exist as a copy of its own, because it is compiled for
// several instruction-set levels under one name.
#pragma once

#define TAKT_INLINE inline __attribute__((always_inline))
