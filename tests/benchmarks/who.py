"""How fast a log is searched, and in how much memory, beside ``grep -c`` on the same file.

    python -m tests.benchmarks.who [--size 500] [--folder DIR] [--format csv]

--size in MB: 10000 for ten gigabytes. Each search runs as a process of its own, whose peak of memory is measured.
"""

from __future__ import annotations

import argparse
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

LIMIT_MB = 100

_CONFIG = '[cutover]\nname = "shop"\nlegacy_role = "shop"\nschemas = ["public"]\n'
_NAMES = ("ada", "berta", "cyril", "dora", "emil", "fanny", "georg")
_STATEMENTS = (
    "SELECT o.id, o.total, c.name FROM orders AS o JOIN customers AS c ON c.id = o.customer_id WHERE o.id = $1",
    "INSERT INTO order_items (order_id, product_id, quantity) VALUES ($1, $2, $3) RETURNING id",
    "UPDATE customers SET last_seen = now() WHERE id = $1",
    "SELECT sum(amount) FROM payments WHERE customer_id = $1",
    "COMMIT",
    "BEGIN",
)


def parameters(number: int) -> str:
    """Of which no two are the same."""
    return f"$1 = '{number}', $2 = '{number * 2654435761 % 2**48:012x}-{_NAMES[number % 7]}{number % 991}@example.org'"


def csv_line(number: int, statement: str) -> str:
    second = number // 500
    at = f"2026-11-{1 + second // 86400:02} {second // 3600 % 24:02}:{second // 60 % 60:02}:{second % 60:02}.123 UTC"
    session = f"65b4f1e3.{number % 40 + 4096:x}"
    return (
        f'{at},"app_user","shop",{number % 40 + 4096},"10.0.0.{number % 40}:51234",{session},{number},"SELECT",'
        f'2026-11-01 00:00:00 UTC,{number % 40}/{number},0,LOG,00000,"execute <unnamed>: {statement}",'
        f'"parameters: {parameters(number)}",,,,,,,,"web","client backend",,{number * 7919}\n'
    )


def stderr_line(number: int, statement: str) -> str:
    second = number // 500
    at = f"2026-11-{1 + second // 86400:02} {second // 3600 % 24:02}:{second // 60 % 60:02}:{second % 60:02}.123 UTC"
    prefix = f"{at} [{number % 40 + 4096}] app_user@shop web 10.0.0.{number % 40} 00000 "
    return f"{prefix}LOG:  execute <unnamed>: {statement}\n{prefix}DETAIL:  parameters: {parameters(number)}\n"


def refused(line: Callable[[int, str], str], number: int) -> str:
    text = line(number, "X").splitlines()[0]
    if line is csv_line:
        head = text.partition(",LOG,")[0]
        error = '42501,"must be owner of table payments"'
        return f'{head},ERROR,{error},,,,,,"DROP TABLE payments",,,"web","client backend",,0\n'
    head = text.partition(" 00000 LOG:")[0]
    return f"{head} 42501 ERROR:  must be owner of table payments\n{head} 42501 STATEMENT:  DROP TABLE payments\n"


def lines(line: Callable[[int, str], str], size: int) -> Iterator[bytes]:
    written = number = 0
    while written < size:
        block = [line(number + i, _STATEMENTS[(number + i) % len(_STATEMENTS)]) for i in range(5000)]
        block.append(refused(line, number + 5000))
        number += 5001
        data = "".join(block).encode()
        written += len(data)
        yield data


def measured(command: list[str], folder: Path) -> tuple[float, float, float, str]:
    """Seconds, seconds of one core, peak of memory in MB, what was printed."""
    started = time.monotonic()
    process = subprocess.Popen(
        command,
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2]), "FLATSPLIT_DSN": "host=/nonexistent"},
    )
    assert process.stdout is not None
    printed = process.stdout.read()
    _, _, usage = os.wait4(process.pid, 0)
    process.returncode = 0
    core = usage.ru_utime + usage.ru_stime
    return time.monotonic() - started, core, usage.ru_maxrss / 1024, printed


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--size", type=int, default=500, help="MB of log")
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--format", choices=("csv", "stderr"), default="csv")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=given.folder) as name:
        folder = Path(name)
        (folder / "flatsplit.toml").write_text(_CONFIG)
        log = folder / f"all.{'csv' if given.format == 'csv' else 'log'}"
        with log.open("wb") as file:
            for block in lines(csv_line if given.format == "csv" else stderr_line, given.size * 1024 * 1024):
                file.write(block)
        size = log.stat().st_size / 1024 / 1024
        print(f"{size:,.0f} MB of {given.format}")
        worst = 0.0
        who = [sys.executable, "-m", "flatsplit", "who", "--log", str(log)]
        for title, command in (
            ("grep -c payments", ["grep", "-c", "payments", str(log)]),
            ("grep -ci payments", ["grep", "-ci", "payments", str(log)]),
            ("who --refused", [*who, "--refused"]),
            ("who 'DROP TABLE payments'", [*who, "DROP TABLE payments"]),
            ("who payments", [*who, "payments"]),
            ("who", who),
        ):
            seconds, core, peak, printed = measured(command, folder)
            if command[0] != "grep":
                worst = max(worst, peak)
            last = printed.strip().splitlines()[-1] if printed.strip() else ""
            speed = f"{size / core:8,.0f} MB/s of a core {core:7.1f} s of {seconds:7.1f} s"
            print(f"{title:28} {speed} {peak:6.0f} MB   {last[:60]}", flush=True)
    print(f"peak {worst:.0f} MB, limit {LIMIT_MB} MB")
    return 0 if worst < LIMIT_MB else 1


if __name__ == "__main__":
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    sys.exit(main())
