"""Who may ask, and what is hidden: origins of requests, redaction of secrets. Pure so far."""
