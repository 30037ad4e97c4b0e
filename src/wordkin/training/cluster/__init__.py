"""Training of replicas: full copies of the tables that are trained on different text, and merged after fixed numbers of
words.
"""
