"""What classical learners share."""
