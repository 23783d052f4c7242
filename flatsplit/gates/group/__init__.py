"""Gates that the walk of a group judges in its own way."""
