"""Where columns come from: one pass over each query, then through the graph."""
