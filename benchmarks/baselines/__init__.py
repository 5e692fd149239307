"""What the measurements compare with: the same work, done as it is usually done."""
