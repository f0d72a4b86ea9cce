// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// The switch of boost.context, twice: through its public type and bare, so that neither figure flatters anybody.
//
// `boost.fiber` is boost::context::fiber, what a user of the library writes; `boost.fcontext` is the assembly below it,
// without the type's moves, exceptions and ownership. Each round trip is two switches; the figure is one way.

#include <boost/context/fiber.hpp>
#include <boost/context/fixedsize_stack.hpp>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <utility>

namespace ctx = boost::context;

namespace {

constexpr long default_rounds = 20'000'000;

template <typename Body> double nanoseconds_per_switch(long rounds, Body &&body) {
    body(rounds / 10); // Warm up: pages, caches, branch predictors.
    const auto start = std::chrono::steady_clock::now();
    body(rounds);
    const std::chrono::duration<double, std::nano> elapsed = std::chrono::steady_clock::now() - start;
    return elapsed.count() / static_cast<double>(2 * rounds);
}

double through_fiber(long rounds) {
    ctx::fiber other{[](ctx::fiber &&caller) {
        for (;;) {
            caller = std::move(caller).resume();
        }
        return std::move(caller);
    }};
    return nanoseconds_per_switch(rounds, [&other](long count) {
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
    const double result = nanoseconds_per_switch(rounds, [&other](long count) {
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
    const long rounds = argc > 1 ? std::atol(argv[1]) : default_rounds;
    if (rounds < 10) {
        std::fprintf(stderr, "usage: %s [ROUND-TRIPS]\n", argv[0]);
        return 64;
    }
    std::printf("ns_per_switch boost.fcontext %.3f\n", through_fcontext(rounds));
    std::printf("ns_per_switch boost.fiber %.3f\n", through_fiber(rounds));
    return 0;
}
