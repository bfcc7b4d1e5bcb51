"""Why a text is not SQL: what would have to be written otherwise for DuckDB to read it.

DuckDB's parser says where it stops, not why. Each guess at a mistake comes with the tokens as they
would be without it; a guess holds if the parser then reads on. So mistakes can also be told apart:
the next one is what the parser stops at in the repaired tokens.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from ffc.compiler.oracle import Parser, Refusal
from ffc.compiler.queries.guesses import GUESSERS, Guess, Guesser, out_of_order
from ffc.compiler.queries.keywords import ORDER
from ffc.compiler.queries.lexing import Fault, Token, token_at, written
from ffc.compiler.queries.mistakes import NOT_SQL

# More guesses than these would take long in a long text.
MOST_FAULTS: Final = 10
MOST_GUESSES: Final = 60
LONGEST: Final = 100_000


def find_faults(tokens: Sequence[Token], parser: Parser) -> list[Fault]:
    """Return why tokens are not SQL: nothing if they are, else one mistake or several."""
    faults: list[Fault] = []
    draft = list(tokens)
    while len(faults) < MOST_FAULTS:
        refusal = parser.refusal(written(draft))
        if refusal is None or not refusal.is_syntax:
            return faults
        at = _place(draft, refusal)
        guess = best_guess(draft, at, parser)
        if guess is None:
            # After a repair that may have been the wrong one nothing is said that is not sure.
            return faults or [_unknown(draft, at)]
        fault, draft = guess
        faults.append(fault)
    return faults


def _place(draft: Sequence[Token], refusal: Refusal) -> int:
    """Return the token that the parser stops at; it names none where nothing is selected."""
    if refusal.kind == "SYNTAX_ERROR":
        return token_at(draft, refusal.start)
    following = [*(token.word for token in draft[1:]), ""]
    empty = (
        index
        for index, token in enumerate(draft)
        if token.word == "select" and (following[index] in ORDER or following[index] in (")", ""))
    )
    return next(empty, 0)


def _unknown(draft: Sequence[Token], at: int) -> Fault:
    token = draft[at]
    message = f"this is not SQL at {token.shown}"
    return Fault(NOT_SQL, message, token.start, token.end)


def best_guess(draft: Sequence[Token], at: int, parser: Parser) -> Guess | None:
    """Return the first guess with which all is SQL, else the one that the parser reads farthest."""
    best: tuple[int, Guess] | None = None
    if len(draft) > LONGEST // 10 or sum(len(t.text) for t in draft) > LONGEST:
        guessers: tuple[Guesser, ...] = (out_of_order,)
    else:
        guessers = GUESSERS
    tried = 0
    for guesser in guessers:
        for fault, tokens in guesser(draft, at):
            if guesser is out_of_order:
                return fault, tokens
            tried += 1
            refusal = parser.refusal(written(tokens))
            if refusal is None or not refusal.is_syntax:
                return fault, tokens
            stop = tokens[_place(tokens, refusal)].start
            reached = next((i for i, t in enumerate(draft) if t.start >= stop), len(draft))
            if reached > at + 1 and (best is None or reached > best[0]):
                best = (reached, (fault, tokens))
            if tried == MOST_GUESSES:
                return best[1] if best else None
    return best[1] if best else None
