"""Snippets of other files for a cursor. Knows no model and no protocol.

Nothing is imported here: `context.index` needs some of these modules and `retriever` needs it.
"""
