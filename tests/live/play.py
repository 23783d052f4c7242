"""One application through one cutover."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from flatsplit.rehearsal.grammar import fingerprint
from tests.live.apps import App
from tests.live.environments import environment
from tests.live.stage import DATABASE, Stage, make_cluster
from tests.live.truth import INSUFFICIENT_PRIVILEGE, attempt, by_fingerprint, refusals, succeeded

PATIENCE = 120
"""Seconds that a program may take beyond its time of work."""

REFUSED = ("denied", "migrator")


@dataclass
class Figures:
    """What a run showed."""

    app: str
    releases: str
    summary: Mapping[str, int] = field(default_factory=dict)
    seen_again: int = 0
    """Statements called allowed that app_user ran with success."""
    refused: int = 0
    """Distinct statements that app_user was refused."""
    tried: int = 0
    """Statements called denied or the migrator's that were then tried as app_user."""
    disagreements: list[str] = field(default_factory=list)
    migration: str = ""


class Program:
    """Runs an application's workload as a role."""

    def __init__(self, app: App, stage: Stage, old: Path, new: Path) -> None:
        self.app, self.stage, self.pythons = app, stage, {"old": old, "new": new}

    def start(self, release: str, role: str, *arguments: str, silent: bool = False) -> subprocess.Popen[str]:
        """The program at work; ``silent``: nobody is going to read what it prints."""
        command = [str(self.pythons[release]), str(self.app.workload), *arguments]
        return subprocess.Popen(
            command,
            env=self.stage.environment(role),
            cwd=self.stage.folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL if silent else subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def finish(self, process: subprocess.Popen[str], seconds: float = 0) -> str:
        """The last line that it printed; SystemExit where it failed."""
        try:
            said, _ = process.communicate(timeout=seconds + PATIENCE)
        except subprocess.TimeoutExpired:
            process.kill()
            said, _ = process.communicate()
            raise SystemExit(f"{self.app.name} does not end:\n{said[-3000:]}") from None
        if process.returncode:
            raise SystemExit(f"{self.app.name}: exit code {process.returncode}\n{said[-4000:]}")
        return (said.strip().splitlines() or [""])[-1]

    def run(self, release: str, role: str, *arguments: str, seconds: float = 0) -> str:
        return self.finish(self.start(release, role, *arguments), seconds)

    def work(self, release: str, role: str, seconds: float) -> str:
        return self.run(release, role, "work", str(seconds), seconds=seconds)


def say(text: str) -> None:
    print(f"  {text}", file=sys.stderr, flush=True)


@contextmanager
def opened(app: App, environments: Path) -> Iterator[tuple[Stage, Program]]:
    old = environment(environments, app.name, app.old)
    new = environment(environments, app.name, app.new)
    cluster = make_cluster()
    with cluster, tempfile.TemporaryDirectory() as folder:
        stage = Stage(cluster, Path(folder))
        stage.prepare()
        yield stage, Program(app, stage, old, new)


def play(app: App, seconds: float, environments: Path) -> Figures:
    """From the application's first table to its next migration."""
    figures = Figures(app.name, f"{app.old.label} → {app.new.label}")
    with opened(app, environments) as (stage, program):
        say(f"PostgreSQL {stage.cluster.config.binaries.version}; {app.old.label} makes its schema as legacy")
        program.run("old", stage.legacy, "install")
        say(f"at work as legacy: {program.work('old', stage.legacy, seconds)}")
        stage.survey()
        before = verdicts(stage.rehearse())
        stage.next("--through", "enable-login")
        rehearsed = stage.rehearse()
        figures.summary = rehearsed["summary"]
        known = verdicts(rehearsed)
        for key in before.keys() & known.keys():
            if before[key] != known[key]:
                figures.disagreements.append(f"before the roles {before[key]}, after {known[key]}: {key}")
        say(f"rehearsed: {figures.summary}")
        for each in rehearsed["statements"]:
            if each["verdict"] in ("denied", "silent", "unknown"):
                say(f"{each['verdict']}: {' '.join(each['query'].split())[:150]!r}: {each['reason']}")
        say(f"at work as app_user, legacy retired meanwhile: {_cut_over(stage, program, seconds)}")
        _compare(stage, rehearsed, figures)
        figures.migration = program.run("new", "app_migrator", "migrate", seconds=PATIENCE)
        say(f"{app.new.label} migrated as app_migrator: {figures.migration}")
        say(f"{app.new.label} at work as app_user: {program.work('new', 'app_user', seconds)}")
        _after_migration(stage, known, figures)
        stage.flatsplit("verify")
    return figures


def _cut_over(stage: Stage, program: Program, seconds: float) -> str:
    """The application works as app_user while the rest of the cutover happens."""
    process = program.start("old", "app_user", "work", str(seconds))
    try:
        with stage.connect("app_migrator"), stage.connect("app_user"):
            waivers = ["--waive", "rehearsed", "--reason", "to see whether it is true"]
            stage.next("--through", "switch-connections", *waivers)
        stage.next("--through", "revoke-legacy")
    except BaseException:
        process.kill()
        raise
    return program.finish(process, seconds)


def verdicts(rehearsed: Mapping[str, Any]) -> dict[str, set[str]]:
    """What was said, by fingerprint."""
    found: dict[str, set[str]] = {}
    for each in rehearsed["statements"]:
        found.setdefault(fingerprint(each["query"]) or each["query"], set()).add(each["verdict"])
    return found


def _compare(stage: Stage, rehearsed: Mapping[str, Any], figures: Figures) -> None:
    """What was said beside what happened."""
    known = verdicts(rehearsed)
    with stage.admin() as admin:
        ran = succeeded(admin, "app_user")
    refused = _refused(stage)
    figures.seen_again = sum("allowed" in known.get(key, ()) for key in ran)
    figures.refused = len(refused)
    for key, query in refused.items():
        if known.get(key) == {"allowed"}:
            figures.disagreements.append(f"called allowed, refused: {query}")
        elif key not in known:
            say(f"refused, never rehearsed: {query[:200]}")
    for key, query in ran.items():
        if known.get(key, set()) and known[key] <= set(REFUSED):
            figures.disagreements.append(f"called {known[key]}, worked: {query}")
    otherwise: Counter[str] = Counter()  # what it is about is not there any more, mostly
    with stage.connect("app_user") as connection:
        for each in rehearsed["statements"]:
            # Parameters have no values here, and what SET ROLE and the like do is not undone by a rollback alone
            if each["verdict"] in REFUSED and "$1" not in each["query"]:
                figures.tried += 1
                state = attempt(connection, each["query"])
                if state == "":
                    figures.disagreements.append(f"called {each['verdict']}, works: {each['query']}")
                elif state != INSUFFICIENT_PRIVILEGE:
                    otherwise[state] += 1
    say(f"{figures.tried} of the refused tried as app_user; failed for another reason: {dict(otherwise) or 'none'}")


def _refused(stage: Stage) -> dict[str, str]:
    log = stage.cluster.data / "log" / "all.csv"
    return by_fingerprint(one.query for one in refusals(log, DATABASE) if one.role == "app_user")


def _after_migration(stage: Stage, known: Mapping[str, set[str]], figures: Figures) -> None:
    """Refusals of app_migrator, and of app_user by what the newer release brought."""
    log = stage.cluster.data / "log" / "all.csv"
    for one in refusals(log, DATABASE):
        if one.role == "app_migrator":
            figures.disagreements.append(f"app_migrator was refused: {one.message}: {one.query}")
    for key, query in _refused(stage).items():
        if known.get(key) == {"allowed"}:
            figures.disagreements.append(f"called allowed, refused after the migration: {query}")
