"""Which files a model is tuned on: read, filtered, cleaned, counted. Knows no tokens, no model."""
