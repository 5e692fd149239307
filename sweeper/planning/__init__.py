"""What is known before a sweep starts: its bound in USD, what is reused, whether its jobs run at all."""
