"""Long campaigns, of which `make test` runs small fixed samples; their figures stand in `docs/`."""
