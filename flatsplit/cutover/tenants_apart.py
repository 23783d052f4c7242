"""Whether tenants are still kept apart, by the catalog, since ``tenant-proof`` ended: rights that somebody granted, a
view, a membership.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from flatsplit import ddl
from flatsplit.config import format_name
from flatsplit.cutover.broken_promises import Broken
from flatsplit.cutover.entering_tables import kept_out, not_covered
from flatsplit.cutover.situation import Situation
from flatsplit.errors import FlatsplitError
from flatsplit.evidence.isolation import EVENT, Facts, read_facts
from flatsplit.evidence.isolation.closure import breaches
from flatsplit.evidence.isolation.holes import open_ways
from flatsplit.evidence.isolation.values import Breach
from flatsplit.tenants import Survey
from flatsplit.walks import tenants
from flatsplit.walks.tenants.context import Context
from flatsplit.words import count, listed

if TYPE_CHECKING:
    from flatsplit.cutover.walk import Walk

_SURVEY = "flatsplit tenants --survey says what to write under [tenants.tables]"
_PROVE = "flatsplit tenants --prove --rows tries it as the tenants"


class Ways(NamedTuple):
    """What the catalog says now of how tenants are kept apart."""

    found: tuple[Broken, ...] = ()
    """What is wrong, and ways around the policies."""
    untold: tuple[Broken, ...] = ()
    """Why it cannot be told for the moment; empty where it can."""


def no_longer_apart(walk: Walk, situation: Situation) -> Ways:
    """What is wrong in the catalog, but for what the proof already had with which ``tenant-proof`` was taken; and ways
    around the policies that the last proof on record did not name. Nobody acts as a tenant for it.

    Before ``tenant-proof`` is done, and where there is no proof at all, only tables whose kind nobody has said.
    """
    record = next((record for record in walk.kept if record.walk.kind == tenants.NAME), None)
    if record is None or record.walk not in {situation.name, *(link.name for link in situation.others)}:
        return Ways()
    there = situation.turned(record.walk)
    waived = {event.details.get("gate") for event in walk.journal.of(record).events("waived")}
    unsaid = () if "surveyed" in waived else tuple(_without_kind(there))
    closed = kept_out(there) if "covered" in waived else not_covered(there)
    unsaid += tuple(Broken(one.what, one.fix) for one in closed)
    step = there.records.get(tenants.TENANT_PROOF)
    if step is None or step.state != "done" or step.finished_at is None:
        return Ways(unsaid)
    proofs = walk.journal.of(record).events(EVENT)
    if not proofs:
        return Ways(unsaid)
    taken: Mapping[str, Any] = next((proof.details for proof in reversed(proofs) if proof.at <= step.finished_at), {})
    context: object = there.context
    assert isinstance(context, Context)
    survey = context.survey
    schemas = {*walk.config.schemas, survey.tenants.schema}
    try:
        facts = read_facts(walk.session.driver, survey.tenants.group, context.live.tenants, schemas, acts=False)
    except FlatsplitError as error:
        return Ways(
            unsaid, untold=(Broken(f"it cannot be told whether tenants are kept apart: {error.what}", error.fix),)
        )
    # A proof of before breaches were kept by name: those that it had are told again
    return Ways((*unsaid, *_news(facts, survey, taken.get("breached", []), proofs[-1].details["open_holes"])))


def unread(situation: Situation) -> Iterator[Broken]:
    """That it cannot be told which tenants have no role yet, where tenants have roles."""
    links = (situation.name, *(link.name for link in situation.others))
    for name in (name for name in links if name.kind == tenants.NAME):
        there = situation.turned(name)
        context: object = there.context
        step = there.records.get(tenants.TENANT_ROLES)
        if step is None or step.state != "done" or not isinstance(context, Context) or context.survey.unread is None:
            continue
        yield Broken(
            f"it cannot be told which tenants have no role yet: {ddl.label(context.survey.unread)} cannot be read here",
            "flatsplit tenants --sync looks as its owner",
        )


def _without_kind(there: Situation) -> Iterator[Broken]:
    """What ``tenant-mapping`` found in order and is not any more: what is said of tables and columns that have other
    names now, and tables of which nobody has said what they are to a tenant, such as new ones.
    """
    step = there.records.get(tenants.TENANT_MAPPING)
    context: object = there.context
    if step is None or step.state != "done" or not isinstance(context, Context):
        return
    if wrong := context.survey.wrong:
        more = f" (and {len(wrong) - 1} more)" if len(wrong) > 1 else ""
        yield Broken(f"[tenants] says what the tables do not bear out: {wrong[0]}{more}", _SURVEY)
    if unsaid := [format_name(one.ref.schema, one.ref.name) for one in context.survey.undecided]:
        said = f"of {count(len(unsaid), 'table')} nothing says what they are to a tenant: {listed(unsaid)}"
        yield Broken(said, _SURVEY)


def _news(facts: Facts, survey: Survey, breached: list[list[str]], holes: list[str]) -> Iterator[Broken]:
    yield from _told([one for one in breaches(facts, survey) if [one.key, one.subject] not in breached])
    for hole in open_ways(facts, survey):
        if hole.subject not in holes:
            yield Broken(hole.what, hole.fix or f"close it; then {_PROVE}")


def _told(found: Sequence[Breach]) -> Iterator[Broken]:
    """A line for each, but one for all policies that are missing: a table without them has eight. That roles are
    nobody's by the mapping is not told where there is no mapping.
    """
    missing = [one for one in found if one.key in ("no-permissive", "no-restrictive")]
    tables = len({one.subject for one in missing})
    more = f"; of {count(tables, 'table')} {len(missing)} such policies are missing" if missing[1:] else ""
    unmapped = any(one.key == "no-mapping" for one in found)
    for one in found:
        if one in missing[1:] or (unmapped and one.key == "no-tenant"):
            continue
        yield Broken(f"{one.what}{more if one in missing else ''}", one.fix or _PROVE)
