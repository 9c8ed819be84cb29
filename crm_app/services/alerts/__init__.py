"""What fires, who is told of it, and how it ends."""
