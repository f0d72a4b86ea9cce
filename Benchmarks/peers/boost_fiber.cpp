// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// Boost.Fiber: stackful tasks with a scheduler in C++, the nearest relative of our hub.
//
// Stacks are boost::fibers::pooled_fixedsize_stack of 16 KiB, twice what the library's own skynet benchmarks take, so that a
// printf still fits. `channel` is boost::fibers::unbuffered_channel, `queue` a buffered_channel with room for one. Launched by the default policy, `post`.

#include <boost/fiber/all.hpp>
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <utility>
#include <vector>

namespace fibers = boost::fibers;

namespace {

constexpr std::size_t stack_size = 16 * 1024;

using moment = std::chrono::steady_clock;

double seconds_since(moment::time_point start) {
    return std::chrono::duration<double>(moment::now() - start).count();
}

template <typename Body> fibers::fiber spawn(Body &&body) {
    static fibers::pooled_fixedsize_stack stacks{stack_size};
    return fibers::fiber{std::allocator_arg, stacks, std::forward<Body>(body)};
}

/// Returns the seconds from when the last task has begun to when the last is done.
double yields(long count, long tasks) {
    long begun = 0, done = 0;
    moment::time_point start, end;
    std::vector<fibers::fiber> all;
    all.reserve(static_cast<std::size_t>(tasks));
    for (long number = 0; number < tasks; number++) {
        const long turns = count / tasks + (number < count % tasks);
        all.push_back(spawn([=, &begun, &done, &start, &end] {
            if (++begun == tasks) {
                start = moment::now();
            }
            while (begun < tasks) {
                boost::this_fiber::yield();
            }
            for (long i = 0; i < turns; i++) {
                boost::this_fiber::yield();
            }
            if (++done == tasks) {
                end = moment::now();
            }
            while (done < tasks) {
                boost::this_fiber::yield();
            }
        }));
    }
    for (fibers::fiber &task : all) {
        task.join();
    }
    return std::chrono::duration<double>(end - start).count();
}

void spawns(long count, long) {
    for (long i = 0; i < count; i++) {
        spawn([] {}).join();
    }
}

void spawns_of_many(long count, long tasks) {
    std::vector<fibers::fiber> all;
    all.reserve(static_cast<std::size_t>(tasks));
    for (long done = 0; done == 0 || done + tasks <= count; done += tasks) {
        for (long number = 0; number < tasks; number++) {
            all.push_back(spawn([] {}));
        }
        for (fibers::fiber &task : all) {
            task.join();
        }
        all.clear();
    }
}

void channel(long count, long) {
    fibers::unbuffered_channel<long> numbers;
    fibers::fiber sender = spawn([&] {
        for (long i = 0; i < count; i++) {
            numbers.push(i);
        }
        numbers.close();
    });
    fibers::fiber receiver = spawn([&] {
        long expected = 0;
        for (long number : numbers) {
            if (number != expected++) {
                std::abort();
            }
        }
        if (expected != count) {
            std::abort();
        }
    });
    sender.join();
    receiver.join();
}

/// Two fibers wake each other in turns.
void park_wake(long count, long) {
    fibers::mutex mutex;
    fibers::condition_variable condition;
    long turn = 0;
    const auto play = [&](long own) {
        std::unique_lock<fibers::mutex> lock{mutex};
        for (long i = 0; i < count / 2; i++) {
            condition.wait(lock, [&] { return turn == own; });
            turn = 1 - own;
            condition.notify_one();
        }
    };
    fibers::fiber first = spawn([&] { play(0); });
    fibers::fiber second = spawn([&] { play(1); });
    first.join();
    second.join();
}

/// A condition is notified, each time when all fibers wait, until all have run.
void event(long count, long tasks) {
    fibers::mutex mutex;
    fibers::condition_variable condition, all_ran;
    const long turns = std::max(1L, count / tasks);
    long turn = 0, left = 0;
    std::vector<fibers::fiber> waiters;
    waiters.reserve(static_cast<std::size_t>(tasks));
    for (long number = 0; number < tasks; number++) {
        waiters.push_back(spawn([&] {
            std::unique_lock<fibers::mutex> lock{mutex};
            for (long own = 1; own <= turns; own++) {
                condition.wait(lock, [&] { return turn >= own; });
                if (--left == 0) {
                    all_ran.notify_one();
                }
            }
        }));
    }
    boost::this_fiber::yield();
    {
        std::unique_lock<fibers::mutex> lock{mutex};
        for (long i = 0; i < turns; i++) {
            left = tasks;
            turn++;
            condition.notify_all();
            all_ran.wait(lock, [&] { return left == 0; });
        }
    }
    for (fibers::fiber &waiter : waiters) {
        waiter.join();
    }
}

struct memory {
    long resident, page_tables;

