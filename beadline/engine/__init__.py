"""Filling the hole: models, tokens, KV state. Knows no files of the user's and no protocol."""
