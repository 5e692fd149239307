"""The loop that takes the jobs of a sweep from pending to done."""
