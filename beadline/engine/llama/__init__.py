"""llama.cpp in a worker process of its own. Knows models, tokens and KV state; no files, no LSP."""
