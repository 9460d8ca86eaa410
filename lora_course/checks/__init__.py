"""What a question is made of: parts that check an answer, mistakes with names, results."""
