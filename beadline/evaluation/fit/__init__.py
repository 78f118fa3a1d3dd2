"""Fits the weights of fusion to cases: `python -m beadline.evaluation.fit`. Serves no request."""
