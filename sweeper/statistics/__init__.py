"""Statistics of replicated, noisy results: intervals, tests, and their correction for multiplicity."""
