"""A page about each code: what it means, why it matters, what fails and what works."""

from ffc.explain.pages import BASE, Block, Page, Section, all_pages, find_page

__all__ = ["BASE", "Block", "Page", "Section", "all_pages", "find_page"]
