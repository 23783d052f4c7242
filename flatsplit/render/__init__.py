"""Statements laid out for people and for psql: the runbook, the step scripts and their rollback scripts.

Nothing is decided here. What a script says is what the executor would run, in the same words.
"""

from flatsplit.render.bundle import write_bundle
from flatsplit.render.hazards import render_findings, render_hazards
from flatsplit.render.script import Header, render_sql, stream_sql

__all__ = ["Header", "render_findings", "render_hazards", "render_sql", "stream_sql", "write_bundle"]
