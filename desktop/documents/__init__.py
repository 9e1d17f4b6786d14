"""Documents: read into blocks that know their place, in a process that may fail without harm."""
