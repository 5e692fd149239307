"""From overrides to one composed config for each combination."""
