"""Tries statements with EXPLAIN; where the server cannot plan one, with other texts that mean the same."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from flatsplit.rehearsal import retype
from flatsplit.rehearsal.grammar import Parsed
from flatsplit.rehearsal.stage import DENIED, LOCKED, ServerAnswer, Stage
from flatsplit.rehearsal.values import Heard, Need, Problem, Verdict


@dataclass
class Case:
    """One statement on its way to a verdict."""

    heard: Heard
    parsed: Parsed | None = None
    problems: list[Problem] = field(default_factory=list)
    planned: Parsed | None = None
    """The part of it that has a plan."""
    trial: ServerAnswer | None = None
    verdict: Verdict | None = None
    needs: tuple[Need, ...] = ()
    unlisted: str = ""
    """What it needs besides, as in :class:`flatsplit.rehearsal.needs.StatementNeeds`."""


def all_of(parts: Sequence[Case], stage_: Stage, progress: Callable[[int], None]) -> None:
    """Try each of them. All have a plan. Once more where a lock was in the way."""
    trials = stage_.try_all([part.planned.text for part in parts if part.planned], progress)
    for part, trial in zip(parts, trials, strict=True):
        part.trial = trial
    _retype([part for part in parts if part.trial and part.trial.state in retype.WORTHWHILE], stage_)
    locked = [part for part in parts if part.trial and part.trial.state == LOCKED]
    again = stage_.try_all([part.planned.text for part in locked if part.planned], lambda _: None)
    for part, trial in zip(locked, again, strict=True):
        part.trial = trial


def _retype(parts: Iterable[Case], stage_: Stage) -> None:
    """Try other texts for those that could not be planned, in rounds, so that each round is a few transactions."""
    waiting = [(part, retype.texts(part.planned)) for part in parts if part.planned]
    while waiting:
        round_: list[tuple[Case, str]] = []
        rest = []
        for part, texts in waiting:
            text = next(texts, None)
            if text is not None:
                round_.append((part, text))
                rest.append((part, texts))
        trials = stage_.try_all([line for _, line in round_], lambda _: None)
        for (part, _), trial in zip(round_, trials, strict=True):
            if trial.passed or trial.state == DENIED:
                part.trial = trial
        waiting = [(part, texts) for part, texts in rest if part.trial and part.trial.state in retype.WORTHWHILE]
