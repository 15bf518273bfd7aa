"""The best feasible mixture: what is minimised, from where, what bounds cost, and where it moves under each draw."""
