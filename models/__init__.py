"""Everything about models: the engine process, its protocol and the files it reads."""
