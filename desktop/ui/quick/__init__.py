"""The quick question, its shortcut, and the tray: none of this is imported at the start."""
