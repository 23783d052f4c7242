"""The kinds of walk. A kind is a list of steps; a step is a pure function from State to State, with its texts.

The files here are for all kinds; each package is one kind.
"""
