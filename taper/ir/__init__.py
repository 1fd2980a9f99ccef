"""Programs made of primitives: nodes, how they are built, and their gradients."""
