"""Whole stories in a real browser, through the real processes: web, worker, stand-in."""
