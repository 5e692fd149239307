"""The report of a sweep: one HTML file that opens offline."""
