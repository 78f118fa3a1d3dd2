"""Token rows -> tuned weights: adapters or a whole model. Knows no repository and no sample."""
