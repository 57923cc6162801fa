"""What people ask of the house: contact, mind Research, a quote, help with access.

Stored here, answered from the staff's queue; every question and every answer goes by mail too.
"""
