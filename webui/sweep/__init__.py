"""The experiment behind a sweep: which act comes next, given what was measured so far. Pure."""
