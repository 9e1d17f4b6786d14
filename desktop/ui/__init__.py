"""Widgets, and nothing but widgets."""
