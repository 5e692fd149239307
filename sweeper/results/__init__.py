"""The tables of a sweep, made from its ledger."""
