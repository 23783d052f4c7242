"""Pastes what doctor proposes into flatsplit.toml, as a person does."""

from __future__ import annotations

import re


def pasted(text: str, block: str) -> str:
    """The file with this block at its end; sections that both have are taken out first, as the words above it say."""
    headings = {line for line in block.split("\n") if line.startswith("[")}
    parts = re.split(r"^(?=\[)", text, flags=re.MULTILINE)
    kept = [part for part in parts if re.split(r" +#", part.split("\n", 1)[0])[0] not in headings]
    return "\n".join([*map(str.rstrip, kept), block, ""])
