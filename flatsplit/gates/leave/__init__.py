"""Gates as a person's leaving alone judges them."""
