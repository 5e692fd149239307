"""The record of one hybrid job: its source, its hyperparameters, its states and the bound on its cost."""
