// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// fork for Swift, which declares it unavailable.

#include "CGreenletPort.h"

#include <errno.h>
#include <unistd.h>

int cgreenlet_port_fork(void) {
    pid_t process = fork();
    return process < 0 ? -errno : process;
}
