"""What a sweep survives: kills at random moments, kills at every step, whatever a model tries."""