    /// What the kernel says of this process, in bytes.
    static memory now() {
        memory kilobytes{};
        char line[256];
        std::FILE *status = std::fopen("/proc/self/status", "r");
        while (status && std::fgets(line, sizeof line, status)) {
            std::sscanf(line, "VmRSS: %ld", &kilobytes.resident);
            std::sscanf(line, "VmPTE: %ld", &kilobytes.page_tables);
        }
        if (status) {
            std::fclose(status);
        }
        return {kilobytes.resident * 1024, kilobytes.page_tables * 1024};
    }
};

void sleepers(long count, long nap) {
    const memory before = memory::now();
    const auto start = moment::now();
    long asleep = 0;
    std::vector<fibers::fiber> all;
    all.reserve(static_cast<std::size_t>(count));
    for (long i = 0; i < count; i++) {
        all.push_back(spawn([&asleep, nap] {
            asleep++;
            boost::this_fiber::sleep_for(std::chrono::seconds(nap));
        }));
    }
    while (asleep < count) {
        boost::this_fiber::yield();
    }
    const memory after = memory::now();
    for (fibers::fiber &sleeper : all) {
        sleeper.join();
    }
    std::printf(
        "{\"case\":\"sleepers\",\"operations\":%ld,\"seconds\":%.9f,\"nap\":%ld,"
        "\"resident_bytes\":%ld,\"page_table_bytes\":%ld}\n",
        count, seconds_since(start), nap,
        (after.resident - before.resident) / count, (after.page_tables - before.page_tables) / count);
}

template <typename Body> void measure(const char *name, Body &&body, long count, long more) {
    body(count / 10, more); // Warm up: pages, caches, branch predictors.
    const auto start = moment::now();
    body(count, more);
    std::printf("{\"case\":\"%s\",\"operations\":%ld,\"seconds\":%.9f}\n", name, count, seconds_since(start));
}

void hand_out(long count, long tasks) {
    fibers::buffered_channel<long> numbers{2}; // one of the two stays free
    std::vector<fibers::fiber> receivers;
    receivers.reserve(static_cast<std::size_t>(tasks));
    for (long number = 0; number < tasks; number++) {
        receivers.push_back(spawn([&] {
            for ([[maybe_unused]] long received : numbers) {
            }
        }));
    }
    const auto send = [&](long number, long) {
        for (long i = 0; i < number; i++) {
            numbers.push(i);
        }
    };
    measure("queue", send, count, tasks);
    numbers.close();
    for (fibers::fiber &receiver : receivers) {
        receiver.join();
    }
}

} // namespace

int main(int argc, char **argv) {
    const bool is_called_well = argc == 3 || argc == 4;
    const char *name = is_called_well ? argv[1] : "";
    const long count = is_called_well ? std::atol(argv[2]) : 0;
    const bool is_many =
        std::strcmp(name, "spawn_all") == 0 || std::strcmp(name, "queue") == 0 || std::strcmp(name, "event") == 0;
    const long more = argc == 4 ? std::atol(argv[3]) : std::strcmp(name, "yield") == 0 ? 2 : is_many ? 1000 : 1;
    if (count > 0 && more > 0 && std::strcmp(name, "yield") == 0) {
        yields(count / 10, more);
        std::printf("{\"case\":\"yield\",\"operations\":%ld,\"seconds\":%.9f}\n", count, yields(count, more));
    } else if (count > 0 && std::strcmp(name, "spawn_join") == 0) {
        measure(name, spawns, count, more);
    } else if (count > 0 && more > 0 && std::strcmp(name, "spawn_all") == 0) {
        measure(name, spawns_of_many, count, more);
    } else if (count > 0 && more > 0 && std::strcmp(name, "queue") == 0) {
        hand_out(count, more);
    } else if (count > 0 && std::strcmp(name, "park_wake") == 0) {
        measure(name, park_wake, count, more);
    } else if (count > 0 && more > 0 && std::strcmp(name, "event") == 0) {
        measure(name, event, count, more);
    } else if (count > 0 && std::strcmp(name, "channel") == 0) {
        measure(name, channel, count, more);
    } else if (count > 0 && std::strcmp(name, "sleepers") == 0) {
        sleepers(count, more);
    } else {
        std::fprintf(
            stderr, "usage: %s yield|spawn_join|spawn_all|channel|queue|park_wake|event|sleepers COUNT [TASKS|SECONDS]\n",
            argv[0]);
        return 64;
    }
    return 0;
}
