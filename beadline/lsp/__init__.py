"""The language server: parse a request, ask `completion`, shape the answer. Knows no model."""
