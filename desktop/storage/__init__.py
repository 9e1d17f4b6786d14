"""The database under every message."""
