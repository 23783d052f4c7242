"""procrastinate at work: jobs, locks, retries, schedules, cancelling, cleaning up."""

from __future__ import annotations

import asyncio
import random
import sys
import time
from pathlib import Path

import procrastinate
import psycopg

OLD = "03.02.00_50"
"""The last migration that the older release has."""

app = procrastinate.App(connector=procrastinate.PsycopgConnector())


@app.task(queue="mail", retry=2)
async def send(number: int) -> int:
    if number % 11 == 0:
        raise ValueError(number)
    await asyncio.sleep(0.005)
    return number


@app.task(queue="slow", pass_context=True)
async def slow(context: object) -> None:
    await asyncio.sleep(0.3)


@app.periodic(cron="* * * * * */2")
@app.task(queue="mail", queueing_lock="tick")
async def tick(timestamp: int) -> None:
    await asyncio.sleep(0)


async def produce(until: float) -> int:
    numbers = iter(range(10**9))
    jobs = 0
    while time.monotonic() < until:
        number = next(numbers)
        await send.configure(lock=f"lock-{number % 3}").defer_async(number=number)
        one = await slow.defer_async()
        await send.configure(schedule_in={"hours": 1}).batch_defer_async({"number": number}, {"number": number + 1})
        if number % 4 == 0:
            await app.job_manager.cancel_job_by_id_async(one, abort=True)
        manager = app.job_manager
        await manager.get_job_status_async(one)
        await manager.list_jobs_async(queue="mail")
        await manager.list_queues_async()
        await manager.list_tasks_async()
        await manager.list_locks_async()
        if number % 10 == 0:
            await manager.delete_old_jobs(nb_hours=0, include_failed=True)
            await manager.check_connection_async()
            list(await manager.get_stalled_jobs(seconds_since_heartbeat=30))
        jobs += 4
        await asyncio.sleep(0.05 + random.random() / 20)
    return jobs


async def work(seconds: float) -> None:
    async with app.open_async():
        worker = asyncio.create_task(
            app.run_worker_async(concurrency=4, install_signal_handlers=False, delete_jobs="successful")
        )
        jobs = await produce(time.monotonic() + seconds)
        worker.cancel()
        await asyncio.gather(worker, return_exceptions=True)
    print(f"{jobs} jobs deferred")


async def install() -> None:
    async with app.open_async():
        await app.schema_manager.apply_schema_async()


def migrate() -> None:
    """As the documentation has it: the files since the older release, in their order, with psql."""
    folder = Path(procrastinate.__file__).parent / "sql" / "migrations"
    with psycopg.connect("", autocommit=True) as connection:
        files = [path for path in sorted(folder.glob("*.sql")) if path.name[:11] > OLD]
        for path in files:
            connection.execute(path.read_text())
    print(f"{len(files)} files: {', '.join(path.stem for path in files)}")


if __name__ == "__main__":
    verb = sys.argv[1]
    if verb == "install":
        asyncio.run(install())
    elif verb == "work":
        asyncio.run(work(float(sys.argv[2])))
    else:
        migrate()
