"""What is allowed and what is hidden: redaction of secrets. Pure so far."""
