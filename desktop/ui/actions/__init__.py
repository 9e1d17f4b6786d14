"""What the window does when asked to: each action declared once."""
