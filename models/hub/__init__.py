"""The Hugging Face hub: what it has, what of that fits this machine, and who may have it."""
