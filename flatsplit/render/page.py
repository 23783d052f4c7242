"""index.html: everything on one page that needs no other file."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta
from pathlib import Path

from flatsplit import blueprint
from flatsplit.model import GateResult
from flatsplit.render.communication_plan import moves
from flatsplit.render.engine import environment, html_environment, of_step
from flatsplit.render.facts import BundleFacts, StepFacts
from flatsplit.render.heat import headlines, heat
from flatsplit.render.picture import pictures
from flatsplit.render.snippets import application, snippets

LEAST = 3.0
"""The least number of seconds for a step: a process starts and reads the catalog twice."""


def page(bundle: BundleFacts, stems: Sequence[str], overrides: Path | None, *, linked: bool) -> Iterator[str]:
    """The page in pieces. ``linked``: the Markdown files are beside it, not only the SQL."""
    config, report = bundle.config, bundle.report
    user = application(config)
    open_steps = [step for step in bundle.steps if step.state != "done"]
    durations = {step.key: expected(bundle, step) for step in bundle.steps}
    stream = (
        html_environment(overrides)
        .get_template("index.html.j2")
        .stream(
            config=config,
            roles=config.roles,
            blueprint=blueprint.roles(config),
            target=bundle.target,
            generated_by=bundle.generated_by,
            report=report,
            steps=list(zip(bundle.steps, stems, strict=True)),
            title=bundle.title,
            about=bundle.about,
            which=bundle.steps[0].option if bundle.steps else "",
            next_key=open_steps[0].key if open_steps else "",
            findings=bundle.findings,
            checks=bundle.checks,
            heat=heat(bundle.exposure, bundle.first, config.legacy_role),
            headlines=headlines(bundle.exposure, bundle.first, config.legacy_role, user),
            panels=pictures(bundle.exposure, bundle.first, config),
            moves=moves(report.clients, bundle.sessions, config),
            snippets=snippets(bundle, overrides),
            proofs={step.key: _proof(bundle, step, overrides) for step in bundle.steps},
            aborts={step.key: _abort(step, overrides) for step in bundle.steps},
            coming=open_steps[0] if open_steps else None,
            left=sum(len(step.plan.actions) for step in open_steps),
            takes=sum((durations[step.key] for step in open_steps), timedelta()),
            rest=_rest(open_steps),
            expected=durations,
            back={step.key: _seconds(bundle, sum(len(one.changes) for one in step.rollback)) for step in bundle.steps},
            approvals={step.key: [one for one in report.approvals if one.step == step.key] for step in bundle.steps},
            past=report.past,
            waivers=waivers(bundle.steps),
            own={step.key: of_step(step.kind, step.key, "html", overrides) for step in bundle.steps},
            linked=linked,
            application=user,
        )
    )
    stream.enable_buffering(200)
    return iter(stream)


def waivers(steps: Sequence[StepFacts]) -> list[tuple[StepFacts, GateResult]]:
    """Gates that were waived."""
    return [(step, gate) for step in steps for gate in step.gates if gate.waived]


def expected(bundle: BundleFacts, step: StepFacts) -> timedelta:
    """How long the step's statements should take where no locks are in the way."""
    return _seconds(bundle, sum(len(one.changes) or 1 for one in step.plan.actions))


def _rest(steps: Sequence[StepFacts]) -> timedelta:
    """The waiting times between these steps."""
    return sum((step.rests for step in steps if step.rests is not None), timedelta())


def _seconds(bundle: BundleFacts, facts: int) -> timedelta:
    return timedelta(seconds=max(LEAST, facts / max(bundle.report.rate.facts, 1.0)) if facts else 0)


def _proof(bundle: BundleFacts, step: StepFacts, overrides: Path | None) -> str:
    """The query that shows that the step worked; its names are quoted for SQL, not for HTML."""
    own = of_step(step.kind, step.key, "md", overrides)
    return str(own.proof(bundle.config)).strip() if hasattr(own, "proof") else ""


def _abort(step: StepFacts, overrides: Path | None) -> list[str]:
    """When to stop, as lines."""
    macros = environment(overrides).get_template("_steps.md.j2").module
    text: str = macros.abort(step)  # type: ignore[attr-defined]  # a macro of the template
    return [line.removeprefix("- ") for line in text.strip().splitlines()]
