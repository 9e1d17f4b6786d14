"""Files that travel with the application, read through importlib.resources."""
