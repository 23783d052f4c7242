"""Bundles made by hand, and the files they are rendered to."""
