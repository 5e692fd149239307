"""The state of every job of a sweep, kept so that nothing is lost when the process is killed."""
