"""The models page: what is on this machine, what the hub has, and what this computer can run."""
