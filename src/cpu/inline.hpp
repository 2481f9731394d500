// TAKT_INLINE: a function that must never exist as a copy of its own, because it is compiled for
// several instruction-set levels under one name.
#pragma once

#define TAKT_INLINE inline __attribute__((always_inline))
// The same of a lambda, behind its parameters.
#define TAKT_INLINE_LAMBDA __attribute__((always_inline))
