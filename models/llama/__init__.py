"""The only room that imports llama.cpp; it lives in the engine process."""
