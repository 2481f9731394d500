// Which sanitizers this program runs under.
#pragma once

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define TAKT_ADDRESS_SANITIZER
#endif
#if __has_feature(thread_sanitizer)
#define TAKT_THREAD_SANITIZER
#endif
#endif
#if defined(__SANITIZE_ADDRESS__)
#define TAKT_ADDRESS_SANITIZER
#endif
#if defined(__SANITIZE_THREAD__)
#define TAKT_THREAD_SANITIZER
#endif

// A sanitizer has put its own heap below this program.
#if defined(TAKT_ADDRESS_SANITIZER) || defined(TAKT_THREAD_SANITIZER)
#define TAKT_HEAP_OF_SANITIZER
#endif
