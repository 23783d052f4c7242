"""The Jinja environments for all templates: one for text, and one that escapes everything for HTML."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined, TemplateNotFound
from markupsafe import Markup, escape

from flatsplit.config import format_duration
from flatsplit.ddl import literal
from flatsplit.render import quoting, summary, text
from flatsplit.resources import templates
from flatsplit.words import about

_PROSE_CODE = re.compile(r"`([^`\n]+)`")


@cache
def environment(overrides: Path | None = None) -> Environment:
    """The environment for text, in which an undefined name is an error. SQL and Markdown have filters of their own.

    Templates in ``overrides`` replace flatsplit's of the same name.
    """
    env = _make(overrides, autoescape=False)
    env.filters.update(
        blocks_readers=summary.blocks_readers,
        code=text.code,
        comment=text.comment,
        excerpt=text.excerpt,
        fenced=text.fenced,
        literal=literal,
        md=text.md,
        wrapped=text.wrap,
    )
    env.filters.update(quoting.FILTERS)
    return env


@cache
def html_environment(overrides: Path | None = None) -> Environment:
    """The environment for HTML: all output is escaped, and on one line with every character visible."""
    env = _make(overrides, autoescape=True, finalize=_seen)
    env.filters.update(block=block, excerpt=text.excerpt, literal=literal, prose=prose)
    return env


def of_step(kind: str, key: str, form: str, overrides: Path | None = None) -> Any:
    """Macros with what the pages say of this step alone, in ``md``, ``html`` or ``sql``; most are empty."""
    env = html_environment(overrides) if form == "html" else environment(overrides)
    try:
        return env.get_template(f"steps/{kind}/{key}.{form}.j2").module
    except TemplateNotFound:
        return env.from_string("").module


def _make(overrides: Path | None, **more: Any) -> Environment:
    folders = [templates()] if overrides is None else [overrides, templates()]
    env = Environment(
        loader=FileSystemLoader(folders, encoding="utf-8"),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        **more,
    )
    env.filters.update(
        about=about,
        duration=format_duration,
        first_line=lambda value: value.partition("\n")[0],
        flat=text.flat,
        further_lines=lambda value: value.partition("\n")[2],
        groups=summary.groups,
        milliseconds=milliseconds,
        moment=moment,
        number=lambda value: f"{value:,}",
        picked=summary.picked,
        server=server,
        shorten=text.shorten,
        strongest_lock=summary.strongest_lock,
        terminated=terminated,
    )
    return env


def _seen(value: object) -> object:
    """The value with visible escapes for line ends, control characters and direction marks, which names can contain."""
    return text.visible(value) if type(value) is str else value


def block(value: str) -> Markup:
    """Text of several lines for <pre>, with every character visible."""
    return Markup("\n").join(escape(text.visible(line.replace("\t", "    "))) for line in value.split("\n"))


def prose(value: str) -> Markup:
    """A text of flatsplit's in which backticks mark what is typed."""
    parts = _PROSE_CODE.split(text.visible(value))
    made = [Markup("<code>{}</code>").format(part) if place % 2 else escape(part) for place, part in enumerate(parts)]
    return Markup("").join(made)


def milliseconds(value: timedelta) -> str:
    """A duration as PostgreSQL reads it."""
    return f"{max(1, round(value / timedelta(milliseconds=1)))}ms"


def moment(value: datetime | None) -> str:
    """A time for people; flatsplit's sessions use UTC."""
    return f"{value:%Y-%m-%d %H:%M} UTC" if value is not None else ""


def server(version: int) -> str:
    """``16.4`` for 160004."""
    return f"{version // 10000}.{version % 10000}"


def terminated(statement: str) -> str:
    """The statement with the semicolon that psql needs."""
    body = statement.rstrip()
    return body if body.endswith(";") else body + ";"
