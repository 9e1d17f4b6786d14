"""Model files on this machine: found, described, used in place, and thrown away."""
