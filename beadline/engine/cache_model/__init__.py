"""A repository as an n-gram model over the tokens of a loaded model. Knows no prompts, no KV."""
