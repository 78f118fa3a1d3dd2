"""Sets the editors up in a folder. Knows neither beadline nor the tests.

Idempotent: what is there stays, what is missing or of another version is made anew.
"""
