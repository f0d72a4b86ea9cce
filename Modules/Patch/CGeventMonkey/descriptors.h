// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// What hooks remember of each descriptor number, so that a call in the steady state costs no other system call.

#ifndef CGEVENT_DESCRIPTORS_H
#define CGEVENT_DESCRIPTORS_H

#include "platform.h"

#include <stdbool.h>
#include <stdint.h>

/// A set of the bits below; the kind is 0 as long as nothing is known.
typedef uint32_t cgevent_traits;

enum {
    CGEVENT_KIND_STREAM = 1,    // a stream socket
    CGEVENT_KIND_PACKET = 2,    // any other socket that keeps boundaries
    CGEVENT_KIND_SEQPACKET = 3, // the same, but write() marks the end of a record
    CGEVENT_KIND_FILE = 4,      // no socket, but can be waited for: pipe, terminal, eventfd
    CGEVENT_KIND_OPAQUE = 5,    // always ready (a file, a directory): the original's business
    CGEVENT_KIND_MASK = 7,

    CGEVENT_NONBLOCK = 1 << 3,   // the program set O_NONBLOCK: it does its own waiting
    CGEVENT_DRAINED = 1 << 4,    // the last receive came up short: wait before the next one
    CGEVENT_SHARED = 1 << 5,     // was duplicated: what is changed through the other number isn't seen here
    CGEVENT_NO_RCVTIMEO = 1 << 6, // SO_RCVTIMEO is known to be off
    CGEVENT_NO_SNDTIMEO = 1 << 7, // SO_SNDTIMEO is known to be off
    CGEVENT_LOWAT = 1 << 8,      // SO_RCVLOWAT is more than 1
    CGEVENT_NO_NOWAIT = 1 << 9,  // the kernel has no RWF_NOWAIT for it
    CGEVENT_TERMINAL = 1 << 10,
    CGEVENT_EVEN = 1 << 12,      // TCP: a short receive means that nothing is left
    CGEVENT_UNEVEN = 1 << 13,    // no such promise: a Unix socket stops where a descriptor or another sender follows
    CGEVENT_LISTENING = 1 << 11, // checked once, at the first accept that must wait
};

static inline cgevent_traits cgevent_kind(cgevent_traits traits)
{
    return traits & CGEVENT_KIND_MASK;
}

static inline bool cgevent_is_socket(cgevent_traits traits)
{
    return cgevent_kind(traits) >= CGEVENT_KIND_STREAM && cgevent_kind(traits) <= CGEVENT_KIND_SEQPACKET;
}

/// What is known; asks the kernel if nothing is. 0: not open. errno is kept.
CGEVENT_HIDDEN cgevent_traits cgevent_describe(int fd);

/// What is known, without asking.
CGEVENT_HIDDEN cgevent_traits cgevent_peek(int fd);

/// Changes bits of a descriptor that is known; one that is unknown stays so.
CGEVENT_HIDDEN void cgevent_mark(int fd, cgevent_traits set, cgevent_traits clear);

/// A number was handed out anew: bumps its generation. `traits` 0: ask when needed.
CGEVENT_HIDDEN void cgevent_created(int fd, cgevent_traits traits);

/// Asks for O_NONBLOCK again, for it may have been changed through another number or process. errno is kept.
CGEVENT_HIDDEN bool cgevent_is_nonblocking_now(int fd);

/// The first number from `fd` on that any hook has ever seen, or -1.
CGEVENT_HIDDEN int cgevent_next_seen(int fd);

/// The traits of a socket of this type (as in socket(2), flags and all) on which no option was set.
CGEVENT_HIDDEN cgevent_traits cgevent_traits_of_type(int type);

#endif
