"""Gates that the walk of a person's leaving judges in its own way."""
