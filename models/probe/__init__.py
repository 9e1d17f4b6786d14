"""A process of its own that looks at model files and devices, and may die of them."""
