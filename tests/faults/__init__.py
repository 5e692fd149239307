"""What a sweep survives: kills at random moments, kills at every step, and a model that tries everything else."""
