"""Organisations and how their rights reach people: managers, seats, invitations.

An organisation pays, always; a person who buys alone has an organisation of one. Knows nothing of grants or Stripe.
"""
