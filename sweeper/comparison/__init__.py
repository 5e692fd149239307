"""Comparison of groups of replicates: what is best, by how much, is it real, and what did it cost."""

from __future__ import annotations

from sweeper.comparison.compare import Comparison, compare
from sweeper.comparison.ranking import Section

__all__ = ["Comparison", "Section", "compare"]
