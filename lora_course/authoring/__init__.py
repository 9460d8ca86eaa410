"""From one source file a chapter to the student notebook and the executed solution."""
