"""What a chat is, free of Qt and of input and output."""
