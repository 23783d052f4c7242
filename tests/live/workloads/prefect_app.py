"""prefect's server at work: its own process, and flows that run against its API."""

from __future__ import annotations

import asyncio
import os
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from urllib.parse import quote


def settings(port: int | None = None) -> dict[str, str]:
    host, user, secret = os.environ["PGHOST"], os.environ["PGUSER"], quote(os.environ["PGPASSWORD"])
    where = f"{host}:{os.environ['PGPORT']}/{os.environ['PGDATABASE']}"
    found = {
        "PREFECT_API_DATABASE_CONNECTION_URL": f"postgresql+asyncpg://{user}:{secret}@{where}",
        "PREFECT_API_DATABASE_MIGRATE_ON_START": "false",
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
        "PREFECT_LOGGING_LEVEL": "ERROR",
        "PREFECT_HOME": str(Path(os.environ["HOME"]) / "prefect"),
        "DO_NOT_TRACK": "1",
        "PREFECT_CLI_PROMPT": "false",
    }
    if port:
        found["PREFECT_API_URL"] = f"http://127.0.0.1:{port}/api"
    return {**os.environ, **found}


def prefect(*arguments: str) -> None:
    subprocess.run([sys.executable, "-m", "prefect", *arguments], env=settings(), check=True)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_for(port: int, process: subprocess.Popen[bytes]) -> None:
    for _ in range(240):
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}/api/health", timeout=2).read()
            return
        except OSError:
            if process.poll() is not None:
                raise SystemExit("prefect's server ended") from None
            time.sleep(0.5)
    raise SystemExit("prefect's server does not answer")


def work(seconds: float) -> None:
    port = free_port()
    server = [sys.executable, "-m", "uvicorn", "--app-dir", ".", "--factory", "prefect.server.api.server:create_app"]
    process = subprocess.Popen(
        [*server, "--host", "127.0.0.1", "--port", str(port), "--log-level", "error"], env=settings(port)
    )
    try:
        wait_for(port, process)
        subprocess.run([sys.executable, __file__, "flows", str(seconds)], env=settings(port), check=True)
    finally:
        process.terminate()
        process.wait(30)


async def flows(seconds: float) -> None:
    from prefect import flow, get_client, task
    from prefect.artifacts import acreate_markdown_artifact
    from prefect.client.schemas.filters import FlowRunFilter
    from prefect.variables import Variable

    @task(retries=1)
    async def double(number: int) -> int:
        if number == 3:
            raise ValueError("three")
        return number * 2

    @flow
    async def numbers(upto: int) -> None:
        await acreate_markdown_artifact("# hello", key="report")
        for number in range(upto):
            await double(number)

    until = time.monotonic() + seconds
    runs = 0
    while time.monotonic() < until:
        await numbers(3 + runs % 2, return_state=True)
        await Variable.aset("colour", str(runs), overwrite=True)
        await Variable.aget("colour")
        async with get_client() as client:
            found = await client.read_flow_runs(flow_run_filter=FlowRunFilter(), limit=5)
            await client.read_flows(limit=5)
            await client.read_task_runs(limit=5)
            if runs % 3 == 2:
                await client.delete_flow_run(found[0].id)
        runs += 1
    print(f"{runs} flow runs")


if __name__ == "__main__":
    verb = sys.argv[1]
    if verb == "work":
        work(float(sys.argv[2]))
    elif verb == "flows":
        asyncio.run(flows(float(sys.argv[2])))
    else:
        prefect("server", "database", "upgrade", "-y")
