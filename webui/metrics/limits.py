"""How a generator says that it was its own machine that ran out of something, so that the audit knows. Pure."""

MACHINE_LIMIT = "this machine's limit, not the target's: "
