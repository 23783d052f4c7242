"""The kinds of walk: each is a list of steps, and each step a pure function from State to State with all that is said
of it.

What kinds have in common lies here, what one of them is about in a package of its name.
"""
