"""Speculative decoding: tokens guessed cheaply, and checked by the model several at once."""
