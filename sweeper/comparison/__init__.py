"""Comparison of groups of replicates: what is best, by how much, is it real, and what did it cost."""

from __future__ import annotations

from sweeper.comparison.compare import Comparison, Section, compare

__all__ = ["Comparison", "Section", "compare"]
