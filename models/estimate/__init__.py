"""What a model is going to take and give on this machine, before it is loaded or fetched."""
