"""One request, text -> items: the only place that joins context and engine. Knows no protocol."""
