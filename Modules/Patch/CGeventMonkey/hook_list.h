// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// The list of hooks, once; hooks.h and hook_table.c expand it. No include guard: define CGEVENT_HOOK, then include.

// CGEVENT_HOOK(libc name, groups any of which patches it, result, parameters)

#define SOCKET CGEVENT_GROUP_SOCKET
#define TIME CGEVENT_GROUP_TIME
#define POLL CGEVENT_GROUP_POLL
#define OS CGEVENT_GROUP_OS
#define TRACKING (CGEVENT_GROUP_SOCKET | CGEVENT_GROUP_POLL | CGEVENT_GROUP_OS)

// Receive
CGEVENT_HOOK(recv, SOCKET, ssize_t, (int fd, void *buffer, size_t length, int flags))
CGEVENT_HOOK(recvfrom, SOCKET, ssize_t,
             (int fd, void *buffer, size_t length, int flags, struct sockaddr *from, socklen_t *from_length))
CGEVENT_HOOK(recvmsg, SOCKET, ssize_t, (int fd, struct msghdr *message, int flags))
CGEVENT_HOOK(__recv_chk, SOCKET, ssize_t, (int fd, void *buffer, size_t length, size_t capacity, int flags))
CGEVENT_HOOK(__recvfrom_chk, SOCKET, ssize_t,
             (int fd, void *buffer, size_t length, size_t capacity, int flags, struct sockaddr *from,
              socklen_t *from_length))

// Send
CGEVENT_HOOK(send, SOCKET, ssize_t, (int fd, const void *buffer, size_t length, int flags))
CGEVENT_HOOK(sendto, SOCKET, ssize_t,
             (int fd, const void *buffer, size_t length, int flags, const struct sockaddr *to, socklen_t to_length))
CGEVENT_HOOK(sendmsg, SOCKET, ssize_t, (int fd, const struct msghdr *message, int flags))

// Read and write: sockets and files
CGEVENT_HOOK(read, SOCKET | OS, ssize_t, (int fd, void *buffer, size_t length))
CGEVENT_HOOK(readv, SOCKET | OS, ssize_t, (int fd, const struct iovec *vector, int count))
CGEVENT_HOOK(write, SOCKET | OS, ssize_t, (int fd, const void *buffer, size_t length))
CGEVENT_HOOK(writev, SOCKET | OS, ssize_t, (int fd, const struct iovec *vector, int count))
CGEVENT_HOOK(__read_chk, SOCKET | OS, ssize_t, (int fd, void *buffer, size_t length, size_t capacity))

// Connections
CGEVENT_HOOK(socket, TRACKING, int, (int domain, int type, int protocol))
CGEVENT_HOOK(accept, TRACKING, int, (int fd, struct sockaddr *address, socklen_t *length))
CGEVENT_HOOK(accept4, TRACKING, int, (int fd, struct sockaddr *address, socklen_t *length, int flags))
CGEVENT_HOOK(connect, SOCKET, int, (int fd, const struct sockaddr *address, socklen_t length))

// Readiness
CGEVENT_HOOK(poll, POLL, int, (struct pollfd *fds, nfds_t count, int timeout))
CGEVENT_HOOK(ppoll, POLL, int,
             (struct pollfd *fds, nfds_t count, const struct timespec *timeout, const sigset_t *mask))
CGEVENT_HOOK(__poll_chk, POLL, int, (struct pollfd *fds, nfds_t count, int timeout, size_t capacity))
CGEVENT_HOOK(__ppoll_chk, POLL, int,
             (struct pollfd *fds, nfds_t count, const struct timespec *timeout, const sigset_t *mask,
              size_t capacity))
CGEVENT_HOOK(select, POLL, int,
             (int count, fd_set *readable, fd_set *writable, fd_set *exceptional, struct timeval *timeout))
CGEVENT_HOOK(pselect, POLL, int,
             (int count, fd_set *readable, fd_set *writable, fd_set *exceptional, const struct timespec *timeout,
              const sigset_t *mask))
CGEVENT_HOOK(epoll_wait, POLL, int, (int epoll, struct epoll_event *events, int capacity, int timeout))
CGEVENT_HOOK(epoll_pwait, POLL, int,
             (int epoll, struct epoll_event *events, int capacity, int timeout, const sigset_t *mask))

// Time
CGEVENT_HOOK(sleep, TIME, unsigned int, (unsigned int seconds))
CGEVENT_HOOK(usleep, TIME, int, (useconds_t microseconds))
CGEVENT_HOOK(nanosleep, TIME, int, (const struct timespec *request, struct timespec *remaining))
CGEVENT_HOOK(clock_nanosleep, TIME, int,
             (clockid_t clock, int flags, const struct timespec *request, struct timespec *remaining))

// Tracking: these never wait, but the descriptor table must see them
CGEVENT_HOOK(close, TRACKING, int, (int fd))
CGEVENT_HOOK(fclose, TRACKING, int, (FILE * stream))
CGEVENT_HOOK(close_range, TRACKING, int, (unsigned int first, unsigned int last, int flags))
CGEVENT_HOOK(closefrom, TRACKING, void, (int first))
CGEVENT_HOOK(dup, TRACKING, int, (int fd))
CGEVENT_HOOK(dup2, TRACKING, int, (int fd, int target))
CGEVENT_HOOK(dup3, TRACKING, int, (int fd, int target, int flags))
CGEVENT_HOOK(fcntl, TRACKING, int, (int fd, int command, ...))
CGEVENT_HOOK(fcntl64, TRACKING, int, (int fd, int command, ...))
CGEVENT_HOOK(ioctl, TRACKING, int, (int fd, unsigned long request, ...))
CGEVENT_HOOK(setsockopt, TRACKING, int,
             (int fd, int level, int option, const void *value, socklen_t length))

// Not a blocking call: what it loads must be rebound too
CGEVENT_HOOK(dlopen, CGEVENT_GROUP_ALL, void *, (const char *file, int mode))

#undef SOCKET
#undef TIME
#undef POLL
#undef OS
#undef TRACKING
