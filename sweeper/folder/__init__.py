"""The files of a sweep on disk: their places, their lock and where they came from."""
