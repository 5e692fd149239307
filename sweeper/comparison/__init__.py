"""Comparison of groups of replicates: which is best, by how much, whether it is real, and its cost."""

from __future__ import annotations

from sweeper.comparison.compare import Comparison, compare
from sweeper.comparison.ranking import Section

__all__ = ["Comparison", "Section", "compare"]
