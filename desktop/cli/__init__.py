"""The terminal face of the application, on the same parts as the window."""
