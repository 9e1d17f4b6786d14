"""One module for each family of formats; each reads a file into parts of a document."""
