"""SQL that both sides of the manifest need, built once as expression trees.

Knows manifest records, column types and sqlglot, nothing else. Every function is pure.
"""
