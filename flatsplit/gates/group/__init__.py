"""Gates as a group's walk alone judges them."""
