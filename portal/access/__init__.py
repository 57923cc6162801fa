"""Who may read what, until when and why: grants, the trial ledger and the one function that decides.

`decision` is pure; `facts` gathers what it needs in one statement; nothing else in the portal decides.
"""
