"""Where holes are cut for training. Knows texts and syntax trees; renders nothing, knows no model.

Structured FIM follows aiXcoder-7B (complete nodes, and runs of a node's children), AST-FIM (arXiv
2506.00204: single nodes drawn by size, runs of siblings aligned to a random span), Mellum and the
semantic scopes of arXiv 2602.05780 (bodies, and the rest of one), and cursors as users leave them.
"""
