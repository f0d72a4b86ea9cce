// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// The one place that decides whether this platform can be patched; every other file asks CGEVENT_SUPPORTED.

#ifndef CGEVENT_PLATFORM_H
#define CGEVENT_PLATFORM_H

#include <limits.h> // brings __GLIBC__

#if defined(__linux__) && defined(__GLIBC__) && defined(__LP64__) && (defined(__x86_64__) || defined(__aarch64__))
#define CGEVENT_SUPPORTED 1
#else
#define CGEVENT_SUPPORTED 0
#endif

#define CGEVENT_HIDDEN __attribute__((visibility("hidden")))

#endif
