"""What a press of a button means."""
