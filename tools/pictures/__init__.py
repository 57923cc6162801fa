"""What `make screenshots` is made of: the scenes, the walk through the product, and the writing of pictures."""
