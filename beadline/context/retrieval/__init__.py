"""Snippets of other files for a cursor (BM25, first form). Knows no model and no protocol."""

from __future__ import annotations

from beadline.context.retrieval.retriever import Retriever

__all__ = ["Retriever"]
