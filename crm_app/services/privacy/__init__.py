"""Data of persons: found, handed out, erased, and forgotten after their time."""
