"""The command line. Starting it imports click and nothing else: commands load what they need when they run."""

from flatsplit.cli.group import main

__all__ = ["main"]
