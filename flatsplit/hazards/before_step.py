"""Which findings belong to a step."""

from __future__ import annotations

from flatsplit.model import Finding


def notes_of(findings: tuple[Finding, ...], step: str) -> tuple[Finding, ...]:
    """The findings that have to be read before this step."""
    return tuple(finding for finding in findings if finding.step in ("", step))
