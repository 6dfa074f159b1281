"""What the numbers mean: the result document. Pure."""
