"""Corpus -> tuned model. Knows nothing of editors or of the serving process."""
