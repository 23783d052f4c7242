"""pgqueuer at work: jobs, schedules, statistics, and clearing its tables, for which it has TRUNCATE."""

from __future__ import annotations

import asyncio
import inspect
import sys
import time
from collections import Counter
from datetime import timedelta

import psycopg
from pgqueuer.db import PsycopgDriver
from pgqueuer.qm import QueueManager
from pgqueuer.queries import Queries
from pgqueuer.sm import SchedulerManager

troubles: Counter[str] = Counter()


async def driver() -> PsycopgDriver:
    return PsycopgDriver(await psycopg.AsyncConnection.connect("", autocommit=True))


def manager(kind: type, connection: PsycopgDriver) -> object:
    """The newer release takes queries where the older one takes a driver."""
    new = "queries" in inspect.signature(kind).parameters
    return kind(Queries(connection) if new else connection)


async def attempt(name: str, act: object, *arguments: object) -> None:
    """Something that may be refused; the application lives on."""
    try:
        await act(*arguments)
    except psycopg.Error as error:
        troubles[f"{name}: {error.sqlstate}"] += 1
    except TypeError:  # it reads its own log wrongly with psycopg, once the statement is through
        troubles[f"{name}: TypeError"] += 1


async def produce(until: float) -> int:
    queries = Queries(await driver())
    jobs = rounds = 0
    while time.monotonic() < until:
        ids = await queries.enqueue(["fetch"] * 5, [b"x"] * 5, [0, 1, 2, 3, 4])
        await queries.enqueue("broken", b"y", execute_after=timedelta(seconds=1))
        await queries.queue_size()
        await queries.job_status(ids)
        await queries.queued_work(["fetch"])
        await queries.log_statistics(10)
        if rounds % 5 == 0:
            await queries.mark_job_as_cancelled(ids[:1])
            await attempt("queue_log", queries.queue_log)
            await queries.clear_queue("fetch")
            await queries.clear_queue_log("fetch")
            await queries.clear_statistics_log("fetch")
        if rounds % 20 == 10:
            await attempt("clear_queue", queries.clear_queue)
            await attempt("clear_queue_log", queries.clear_queue_log)
            await attempt("clear_statistics_log", queries.clear_statistics_log)
        if rounds % 20 == 15 and hasattr(queries, "notify_health_check"):
            await queries.has_table("pgqueuer")
        jobs += 6
        rounds += 1
        await asyncio.sleep(0.1)
    return jobs


async def work(seconds: float) -> None:
    queues = manager(QueueManager, await driver())
    schedules = manager(SchedulerManager, await driver())

    @queues.entrypoint("fetch")
    async def fetch(job: object) -> None:
        await asyncio.sleep(0.002)

    @queues.entrypoint("broken", concurrency_limit=2)
    async def broken(job: object) -> None:
        raise ValueError("broken")

    @schedules.schedule("tidy", "* * * * * */2")
    async def tidy(schedule: object) -> None:
        await asyncio.sleep(0)

    running = [
        asyncio.create_task(queues.run(dequeue_timeout=timedelta(seconds=1))),
        asyncio.create_task(schedules.run()),
    ]
    jobs = await produce(time.monotonic() + seconds)
    queues.shutdown.set()
    schedules.shutdown.set()
    await asyncio.wait(running, timeout=10)
    print(f"{jobs} jobs, {dict(troubles)}")


async def install() -> None:
    await Queries(await driver()).install()


async def migrate() -> None:
    await Queries(await driver()).upgrade()
    print("upgraded")


if __name__ == "__main__":
    verb = sys.argv[1]
    asyncio.run(install() if verb == "install" else work(float(sys.argv[2])) if verb == "work" else migrate())
