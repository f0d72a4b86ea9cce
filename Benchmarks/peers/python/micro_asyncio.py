#!/usr/bin/env python3
# Part of swift-greenlet. Apache License 2.0, see LICENSE.
# What asyncio's scheduler costs, on its own loop or on uvloop; written with the calls of "Coroutines and Tasks".

import asyncio
import time

import common


async def yields(count):
    async def task(turns):
        for _ in range(turns):
            await asyncio.sleep(0)

    await asyncio.gather(task(count - count // 2), task(count // 2))


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


async def sleepers(count):
    scale = common.Sleepers(count)

    async def sleeper():
        scale.lie_down()
        await asyncio.sleep(common.NAP)

    await asyncio.gather(*[sleeper() for _ in range(count)])
    scale.report()


async def timed(body, count):
    """As `common.timed`, for what has to be awaited."""
    await body(count // 10)
    start = time.perf_counter()
    await body(count)
    return time.perf_counter() - start


async def main(case, count):
    if case == "sleepers":
        await sleepers(count)
    else:
        common.report(case, count, await timed(CASES[case], count))


CASES = {"yield": yields, "spawn_join": spawn_joins, "channel": channel}

arguments = common.micro_arguments([*CASES, "sleepers"], uvloop=True)
if arguments.uvloop:
    import uvloop

    uvloop.run(main(arguments.case, arguments.count))
else:
    asyncio.run(main(arguments.case, arguments.count))
