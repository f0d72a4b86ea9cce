// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// The face for C users: a handle that outlives its stack, a parent, and a value both ways.

#define _GNU_SOURCE
#include "handle.h"
#include "include/CGreenletCore.h"
#include "sanitizer.h"
#include "stack.h"

#include <errno.h>
#include <stdlib.h>

struct cgreenlet {
    cgreenlet_context *context;  ///< NULL once dead
    cgreenlet *parent;           ///< counted; NULL for a stack that C did not create
    cgreenlet_body body;         ///< NULL for a stack that C did not create
    void *argument;
    void *value;          ///< what was switched in, while `listens`
    size_t references;    ///< its creator or its stack, and its children
    int thread;           ///< its thread's number: unlike an address, never used again
    bool listens;         ///< stands in `cgreenlet_switch_to`, or has not begun: whoever enters leaves a value here
};

static void release(cgreenlet *handle) {
    while (handle && --handle->references == 0) {
        cgreenlet *parent = handle->parent;
        free(handle);
        handle = parent;
    }
}

static cgreenlet *make_handle(cgreenlet_context *context) {
    cgreenlet *handle = calloc(1, sizeof *handle);
    if (!handle) return NULL;
    handle->context = context;
    handle->thread = context->thread->number;
    handle->references = 1;
    context->handle = handle;
    return handle;
}

static cgreenlet *handle_of(cgreenlet_context *context) {
    return context->handle ? context->handle : make_handle(context);
}

cgreenlet *cgreenlet_current(void) {
    cgreenlet_thread *thread = cgreenlet_thread_current();
    // The thread's own stack gets its handle first: it is where control goes if all else is dead.
    if (!handle_of(&thread->main)) return NULL;
    return handle_of(thread->current);
}

/// Who is entered when a switch is made to `handle`.
static cgreenlet *nearest_alive(cgreenlet_thread *thread, cgreenlet *handle) {
    while (handle && !handle->context) handle = handle->parent;
    return handle ? handle : thread->main.handle;
}

cgreenlet_context *cgreenlet_heir(const cgreenlet_context *context) {
    const cgreenlet *handle = context->handle;
    return handle && handle->body ? nearest_alive(context->thread, handle->parent)->context : NULL;
}

int cgreenlet_set_heir(cgreenlet_context *context, cgreenlet_context *heir) {
    cgreenlet *parent = handle_of(heir);
    if (!parent) return ENOMEM;
    return cgreenlet_set_parent(context->handle, parent) == 0 ? 0 : errno;
}

/// Leaves `value` where `target` looks for it.
static void hand_over(cgreenlet_thread *thread, cgreenlet *target, void *value) {
    if (target->listens) {
        target->value = value;
    } else if (value && thread->swift.send) {
        thread->swift.send(target->context, value);  // it stands in Swift's switch
    }
}

/// Takes what the greenlet that was just entered finds. False if that is an error.
static bool receive(cgreenlet_thread *thread, cgreenlet *self, bool begins, void **value) {
    *value = self->value;
    self->value = NULL;
    self->listens = false;
    if (!thread->delivery) return true;
    *value = NULL;
    return begins ? thread->swift.begin(value) : thread->swift.receive(value);
}

/// Takes the stack away from `handle`. The caller may stand on it, if it leaves right after.
static void give_stack_back(cgreenlet *handle) {
    cgreenlet_context *context = handle->context;
    handle->context = NULL;
    context->handle = NULL;
    if (context->owner || context->scheduled) context->thread->swift.end(context);
    cgreenlet_release(context);
}

// The first function of every stack that is made here.
static void run(void *argument) {
    cgreenlet *self = argument;
    cgreenlet_context *context = self->context;
    cgreenlet_thread *thread = context->thread;
    void *value;
    // An error that was thrown in before it began goes on to the parent: it lies where the next one looks.
    bool begun = receive(thread, self, true, &value);
    if (begun) value = self->body(self->argument, value);
    cgreenlet *heir = nearest_alive(thread, self->parent);
    give_stack_back(self);
    if (begun) hand_over(thread, heir, value);
    cgreenlet_leave(context, heir->context);
}

cgreenlet *cgreenlet_create(cgreenlet_body body, void *argument, size_t stack_size) {
    cgreenlet *parent = cgreenlet_current();
    cgreenlet_context *context = parent ? cgreenlet_acquire(stack_size) : NULL;
    if (!context) return NULL;
    cgreenlet *handle = make_handle(context);
    if (!handle) {
        cgreenlet_sanitizer_abandon(context);
        cgreenlet_release(context);
        errno = ENOMEM;
        return NULL;
    }
    parent->references++;
    handle->parent = parent;
    handle->body = body;
    handle->argument = argument;
    handle->listens = true;
    cgreenlet_prepare(context, run, handle);
    return handle;
}

static int fail(int error) {
    errno = error;
    return -1;
}

static bool is_foreign(const cgreenlet *greenlet) {
    cgreenlet_thread *thread = cgreenlet_thread_current();
    if (greenlet->thread != thread->number) return true;
    // The thread's end was there already, and now a later destructor of thread-specific data clears up.
    if (thread->has_left_stacks) cgreenlet_pool_of(thread);
    return false;
}

int cgreenlet_switch_to(cgreenlet *target, void *value, void **received) {
    int error = errno;
    void *ignored;
    if (!received) received = &ignored;
    *received = NULL;
    cgreenlet_thread *thread = cgreenlet_thread_current();
    cgreenlet *self = cgreenlet_current();
    if (!self) return -1;
    if (is_foreign(target)) return fail(EPERM);
    target = nearest_alive(thread, target);
    if (target == self) {
        *received = value;
        return 0;
    }
    hand_over(thread, target, value);
    self->listens = true;
    cgreenlet_switch(self->context, target->context);
    bool welcome = receive(thread, self, false, received);
    errno = welcome ? error : ECANCELED;
    return welcome ? 0 : -1;
}

bool cgreenlet_is_dead(const cgreenlet *greenlet) { return !greenlet->context; }

cgreenlet *cgreenlet_parent(const cgreenlet *greenlet) { return greenlet->parent; }

int cgreenlet_set_parent(cgreenlet *greenlet, cgreenlet *parent) {
    if (!greenlet->body) return fail(EINVAL);
    if (is_foreign(greenlet) || is_foreign(parent)) return fail(EPERM);
    for (cgreenlet *each = parent; each; each = each->parent) {
        if (each == greenlet) return fail(ELOOP);
    }
    parent->references++;
    release(greenlet->parent);
    greenlet->parent = parent;
    return 0;
}

int cgreenlet_destroy(cgreenlet *greenlet) {
    if (!greenlet->body) return fail(EINVAL);
    if (is_foreign(greenlet)) return fail(EPERM);
    cgreenlet_context *context = greenlet->context;
    if (context && context == context->thread->current) return fail(EBUSY);
    if (context && !greenlet->listens) return fail(EBUSY);  // it stands in Swift, where somebody counts on it
    if (context) {
        cgreenlet_sanitizer_abandon(context);
        give_stack_back(greenlet);
    }
    release(greenlet);
    return 0;
}

void cgreenlet_handle_ended(cgreenlet_context *context) {
    cgreenlet *handle = context->handle;
    handle->context = NULL;
    context->handle = NULL;
    release(handle);
}
