"""What the commands print, as text and as JSON: a file named like the command; shared ones have a noun as name."""
