"""Tests of the Stripe stand-in, driven by the real client library over HTTP."""
