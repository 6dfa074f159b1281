"""How a generator says that its own machine ran out of something, so that the audit knows. Pure."""

MACHINE_LIMIT = "this machine's limit, not the target's: "
