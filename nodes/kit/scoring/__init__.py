"""What scorers share."""
