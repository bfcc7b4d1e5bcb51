"""Small queries over two tables, made up from a seed: joins, groups, windows, sets, subqueries.

All columns that queries hand on are numbers, so that any may stand anywhere; texts, dates, lists and
structs are read into numbers where they are met. What DuckDB may answer as it likes (ties in the
order of a window's rows, LIMIT without an order) is left out.
"""

from __future__ import annotations

from dataclasses import dataclass
from random import Random
from typing import Final

# Of each table: its number columns, then what else its columns can be read into.
TABLES: Final = {
    "source.raw.t": (("k", "a", "b"), ("len({}.s)", "list_sum({}.l)", "year({}.d)", "{}.p.f")),
    "source.raw.u": (("k", "x", "y", "a"), ("length({}.q)", "day({}.e)", "{}.m.g")),
}
_NAMES: Final = ("a", "b", "k", "x", "y", "z", "w", "v", "c")


@dataclass(frozen=True)
class From:
    """What a FROM clause lets expressions say: columns, and other values."""

    sql: str
    columns: tuple[str, ...]
    others: tuple[str, ...] = ()


@dataclass(frozen=True)
class Made:
    """A query and the names of its columns that are numbers."""

    sql: str
    names: tuple[str, ...]


class Queries:
    """Make queries of a seed's choice."""

    def __init__(self, seed: int) -> None:
        self._random = Random(seed)
        self._count = 0

    def query(self, depth: int = 2, ctes: tuple[Made, ...] = ()) -> Made:
        """Make a query, with CTEs and set operations now and then."""
        if depth > 1 and self._one_in(3):
            name = self._fresh("cte")
            inner = self.query(depth - 1, ctes)
            body = self.query(depth - 1, (*ctes, Made(name, inner.names)))
            if body.sql.startswith("with"):
                return body
            return Made(f"with {name} as ({inner.sql}) {body.sql}", body.names)
        if self._one_in(5):
            return self._set_operation(depth, ctes)
        return self._select(depth, ctes)

    def _one_in(self, count: int) -> bool:
        return self._random.randrange(count) == 0

    def _fresh(self, word: str) -> str:
        self._count += 1
        return f"{word}{self._count}"

    def _pick(self, words: tuple[str, ...]) -> str:
        return self._random.choice(words)

    def _table(self) -> str:
        return self._pick(tuple(TABLES))

    def _aliases(self, count: int) -> tuple[str, ...]:
        return tuple(self._random.sample(_NAMES, count))

    def _set_operation(self, depth: int, ctes: tuple[Made, ...]) -> Made:
        left, right = self._select(depth - 1, ctes, 2), self._select(depth - 1, ctes, 2)
        word = self._pick(("union", "union all", "except", "intersect", "except all"))
        if self._one_in(4):
            both = tuple(dict.fromkeys((*left.names, *right.names)))
            return Made(f"({left.sql}) union all by name ({right.sql})", both)
        order = " order by all limit 4" if self._one_in(4) else ""
        return Made(f"({left.sql}) {word} ({right.sql}){order}", left.names)

    def _select(self, depth: int, ctes: tuple[Made, ...], width: int = 0) -> Made:
        source = self._from(depth, ctes)
        where = f" where {self._condition(source)}" if self._one_in(2) else ""
        if not width and self._one_in(8):
            return self._star(source, where)
        names = self._aliases(width or self._random.randrange(1, 4))
        if self._one_in(3):
            return self._grouped(source, where, names)
        items = [self._item(source) for _ in names]
        if len(names) > 1 and self._one_in(4):
            items[1] = (
                f"{names[0]} + {items[1]}"  # an alias of this list, or a column that hides it
            )
        qualify = f" qualify {self._window(source)} > 1" if self._one_in(6) else ""
        listed = ", ".join(f"{i} as {n}" for i, n in zip(items, names, strict=True))
        word, order = self._distinct(source, names)
        return Made(f"select {word}{listed} from {source.sql}{where}{qualify}{order}", names)

    def _distinct(self, source: From, names: tuple[str, ...]) -> tuple[str, str]:
        last = ", ".join(str(index + 1) for index, _ in enumerate(names))
        if self._one_in(8):
            return "distinct ", ""
        if self._one_in(12):
            on = self._pick(source.columns)
            return f"distinct on ({on}) ", f" order by {on}, {last}"
        if self._one_in(6):
            first = self._pick((self._pick(source.columns), names[0], "all"))
            return "", f" order by {first}, {last} limit 5" if first != "all" else " order by all"
        return "", ""

    def _item(self, source: From) -> str:
        return self._window(source) if self._one_in(5) else self._value(source)

    def _grouped(self, source: From, where: str, names: tuple[str, ...]) -> Made:
        keys = [self._value(source, 0) for _ in names[1:]]
        totals = [self._total(source)]
        having = f" having {self._total(source)} > 2" if self._one_in(4) else ""
        items = zip([*totals, *keys], names, strict=True)
        listed = ", ".join(f"{item} as {name}" for item, name in items)
        group = ""
        if keys:
            plain = ", ".join(keys)
            places = ", ".join(str(index + 2) for index, _ in enumerate(keys))
            words = (plain, "all", places, f"rollup ({plain})", f"grouping sets (({plain}), ())")
            group = f" group by {self._pick(words)}"
        return Made(f"select {listed} from {source.sql}{where}{group}{having}", names)

    def _star(self, source: From, where: str) -> Made:
        name = self._table()
        column = self._pick(TABLES[name][0])
        inner = From(f'"__ffc"."{name}" as st', tuple(f"st.{c}" for c in TABLES[name][0]))
        others = tuple(c for c in TABLES[name][0] if c != column)
        condition = self._condition(inner)
        words = (
            f"exclude ({column})",
            f"replace ({self._value(inner)} as {column})",
            f"rename ({column} as {column}2)",
            f"exclude ({column}) replace ({self._value(inner)} as {others[0]})",
        )
        star = self._pick(("*", "st.*"))
        word = self._pick(words)
        sql = f"select {star} {word} from {inner.sql} where {condition}"
        return Made(sql, others) if where else Made(f"select st.* from {inner.sql}", others)

    # What stands in FROM.

    def _from(self, depth: int, ctes: tuple[Made, ...]) -> From:
        found = self._relation(depth, ctes)
        for _ in range(self._random.choice((0, 0, 1, 1, 2))):
            found = self._join(found, self._relation(depth, ctes))
        if self._one_in(8):
            name = self._fresh("la")
            inner = self._table()
            sql = f'(select max({TABLES[inner][0][1]}) as m from "__ffc"."{inner}" as i '
            sql += f"where i.k = {self._pick(found.columns)})"
            found = From(
                f"{found.sql}, lateral {sql} as {name}",
                (*found.columns, f"{name}.m"),
                found.others,
            )
        return found

    def _relation(self, depth: int, ctes: tuple[Made, ...]) -> From:
        alias = self._fresh("r")
        if ctes and self._one_in(2):
            made = self._random.choice(ctes)
            return _named(made.sql, alias, made.names)
        if depth > 0 and self._one_in(3):
            made = self.query(depth - 1, ctes)
            if self._one_in(3):
                names = self._aliases(len(made.names))
                if (
                    not made.sql.startswith("select st.*")
                    and "*" not in made.sql.split(" from ")[0]
                ):
                    columns = ", ".join(names)
                    found = _named(f"({made.sql})", alias, names)
                    return From(f"({made.sql}) as {alias} ({columns})", found.columns)
            return _named(f"({made.sql})", alias, made.names)
        if self._one_in(6):
            return self._special(alias)
        name = self._table()
        others = tuple(other.format(alias) for other in TABLES[name][1])
        found = _named(f'"__ffc"."{name}"', alias, TABLES[name][0])
        return From(found.sql, found.columns, others)

    def _special(self, alias: str) -> From:
        t, u = '"__ffc"."source.raw.t"', '"__ffc"."source.raw.u"'
        forms = (
            (f"(from {t} pivot (sum(a) for b in (1, 2) group by k))", ("k", '"1"', '"2"')),
            (f"(pivot {u} on x in (0, 1) using sum(y) group by k)", ("k", '"0"', '"1"')),
            (f"(select k, n, v from {t} unpivot (v for n in (a, b)))", ("k", "v")),
            (f"(select a, unnest(l) as e from {t})", ("a", "e")),
            (f"(select i.b, o.e from {t} as i, unnest(i.l) as o(e))", ("b", "e")),
            (f"(select i.k, range as g from {u} as i, range(2))", ("k", "g")),
            (f"(select k, p.f as f, p.g + a as g from {t})", ("k", "f", "g")),
            (f"(select k, (m).g as g from {u} natural join (select k from {t}) as n)", ("k", "g")),
            ("(values (1, 2), (2, 3), (0, 0))", ("col0", "col1")),
        )
        sql, names = self._random.choice(forms)
        return _named(sql, alias, names)

    def _join(self, left: From, right: From) -> From:
        columns, others = (*left.columns, *right.columns), (*left.others, *right.others)
        mine, its = self._pick(left.columns), self._pick(right.columns)
        on = f"on {mine} = {its}" + (f" and {mine} > {its} - 2" if self._one_in(3) else "")
        bare = [column.partition(".")[2] for column in left.columns]
        shared = [name for _, _, name in (c.partition(".") for c in right.columns)]
        shared = [name for name in shared if bare.count(name) == 1]
        using = f"using ({self._pick(tuple(shared))})" if shared and self._one_in(2) else on
        word = self._pick(("", "left ", "right ", "full ", "semi ", "anti ", "asof ", "asof left "))
        if word.startswith("asof"):
            on = f"on {mine} = {its} and {self._pick(left.columns)} >= {its}"
            return From(f"{left.sql} {word}join {right.sql} {on}", columns, others)
        if word in ("semi ", "anti "):
            return From(f"{left.sql} {word}join {right.sql} {using}", left.columns, left.others)
        if using.startswith("using"):
            columns = (using[7:-1], *columns)
        return From(f"{left.sql} {word}join {right.sql} {using}", columns, others)

    # Values.

    def _value(self, source: From, depth: int = 2) -> str:
        if source.others and self._one_in(4):
            return self._pick(source.others)
        column = self._pick(source.columns)
        if depth == 0 or self._one_in(2):
            return column
        other = self._value(source, depth - 1)
        inner = self._table()
        forms = (
            f"({column} + {other})",
            f"coalesce({column}, {other})",
            f"greatest({column}, {other}, 1)",
            f"nullif({column}, {other})",
            f"case when {self._condition(source, depth - 1)} then {column} else {other} end",
            f"case {column} when 1 then {other} end",
            f"list_sum(list_transform([1, {column}], lambda z: z + {other}))",
            f"{{'n': {column}, 'o': 1}}.n",
            f'(select max({TABLES[inner][0][1]}) from "__ffc"."{inner}" as sq where sq.k = {column})',
            f'(select count(*) from "__ffc"."{inner}")',
            f"cast({column} as double) / 2",
        )
        return self._pick(forms)

    def _condition(self, source: From, depth: int = 1) -> str:
        column, other = self._pick(source.columns), self._pick(source.columns)
        inner = self._table()
        ours = TABLES[inner][0]
        forms = [f"{column} > 0", f"{column} <= {other}", f"{column} is not null"]
        if depth:
            forms += [
                f'{column} in (select {ours[1]} from "__ffc"."{inner}" where {ours[2]} > 0)',
                f'exists (from "__ffc"."{inner}" as ex where ex.k = {column} and ex.a > 0)',
                f'not exists (select 1 from "__ffc"."{inner}" as ex where ex.a = {other})',
                f"({column} = 1 or {self._condition(source, depth - 1)})",
                f'{column} >= any (select {ours[1]} from "__ffc"."{inner}")',
                f"{column} between 0 and {other}",
            ]
        return self._pick(tuple(forms))

    def _total(self, source: From) -> str:
        value, by = self._value(source, 1), self._pick(source.columns)
        forms = (
            "count(*)",
            f"sum({value})",
            f"max({value}) - min({by})",
            f"count(distinct {value})",
            f"sum({value}) filter (where {self._condition(source, 0)})",
            f"arg_max({by}, {by} * 10 + {value})",
            f"list_sum(list({value} order by {by}, {value})[1:2])",
            f"quantile_disc({value}, 0.5)",
            f"len(string_agg({value}::varchar, '|' order by {by}, {value}))",
            f"sum(distinct {value}) + count({by})",
        )
        return self._pick(forms)

    def _window(self, source: From) -> str:
        value, by, of = (self._pick(source.columns) for _ in range(3))
        forms = (
            f"rank() over (order by {by})",
            f"dense_rank() over (partition by {of} order by {by} desc)",
            f"sum({value}) over (partition by {of})",
            f"max({value}) over (partition by {of} order by {by})",
            f"count({value}) over (order by {by} range between 1 preceding and current row)",
            f"sum({value}) filter (where {by} > 0) over (partition by {of})",
        )
        return self._pick(forms)


def _named(sql: str, alias: str, names: tuple[str, ...]) -> From:
    return From(f"{sql} as {alias}", tuple(f"{alias}.{name}" for name in names))
