"""What learners look at: figures, explorers, claims, progress bars, web pages."""
