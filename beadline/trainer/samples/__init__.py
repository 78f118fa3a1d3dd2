"""Cleaned files -> the token rows a model is trained on. Knows no weights, no loss, no optimiser.

A sample is a request as a server would make it, rendered by the renderer that serves, with the true
middle and the token that ends it behind the prompt.
"""
