"""Running a person's own Python."""
