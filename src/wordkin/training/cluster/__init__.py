"""Replicas of the tables that are trained on different text and merged by clocks of words."""
