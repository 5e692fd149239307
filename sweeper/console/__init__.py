"""Everything a terminal shows: tables, the progress of a sweep, the plan and its question."""
