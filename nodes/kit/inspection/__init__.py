"""What nodes share that look into a network."""
