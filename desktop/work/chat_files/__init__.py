"""Files of chats, Snug's own and other products': read within limits, and written."""
