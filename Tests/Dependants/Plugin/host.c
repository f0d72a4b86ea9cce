// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// As Python or a database would: loads a library made of Swift, and calls it on several threads. It links nothing of
// Swift, so the runtime's thread-local variables exist on each thread only from their first use there on.
//
// usage: host LIBRARY [warm]

#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

static void *library;

static void call(const char *name) {
    void (*function)(void) = (void (*)(void))dlsym(library, name);
    if (function) {
        function();
        return;
    }
    fprintf(stderr, "host: %s\n", dlerror());
    exit(1);
}

static void *check(void *argument) {
    (void)argument;
    call("plugin_check");
    return NULL;
}

int main(int count, char **arguments) {
    library = count > 1 ? dlopen(arguments[1], RTLD_NOW) : NULL;
    if (!library) {
        fprintf(stderr, "host: %s\n", count > 1 ? dlerror() : "which library?");
        return 1;
    }
    if (count > 2) call("plugin_warm");
    check(NULL);
    pthread_t threads[2];
    for (int i = 0; i < 2; i++) {
        if (pthread_create(&threads[i], NULL, check, NULL) != 0) return 1;
    }
    for (int i = 0; i < 2; i++) pthread_join(threads[i], NULL);
    puts("GreenletCore works in a library that is loaded by a program in C");
    return 0;
}
