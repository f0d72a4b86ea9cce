// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// fcntl, ioctl, setsockopt: pass on, then note what changes how the other hooks must treat the descriptor.

#define _GNU_SOURCE
#include "platform.h"
#if CGEVENT_SUPPORTED

#include "closing.h"
#include "descriptors.h"
#include "hooks.h"

#include <fcntl.h>
#include <stdarg.h>
#include <string.h>
#include <sys/ioctl.h>

static void note_nonblock(int fd, bool on)
{
    cgevent_mark(fd, on ? CGEVENT_NONBLOCK : 0, on ? 0 : CGEVENT_NONBLOCK);
}

static int note_fcntl(int fd, int command, void *argument, int result)
{
    if (result < 0)
        return result;
    if (command == F_SETFL)
        note_nonblock(fd, (intptr_t)argument & O_NONBLOCK);
    if (command == F_DUPFD || command == F_DUPFD_CLOEXEC)
        return cgevent_duplicated(fd, result);
    return result;
}

// The third argument of these two is a number, a pointer, or missing. Passing on what a pointer would have been is
// right for all three in the calling conventions that are supported, and is what libc itself does.
#define READ_ARGUMENT(last)                                                                                            \
    va_list list;                                                                                                      \
    va_start(list, last);                                                                                              \
    void *argument = va_arg(list, void *);                                                                             \
    va_end(list)

int cgevent_hook_fcntl(int fd, int command, ...)
{
    READ_ARGUMENT(command);
    return note_fcntl(fd, command, argument, cgevent_libc.fcntl(fd, command, argument));
}

int cgevent_hook_fcntl64(int fd, int command, ...)
{
    READ_ARGUMENT(command);
    return note_fcntl(fd, command, argument, cgevent_libc.fcntl64(fd, command, argument));
}

int cgevent_hook_ioctl(int fd, unsigned long request, ...)
{
    READ_ARGUMENT(request);
    int result = cgevent_libc.ioctl(fd, request, argument);
    if (result >= 0 && request == FIONBIO)
        note_nonblock(fd, *(int *)argument != 0);
    return result;
}

int cgevent_hook_setsockopt(int fd, int level, int option, const void *value, socklen_t length)
{
    int result = cgevent_libc.setsockopt(fd, level, option, value, length);
    if (result != 0 || level != SOL_SOCKET)
        return result;
    int mark = 1;
    switch (option) {
    // Each timeout has two numbers, by the size of time_t. The value is asked for when a call must wait.
    case SO_RCVTIMEO_OLD:
    case SO_RCVTIMEO_NEW: cgevent_mark(fd, 0, CGEVENT_NO_RCVTIMEO); break;
    case SO_SNDTIMEO_OLD:
    case SO_SNDTIMEO_NEW: cgevent_mark(fd, 0, CGEVENT_NO_SNDTIMEO); break;
    case SO_RCVLOWAT:
        memcpy(&mark, value, sizeof mark);
        cgevent_mark(fd, mark > 1 ? CGEVENT_LOWAT : 0, mark > 1 ? 0 : CGEVENT_LOWAT);
        break;
    default: break;
    }
    return result;
}

#endif
