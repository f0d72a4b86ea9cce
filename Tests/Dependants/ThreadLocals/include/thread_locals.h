// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// What a program of some size has: 64 KiB of variables for each thread.

char *thread_locals(void);
