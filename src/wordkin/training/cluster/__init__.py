"""Training of several replicas of the tables on different text, merged after fixed numbers of words."""
