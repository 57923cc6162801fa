"""Rules about the whole tree, which no single room can keep alone."""
