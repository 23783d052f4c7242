"""Helpers that tests of several kinds share. None of them uses flatsplit's own catalog reader."""
