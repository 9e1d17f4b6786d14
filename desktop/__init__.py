"""The desktop application: a chat window and a terminal on local models."""
