"""Gates as the walk of a special role alone judges them."""
