"""What runs a program: reference (numpy, the definition), llvm, xla."""
