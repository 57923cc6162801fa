"""A local stand-in for Stripe: a separate process that speaks Stripe's HTTP API for subscriptions.

It imports nothing of the portal and the portal imports nothing of it; only an address joins them.
"""
