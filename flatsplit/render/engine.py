"""The Jinja environment that all templates share."""

from __future__ import annotations

from datetime import timedelta
from functools import cache

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from flatsplit.config import format_duration
from flatsplit.ddl import literal
from flatsplit.render import summary, text
from flatsplit.resources import templates


@cache
def environment() -> Environment:
    """Strict about names, silent about nothing. SQL and Markdown have filters of their own, not HTML escapes."""
    env = Environment(
        loader=FileSystemLoader(templates(), encoding="utf-8"),
        undefined=StrictUndefined,
        autoescape=False,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    env.filters.update(
        blocks_readers=summary.blocks_readers,
        code=text.code,
        comment=text.comment,
        duration=format_duration,
        excerpt=text.excerpt,
        fenced=text.fenced,
        groups=summary.groups,
        literal=literal,
        md=text.md,
        milliseconds=milliseconds,
        server=server,
        shorten=text.shorten,
        strongest_lock=summary.strongest_lock,
        terminated=terminated,
        wrapped=text.wrap,
    )
    return env


def milliseconds(value: timedelta) -> str:
    """A duration as PostgreSQL reads it."""
    return f"{max(1, round(value / timedelta(milliseconds=1)))}ms"


def server(version: int) -> str:
    """``16.4`` for 160004."""
    return f"{version // 10000}.{version % 10000}"


def terminated(statement: str) -> str:
    """With the semicolon that psql needs."""
    body = statement.rstrip()
    return body if body.endswith(";") else body + ";"
