"""One application's worker under a role of its own, which is learned while it works: enough, and no more."""

from __future__ import annotations

import json
import time
from pathlib import Path

from tests.live.apps import App
from tests.live.play import Program, opened, say
from tests.live.stage import DATABASE, Stage
from tests.live.truth import attempt, refusals
from tests.support.walk import toml

ROLE = "app_jobs"
WALK = ("--walk", f"role:{ROLE}")
_ON = {"usage": "sequence ", "execute": "routine "}
"""What REVOKE wants to hear before a name; nothing for what is like a table."""
UNMISSED = 180.0
"""Seconds of work in which a privilege is used if it ever is: workers have rounds of 10 and 30 seconds, and a busy
machine makes them longer.
"""


def learn(app: App, seconds: float, environments: Path) -> list[str]:
    """What is wrong with the list that was learned; [] where nothing is."""
    with opened(app, environments) as (stage, program):
        stage.passwords[ROLE] = f"live-{ROLE}"
        program.run("new", stage.legacy, "install")
        with stage.connect(stage.legacy) as connection:
            connection.execute("CREATE TABLE secrets (token text)")
        stage.survey()
        known = 'sequences = "listed"\n' if app.sequences else ""
        _declare(stage, f'[role.{ROLE}]\nlike = "app_user"\nlearn = "0s"\n{known}')
        stage.next("--through", "enable-login")  # it rides along, up to where people let its program in
        at_work = program.start("new", ROLE, "work", str(seconds))
        stage.wait_for(ROLE)
        with stage.connect(ROLE):  # on a busy machine its time of work may be over before somebody looks
            stage.next("--through", "switch-connections", *WALK)
        say(f"at work as {ROLE}, over the bridge: {program.finish(at_work, seconds)}")
        stage.flatsplit("observe")
        learned = json.loads(stage.flatsplit("learn", ROLE, "--json"))
        grants: dict[str, list[str]] = learned["grants"]
        lines = [(line["privilege"], line["name"]) for line in learned["lines"]]
        lines += [one for name in app.sequences if (one := ("usage", name)) not in lines]
        if usage := [name for privilege, name in lines if privilege == "usage"]:
            grants["usage"] = usage
        _declare(stage, f"[grants.{ROLE}]\n" + "".join(f"{key} = {toml(names)}\n" for key, names in grants.items()))
        stage.next("--through", "grant", *WALK)
        doubts = _doubts(stage)
        for line in doubts:
            say(f"not known before: {line}")
        stage.next("--through", "narrow", *WALK, *(("--waive", "rehearsed", "--reason", "looked at") if doubts else ()))
        stage.next("--through", "verify", *WALK)
        return [*_enough(stage, program, seconds), *_no_more(stage, program, lines)]


def _declare(stage: Stage, section: str) -> None:
    path = stage.folder / "flatsplit.toml"
    path.write_text(f"{path.read_text()}\n{section}")


def _doubts(stage: Stage) -> list[str]:
    """What a rehearsal cannot say of the list alone; SystemExit where it says that something will be refused."""
    found = stage.rehearse("--as", ROLE)
    wrong = [one for one in found["statements"] if one["verdict"] not in ("allowed", "silent", "unknown")]
    if wrong:
        raise SystemExit(f"the list that was learned is too short: {wrong[0]['reason']}: {wrong[0]['query'][:300]}")
    doubts = [one for one in found["statements"] if one["verdict"] != "allowed"]
    return [f"{one['verdict']}: {' '.join(one['query'].split())[:120]!r}: {one['reason']}" for one in doubts]


def _refused(stage: Stage) -> list[str]:
    found = refusals(stage.cluster.data / "log" / "all.csv", DATABASE)
    return [f"{one.message}: {one.query[:200]}" for one in found if one.role == ROLE]


def _enough(stage: Stage, program: Program, seconds: float) -> list[str]:
    before = _refused(stage)  # what it may not do as app_user either
    say(f"at work as {ROLE}, with its own list: {program.work('new', ROLE, seconds)}")
    found = [f"refused with its own list: {one}" for one in _refused(stage)[len(before) :] if one not in before]
    with stage.connect(ROLE) as connection:
        if attempt(connection, "SELECT * FROM secrets") != "42501":
            found.append("it reads the secrets")
    return found


def _no_more(stage: Stage, program: Program, lines: list[tuple[str, str]]) -> list[str]:
    """Each privilege taken away in turn: something is refused then that was not with all of them. The worker works
    until that is in the log.
    """
    found = []
    slowest = 0.0
    usual = set(_refused(stage))
    with stage.admin() as admin:
        for privilege, name in lines:
            what = f"{privilege} ON {_ON.get(privilege, '')}{name}"
            before = len(_refused(stage))
            admin.execute(f"REVOKE {what} FROM {ROLE}".encode())
            began = time.monotonic()
            if not _missed(stage, program, usual, before):
                found.append(f"in {UNMISSED:.0f} seconds nobody missed {what}")
            slowest = max(slowest, time.monotonic() - began)
            admin.execute(f"GRANT {what} TO {ROLE}".encode())
    done = len(lines) - len(found)
    say(f"{len(lines)} privileges taken away in turn: {done} were missed, at the latest after {slowest:.0f}s")
    return found


def _missed(stage: Stage, program: Program, usual: set[str], before: int) -> bool:
    """Whether the worker is refused what was not usual, after so many refusals; one that has ended begins anew."""
    process = None
    end = time.monotonic() + UNMISSED
    try:
        while usual.issuperset(_refused(stage)[before:]):
            if time.monotonic() > end:
                return False
            if process is None or process.poll() is not None:
                process = program.start("new", ROLE, "work", str(UNMISSED), silent=True)
            time.sleep(0.2)
        return True
    finally:
        if process is not None:
            process.kill()
            process.wait()
        stage.wait_until_gone(ROLE)
