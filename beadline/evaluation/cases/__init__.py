"""Cases with known answers and known needs: drawn by a seed, labelled apart from `context`."""
