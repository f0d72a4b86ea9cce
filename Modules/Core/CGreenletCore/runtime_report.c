// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// What a program is told whose runtime keeps something where it can neither be found nor set aside.

#include "runtime.h"

#include <stdatomic.h>
#include <stdio.h>
#include <unistd.h>

static const char *const names[CGREENLET_WORDS] = {
    [CGREENLET_WORD_EXCLUSIVITY] = "open accesses (inout arguments)",
    [CGREENLET_WORD_TASK_LOCALS] = "task-local bindings (withValue)",
    [CGREENLET_WORD_TASK] = "the current task (Task.immediate)",
    [CGREENLET_WORD_EXECUTOR] = "the current executor (Task.immediate)",
    [CGREENLET_WORD_OBSERVATION] = "what is observed (withObservationTracking)",
};

void cgreenlet_report_lacking(unsigned lacking) {
    static atomic_flag said = ATOMIC_FLAG_INIT;
    if (atomic_flag_test_and_set(&said)) return;
    char list[256] = "";
    size_t length = 0;
    for (int i = 0; i < CGREENLET_WORDS; i++) {
        if (!(lacking >> i & 1)) continue;
        length += (size_t)snprintf(list + length, sizeof list - length, "%s%s", length ? ", " : "", names[i]);
    }
    dprintf(STDERR_FILENO,
            "swift-greenlet: not found in this Swift runtime: %s. A switch leaves it with the thread, so greenlets "
            "that switch inside of such a call see each other's, and may crash. Switch outside of them, link the "
            "dynamic standard library, or update swift-greenlet to a release for this Swift.\n",
            list);
}
