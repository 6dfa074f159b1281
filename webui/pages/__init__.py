"""The HTML pages: thin routes, typed contexts, templates. No SQL, no engine."""
