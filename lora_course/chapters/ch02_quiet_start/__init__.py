"""A quiet start: what moves first, and what another start costs."""
