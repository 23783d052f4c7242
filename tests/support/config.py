"""The smallest valid configuration, as a value and as the text of flatsplit.toml."""

from __future__ import annotations

from flatsplit.config import Config

SHOP = Config("shop", "shop", ("public",))

LEAST = """
[cutover]
name = "shop"
legacy_role = "shop"
schemas = ["public"]
"""
