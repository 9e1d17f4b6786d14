"""The Qt coat over the engine process and over background tasks."""
