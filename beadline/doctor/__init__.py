"""`beadline doctor`: one module for each group of checks, one shape of report. Repairs nothing."""
