"""What `make judge` and `make screenshots` are made of: who looks, at which pages, and what is a fault there."""
