"""Newsletters: what there is, and who wants which. Reads articles and readers, sends nothing by itself."""
