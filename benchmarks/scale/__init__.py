"""`make bench-scale`: a million readers on both databases, made once and kept, and what is measured on them."""
