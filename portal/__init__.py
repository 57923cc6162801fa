"""The membership and trial portal of the mind group: registration, trials, paid plans and the rights they give.

The map of the rooms is docs/tour.md; nothing is imported here, so that `portal.sandbox` stays a stranger to the rest.
"""
