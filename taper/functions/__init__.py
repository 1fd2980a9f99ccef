"""PyTorch's functions, one family a module: pure functions of nodes, and the public functions that
record them."""
