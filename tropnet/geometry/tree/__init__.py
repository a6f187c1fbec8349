"""The tree search for cells in any number of dimensions, and estimates of their number."""
