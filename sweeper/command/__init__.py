"""One batch of combinations, from what was typed to the JobReturns that Hydra gets back."""
