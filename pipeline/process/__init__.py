"""What a process knows of itself: its compiled code, its CPU seconds, that it was interrupted, what it is at."""
