"""Where hybrid jobs run: one module for each place, all behind the protocol of `base`."""
