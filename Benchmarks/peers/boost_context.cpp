// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// The switch of boost.context, twice: through its public type and bare, so that neither figure flatters anybody.
//
// `switch_fiber` is boost::context::fiber, what a user of the library writes; `switch` is fcontext, the assembly below
// it, without the type's moves, exceptions and ownership. A round trip is two switches; what is counted is one way.
// Both keep the control words of SSE and x87, as Debian builds them; neither keeps anything of a language.
//
// `ring` and `ring_deep` let a ring of fcontexts switch from each to the next, the latter sixteen calls down and up again.
// Their stacks have the size of ours and lie as malloc would lay them: a page for its header between two.

#include <boost/context/fiber.hpp>
#include <boost/context/fixedsize_stack.hpp>
#include <boost/context/pooled_fixedsize_stack.hpp>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <cstdint>
#include <sys/mman.h>
#include <utility>
#include <vector>

namespace ctx = boost::context;

namespace {

constexpr std::size_t stack_size = 256 * 1024;

template <typename Body> double seconds_for(long rounds, Body &&body) {
    body(rounds > 10 ? rounds / 10 : 1); // Warm up: pages, caches, branch predictors.
    const auto start = std::chrono::steady_clock::now();
    body(rounds);
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

double through_fiber(long rounds) {
    ctx::fiber other{[](ctx::fiber &&caller) {
        for (;;) {
            caller = std::move(caller).resume();
        }
        return std::move(caller);
    }};
    return seconds_for(rounds, [&other](long count) {
        for (long i = 0; i < count; i++) {
            other = std::move(other).resume();
        }
    });
}

/// Fibers that are created, run to their end, and dropped; stacks come from the library's pool, as its users would have it.
double lives(long count) {
    ctx::pooled_fixedsize_stack stacks(stack_size);
    return seconds_for(count, [&stacks](long number) {
        for (long i = 0; i < number; i++) {
            ctx::fiber{std::allocator_arg, stacks, [](ctx::fiber &&caller) { return std::move(caller); }}.resume();
        }
    });
}

void bounce(ctx::detail::transfer_t caller) {
    for (;;) {
        caller = ctx::detail::jump_fcontext(caller.fctx, nullptr);
    }
}

double through_fcontext(long rounds) {
    ctx::fixedsize_stack allocator;
    ctx::stack_context stack = allocator.allocate();
    ctx::detail::fcontext_t other = ctx::detail::make_fcontext(stack.sp, stack.size, bounce);
    const double result = seconds_for(rounds, [&other](long count) {
        for (long i = 0; i < count; i++) {
            other = ctx::detail::jump_fcontext(other, nullptr).fctx;
        }
    });
    // The context never ends; nothing lives on its stack that would have to be unwound.
    allocator.deallocate(stack);
    return result;
}

constexpr std::size_t stride = stack_size + 4096;

std::vector<ctx::detail::fcontext_t> members;
int depth = 1;

/// Goes from member `own` to the next, `left` calls further down; who arrives here brings the place of whom it left.
__attribute__((noinline)) void switch_down(std::intptr_t own, int left) {
    if (left > 1) {
        switch_down(own, left - 1);
        __asm__ volatile(""); // so that the call isn't made a jump
        return;
    }
    const std::size_t after = static_cast<std::size_t>(own) + 1;
    const std::size_t next = after == members.size() ? 0 : after;
    const auto from = ctx::detail::jump_fcontext(members[next], reinterpret_cast<void *>(own));
    members[reinterpret_cast<std::size_t>(from.data)] = from.fctx;
}

void member(ctx::detail::transfer_t from) {
    const auto previous = reinterpret_cast<std::intptr_t>(from.data);
    members[static_cast<std::size_t>(previous)] = from.fctx;
    for (;;) {
        switch_down(previous + 1, depth);
    }
}

double through_ring(long count, long size) {
    members.resize(static_cast<std::size_t>(size));
    void *memory = mmap(nullptr, members.size() * stride, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (memory == MAP_FAILED) {
        std::perror("mmap");
        std::exit(1);
    }
    madvise(memory, members.size() * stride, MADV_NOHUGEPAGE);
    for (std::size_t i = 1; i < members.size(); i++) {
        char *top = static_cast<char *>(memory) + (i + 1) * stride - 16;
        members[i] = ctx::detail::make_fcontext(top, stack_size, member);
    }
    return seconds_for(count / size, [](long rounds) {
        for (long i = 0; i < rounds; i++) {
            switch_down(0, depth);
        }
    });
}

} // namespace

int main(int argc, char **argv) {
    const char *name = argc > 2 ? argv[1] : "";
    const long count = argc > 2 ? std::atol(argv[2]) : 0;
    const long size = argc > 3 ? std::atol(argv[3]) : 1000;
    double seconds;
    long operations = count / 2 * 2;
    if (argc == 3 && operations > 0 && std::strcmp(name, "switch") == 0) {
        seconds = through_fcontext(count / 2);
    } else if (argc == 3 && operations > 0 && std::strcmp(name, "switch_fiber") == 0) {
        seconds = through_fiber(count / 2);
    } else if (argc == 3 && count > 0 && std::strcmp(name, "raw_life") == 0) {
        operations = count;
        seconds = lives(count);
    } else if (argc <= 4 && size > 1 && count >= size &&
               (std::strcmp(name, "ring") == 0 || std::strcmp(name, "ring_deep") == 0)) {
        depth = std::strcmp(name, "ring") == 0 ? 1 : 16;
        operations = count / size * size;
        seconds = through_ring(count, size);
    } else {
        std::fprintf(stderr, "usage: %s switch|switch_fiber|raw_life COUNT, or %s ring|ring_deep COUNT [SIZE]\n", argv[0], argv[0]);
        return 64;
    }
    std::printf("{\"case\":\"%s\",\"operations\":%ld,\"seconds\":%.9f}\n", name, operations, seconds);
    return 0;
}
