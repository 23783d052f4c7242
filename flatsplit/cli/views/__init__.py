"""What the commands print, for people and as JSON: a file named like the command; what several print has a noun."""
