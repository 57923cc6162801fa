"""How fast the portal is, as ratios to a bare Flask page on the same server in the same run."""
