"""Long work on documents, without Qt: the window and the terminal both drive it."""
