"""From windows to trained tables: the loop, the schedule and the backends."""
