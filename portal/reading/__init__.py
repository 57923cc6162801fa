"""What was read and when, by article id: the history of a reader and the figures of a vertical.

Owns the reading log only; decides nothing.
"""
