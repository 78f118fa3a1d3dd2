"""Speed, measured from outside: the server is driven as an editor would. See docs/bench.md."""
