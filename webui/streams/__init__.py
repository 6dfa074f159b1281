"""Server-sent events for the pages: HTML fragments and chart rows, rendered once and fanned out."""
