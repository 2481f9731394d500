// TAKT_API: what the shared library shows; everything else is hidden.
#pragma once

#if defined(TAKT_STATIC) || !defined(__GNUC__)
#define TAKT_API
#else
#define TAKT_API __attribute__((visibility("default")))
#endif
