"""The picture of the house in CONTRIBUTING.md, drawn from the contract that import-linter holds."""

from __future__ import annotations

import ast
import re
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "CONTRIBUTING.md"
_BEGIN, _END = "<!-- the house: drawn from pyproject.toml -->\n", "<!-- end of the house -->\n"


def layers() -> list[list[str]]:
    """The rooms of each floor, the top one first; what stands beside each other is on one floor."""
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    flow = next(contract for contract in contracts if contract["type"] == "layers")
    return [re.findall(r"\w+", floor) for floor in flow["layers"]]


def says(room: str) -> str:
    """The first sentence of the room's own docstring."""
    place = ROOT / "flatsplit" / room
    path = place / "__init__.py" if place.is_dir() else place.with_suffix(".py")
    doc = ast.get_docstring(ast.parse(path.read_text())) or ""
    sentence = re.match(r".*?[.:;](?=\s|$)", " ".join(doc.split()))
    return (sentence.group() if sentence else doc).rstrip(".:;")


def drawn() -> str:
    """The picture as Mermaid, and what each room is for."""
    floors = layers()
    lines = ["```mermaid", "flowchart TD"]
    for place, rooms in enumerate(floors):
        name = " · ".join(room.strip("_") for room in rooms)
        lines.append(f'  f{place}["{name}"]')
        if place:
            lines.append(f"  f{place - 1} --> f{place}")
    lines += ["```", "", "| room | what it is for |", "|---|---|"]
    for room in (room for rooms in floors for room in rooms):
        path = room if (ROOT / "flatsplit" / room).is_dir() else f"{room}.py"
        lines.append(f"| `flatsplit/{path}` | {says(room)} |")
    return "\n".join(lines) + "\n"


def with_picture(page: str) -> str:
    """The page with the picture as the contract has it today."""
    before, rest = page.split(_BEGIN)
    return f"{before}{_BEGIN}{drawn()}{_END}{rest.split(_END)[1]}"
