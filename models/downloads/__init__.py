"""Downloads that survive cuts and restarts, and hand over nothing that is not whole."""
