"""What files define and import, and which definitions a cursor needs. Knows no index, no disk."""
