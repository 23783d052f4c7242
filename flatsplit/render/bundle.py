"""Writes the change-review bundle: completely or not at all, and never over other people's files."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import tempfile
import traceback
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from jinja2 import TemplateError, TemplateSyntaxError

from flatsplit import blueprint
from flatsplit.errors import FlatsplitError, UsageError
from flatsplit.render import order
from flatsplit.render.engine import environment, of_step
from flatsplit.render.facts import BundleFacts, StepFacts
from flatsplit.render.page import page
from flatsplit.render.radius import radius_table
from flatsplit.render.script import Header, stream_sql
from flatsplit.render.snippets import application, snippets
from flatsplit.render.summary import clients

MANIFEST = "manifest.json"
_MAKER = "flatsplit runbook"
_STAGING = ".flatsplit-"
_KEY = re.compile(r"[a-z][a-z-]*")
_OURS = re.compile(r"index\.html|runbook\.md|clients\.md|[0-9]{2}-[a-z][a-z-]*(?:\.md|(?:\.rollback)?\.sql)")
FORMATS = ("md", "html", "all")


class BundleFailed(FlatsplitError):
    """The runbook cannot be written where it was asked for."""


def write_bundle(
    bundle: BundleFacts,
    directory: Path,
    format: str = "all",  # noqa: A002
    overrides: Path | None = None,
) -> tuple[Path, ...]:
    """Write or refresh the bundle; returns its files, the overview first.

    Every file is written completely before it appears. A folder with other files is used only if it already holds a
    bundle, and then only the bundle's own files are touched. Templates in ``overrides`` replace flatsplit's of the same
    name; one that cannot be rendered raises BundleFailed and leaves the old bundle as it was.
    """
    if format not in FORMATS:
        raise UsageError(f"{format!r} is no format of the runbook", f"use one of {', '.join(FORMATS)}")
    if overrides is not None and not overrides.is_dir():
        raise UsageError(f"{overrides}: no such folder of templates", "name a folder with --templates")
    try:
        return _write_all(bundle, directory, format, overrides)
    except FlatsplitError:
        raise
    except Exception as error:  # somebody else's template may raise anything
        if overrides is None and not isinstance(error, TemplateError):
            raise
        where, line = _place(error, overrides)
        raise BundleFailed(
            f"{where}{f', line {line}' if line else ''}: the template cannot be rendered ({error})",
            "correct it, or leave --templates out",
        ) from error


def _place(error: Exception, overrides: Path | None) -> tuple[str, int]:
    """The template and the line where an error occurred; line 0 where it is not known."""
    if isinstance(error, TemplateSyntaxError):
        return error.filename or error.name or "a template", error.lineno
    frames = traceback.extract_tb(error.__traceback__) if overrides is not None else []
    theirs = [frame for frame in frames if Path(frame.filename).is_relative_to(overrides or "")]
    return (
        (theirs[-1].filename, theirs[-1].lineno or 0) if theirs else (getattr(error, "name", None) or "a template", 0)
    )


def _write_all(bundle: BundleFacts, directory: Path, form: str, overrides: Path | None) -> tuple[Path, ...]:
    try:
        directory.mkdir(parents=True, exist_ok=True)
        old = _previous(directory)
        staging = Path(tempfile.mkdtemp(prefix=_STAGING, dir=directory))
        try:
            files = {name: _write(staging / name, pieces) for name, pieces in _files(bundle, form, overrides)}
            manifest = json.dumps(_manifest(bundle, files, overrides), indent=2, ensure_ascii=False) + "\n"
            _write(staging / MANIFEST, [manifest])
            # The manifest first: a partly filled folder is then recognised as a bundle by its digests
            for name in (MANIFEST, *files):
                (staging / name).replace(directory / name)
        finally:
            shutil.rmtree(staging, ignore_errors=True)
        for name in old - files.keys():
            (directory / name).unlink(missing_ok=True)
    except TemplateError:  # a missing template is an OSError as well
        raise
    except OSError as error:
        raise BundleFailed(
            f"{directory}: the runbook cannot be written ({error.strerror or error})",
            "name another folder with --out",
        ) from error
    return tuple(directory / name for name in (*files, MANIFEST))


def _previous(directory: Path) -> set[str]:
    """Files that an earlier bundle left here. Raises BundleFailed where the folder belongs to something else."""
    if not any(not entry.name.startswith(_STAGING) for entry in directory.iterdir()):
        return set()
    fix = "name an empty folder with --out, or one that holds a runbook already"
    try:
        manifest: Any = json.loads((directory / MANIFEST).read_text(encoding="utf-8"))
        ours = manifest["made_by"] == _MAKER
        names = set(manifest["files"])
    except FileNotFoundError:
        raise BundleFailed(f"{directory} is not empty and holds no runbook", fix) from None
    except (ValueError, TypeError, KeyError):
        ours, names = False, set()
    if not ours:
        raise BundleFailed(f"{directory} is not empty, and its {MANIFEST} is not of a runbook", fix)
    return {name for name in names if isinstance(name, str) and _OURS.fullmatch(name)}


def _write(path: Path, pieces: Iterable[str]) -> str:
    """Write a file from pieces; returns its digest."""
    digest = hashlib.sha256()
    with path.open("wb") as file:
        for piece in pieces:
            data = piece.encode()
            digest.update(data)
            file.write(data)
    return digest.hexdigest()


def _stem(step: StepFacts) -> str:
    if not _KEY.fullmatch(step.key) or not 0 <= step.number < 100:
        raise ValueError(f"no file name for step {step.number} {step.key!r}")
    return f"{step.number:02d}-{step.key}"


def _files(bundle: BundleFacts, form: str, overrides: Path | None) -> Iterator[tuple[str, Iterator[str]]]:
    """(name, content) of every file but the manifest."""
    stems = [_stem(step) for step in bundle.steps]
    if form != "md":
        yield "index.html", page(bundle, stems, overrides, linked=form == "all")
    env = environment(overrides)
    if form != "html":
        overview = env.get_template("runbook.md.j2")
        yield (
            "runbook.md",
            overview.generate(
                config=bundle.config,
                blueprint=blueprint.roles(bundle.config),
                target=bundle.target,
                generated_by=bundle.generated_by,
                steps=bundle.steps,
                title=bundle.title,
                about=bundle.about,
                which=bundle.steps[0].option if bundle.steps else "",
                stems=stems,
                findings=bundle.findings,
                checks=bundle.checks,
                clients=clients(bundle.sessions),
                ages=bundle.report.ages,
                radius=radius_table(bundle.exposure, bundle.config.legacy_role),
            ),
        )
        yield (
            "clients.md",
            env.get_template("clients.md.j2").generate(
                config=bundle.config,
                place=bundle.report.place,
                application=application(bundle.config),
                snippets=snippets(bundle, overrides),
            ),
        )
    sheet = env.get_template("step.md.j2")
    for step, stem, (forward, back) in zip(bundle.steps, stems, order.turns(bundle.steps, stems), strict=True):
        header = replace(_header(bundle, step, stem, overrides), forward=forward, back=back)
        if form != "html":
            yield (
                f"{stem}.md",
                sheet.generate(
                    step=step,
                    stem=stem,
                    config=bundle.config,
                    target=bundle.target,
                    own=of_step(step.kind, step.key, "md", overrides),
                ),
            )
        yield (
            f"{stem}.sql",
            stream_sql(step.key, step.plan.statements, header=header, catch_up=step.plan.catch_up),
        )
        yield (
            f"{stem}.rollback.sql",
            stream_sql(step.key, step.rollback, header=header, direction="rollback"),
        )


def _header(bundle: BundleFacts, step: StepFacts, stem: str, overrides: Path | None) -> Header:
    return Header(
        target=bundle.target,
        generated_by=bundle.generated_by,
        lock_timeout=bundle.config.locks.lock_timeout,
        legacy_role=bundle.config.legacy_role,
        roles=bundle.config.roles,
        retire=bundle.config.retire,
        kind=step.kind,
        title=step.title,
        purpose=step.purpose,
        digest=step.plan.digest,
        file=stem,
        point_of_no_return=step.point_of_no_return,
        overrides=overrides,
    )


def _manifest(bundle: BundleFacts, files: dict[str, str], overrides: Path | None) -> dict[str, Any]:
    target, at = bundle.target, bundle.report.at
    carried = {key: past.digest for key, past in bundle.report.past.items() if past.finished_at}
    return {
        "made_by": _MAKER,
        "layout": 1,
        "generated_by": bundle.generated_by,
        "made_at": at.isoformat(timespec="seconds") if at else None,
        "templates": _names(overrides) if overrides else [],
        "cutover": bundle.config.name,
        "target": {
            "system_identifier": target.system_identifier,
            "database": target.database,
            "database_oid": target.database_oid,
            "server_version": target.version,
            "legacy_role": bundle.config.legacy_role,
            "operator": target.operator,
        },
        "steps": [
            {
                "number": step.number,
                "key": step.key,
                "state": step.state,
                "digest": step.plan.digest,
                "statements": len(step.plan.actions),
                "rollback_statements": len(step.rollback),
                "point_of_no_return": step.point_of_no_return,
                "approved": [
                    {"by": one.by, "ticket": one.ticket, "at": one.at.isoformat(timespec="seconds")}
                    for one in bundle.report.approvals
                    if one.step == step.key and one.digest in (step.plan.digest, carried.get(step.key))
                ],
            }
            for step in bundle.steps
        ],
        "files": files,
    }


def _names(overrides: Path) -> list[str]:
    return sorted(path.relative_to(overrides).as_posix() for path in overrides.rglob("*") if path.is_file())
