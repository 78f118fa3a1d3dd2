"""Local counts of what was shown, accepted and kept: no source text; nothing leaves the machine."""
