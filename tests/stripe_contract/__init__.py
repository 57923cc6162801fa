"""Stripe's contract, read off the installed client library, and the police that holds a wire log against it."""
