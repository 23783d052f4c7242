"""The command line. Starting it imports only click: commands import what they need when they run."""

from flatsplit.cli.group import main

__all__ = ["main"]
