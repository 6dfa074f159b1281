"""Practice targets: small real services whose behaviour under concurrency is known."""
