#!/usr/bin/env python3
# Part of swift-greenlet. Apache License 2.0, see LICENSE.
# What asyncio's scheduler costs, on its own loop or on uvloop; written with the calls of "Coroutines and Tasks".

import asyncio
import time

import common


async def yields(count, tasks=2):
    async def task(turns):
        for _ in range(turns):
            await asyncio.sleep(0)

    await asyncio.gather(*[task(turns) for turns in common.shares(count, tasks)])


async def spawn_joins(count):
    async def nothing():
        pass

    for _ in range(count):
        await asyncio.create_task(nothing())


async def channel(count):
    queue = asyncio.Queue(1)

    async def send():
        for number in range(count):
            await queue.put(number)

    async def receive():
        for _ in range(count):
            await queue.get()

    await asyncio.gather(send(), receive())


async def sleepers(count, nap=1):
    scale = common.Sleepers(count, nap)

    async def sleeper():
        scale.lie_down()
        await asyncio.sleep(nap)

    await asyncio.gather(*[sleeper() for _ in range(count)])
    scale.report()


async def timed(body, count, *more):
    """As `common.timed`, for what has to be awaited."""
    await body(count // 10, *more)
    start = time.perf_counter()
    await body(count, *more)
    return time.perf_counter() - start


async def main(case, count, *more):
    if case == "sleepers":
        await sleepers(count, *more)
    else:
        common.report(case, count, await timed(CASES[case], count, *more))


CASES = {"yield": yields, "spawn_join": spawn_joins, "channel": channel}

arguments = common.micro_arguments([*CASES, "sleepers"], uvloop=True)
work = main(arguments.case, arguments.count, *([arguments.more] if arguments.more else []))
if arguments.uvloop:
    import uvloop

    uvloop.run(work)
else:
    asyncio.run(work)
