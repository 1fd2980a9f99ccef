"""Machine code for a graph, written as LLVM IR and compiled while the program runs."""
