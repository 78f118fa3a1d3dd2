"""Makes the built-in model: repositories, samples, rows, training from scratch, GGUF, model card.

`python -m beadline.trainer.nano` (docs/nano.md). Nothing of it is a command for users: they tune a
model with `beadline train`.
"""
