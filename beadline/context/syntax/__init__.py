"""Syntax trees of documents, and whether a suggestion breaks the code. Knows no model."""

from __future__ import annotations

from beadline.context.syntax.check import adds_error, checking, prepare
from beadline.context.syntax.tree import Capture, Problems, SyntaxTree, SyntaxTrees

__all__ = ["Capture", "Problems", "SyntaxTree", "SyntaxTrees", "adds_error", "checking", "prepare"]
