"""The life of a run: state, manager, journal, broadcast, audit."""
