"""Look at what is there: rows, builds, figures, differences, ages, connections."""
