"""What is wrong with a query, in our words, at the right character."""
