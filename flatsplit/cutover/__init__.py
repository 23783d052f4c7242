"""The use cases: one function in a file named like its command; files that several of them share have a noun as name.
No click, no rich.
"""
