// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// The switch of boost.context, twice: through its public type and bare, so that neither figure flatters anybody.
//
// `switch_fiber` is boost::context::fiber, what a user of the library writes; `switch` is fcontext, the assembly below
// it, without the type's moves, exceptions and ownership. A round trip is two switches; what is counted is one way.

#include <boost/context/fiber.hpp>
#include <boost/context/fixedsize_stack.hpp>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <utility>

namespace ctx = boost::context;

namespace {

template <typename Body> double seconds_for(long rounds, Body &&body) {
    body(rounds / 10); // Warm up: pages, caches, branch predictors.
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

} // namespace

int main(int argc, char **argv) {
    const char *name = argc == 3 ? argv[1] : "";
    const bool bare = std::strcmp(name, "switch") == 0;
    const long rounds = argc == 3 ? std::atol(argv[2]) / 2 : 0;
    if ((!bare && std::strcmp(name, "switch_fiber") != 0) || rounds < 1) {
        std::fprintf(stderr, "usage: %s switch|switch_fiber COUNT\n", argv[0]);
        return 64;
    }
    const double seconds = bare ? through_fcontext(rounds) : through_fiber(rounds);
    std::printf("{\"case\":\"%s\",\"operations\":%ld,\"seconds\":%.9f}\n", name, 2 * rounds, seconds);
    return 0;
}
