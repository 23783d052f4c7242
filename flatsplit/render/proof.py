"""The document of a proof that tenants are kept apart: Markdown, or a single HTML page."""

from __future__ import annotations

from pathlib import Path

from flatsplit import __version__
from flatsplit.evidence.isolation import Proof
from flatsplit.render.engine import environment, html_environment


def write_proof(proof: Proof, path: Path) -> None:
    """Write it in the format of the file's name."""
    path.write_text(render_proof(proof, html=path.suffix == ".html"), encoding="utf-8")


def render_proof(proof: Proof, *, html: bool = False) -> str:
    """Its text."""
    env, name = (html_environment(), "proof.html.j2") if html else (environment(), "proof.md.j2")
    return env.get_template(name).render(proof=proof, generated_by=f"flatsplit {__version__}")
