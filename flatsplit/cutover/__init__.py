"""The use cases: each a function in a file named like its command; what several share has a noun. No click, no rich."""
