-- i / 2
SELECT
  "hard"."id" AS "id",
  CAST((
    CAST("hard"."i" AS DOUBLE PRECISION) / CAST(2 AS DOUBLE PRECISION)
  ) AS DOUBLE PRECISION) AS "x"
FROM "__ffc"."hard" AS "hard"
ORDER BY
  "id";

-- 1 / nullif(i, 0)
SELECT
  "hard"."id" AS "id",
  CAST((
    CAST(1 AS DOUBLE PRECISION) / CAST(NULLIF("hard"."i", 0) AS DOUBLE PRECISION)
  ) AS DOUBLE PRECISION) AS "x"
FROM "__ffc"."hard" AS "hard"
ORDER BY
  "id";

-- i / i
SELECT
  "hard"."id" AS "id",
  CAST(CASE
    WHEN "hard"."i" = 0
    THEN CAST("hard"."i" AS DOUBLE PRECISION) * CAST('Infinity' AS DOUBLE PRECISION)
    ELSE CAST("hard"."i" AS DOUBLE PRECISION) / CAST("hard"."i" AS DOUBLE PRECISION)
  END AS DOUBLE PRECISION) AS "x"
FROM "__ffc"."hard" AS "hard"
ORDER BY
  "id";

-- d / d
SELECT
  "hard"."id" AS "id",
  CAST(CASE
    WHEN "hard"."d" = 0
    THEN "hard"."d" * CAST(CASE WHEN CAST("hard"."d" AS TEXT) = '-0' THEN '-Infinity' ELSE 'Infinity' END AS DOUBLE PRECISION)
    ELSE "hard"."d" / "hard"."d"
  END AS DOUBLE PRECISION) AS "x"
FROM "__ffc"."hard" AS "hard"
ORDER BY
  "id";

-- n / 3
SELECT
  "hard"."id" AS "id",
  CAST((
    CAST("hard"."n" AS DOUBLE PRECISION) / CAST(3 AS DOUBLE PRECISION)
  ) AS DOUBLE PRECISION) AS "x"
FROM "__ffc"."hard" AS "hard"
ORDER BY
  "id";

-- n / n
SELECT
  "hard"."id" AS "id",
  CAST(CASE
    WHEN "hard"."n" = 0
    THEN CAST("hard"."n" AS DOUBLE PRECISION) * CAST('Infinity' AS DOUBLE PRECISION)
    ELSE CAST("hard"."n" AS DOUBLE PRECISION) / CAST("hard"."n" AS DOUBLE PRECISION)
  END AS DOUBLE PRECISION) AS "x"
FROM "__ffc"."hard" AS "hard"
ORDER BY
  "id";

-- r / 3
SELECT
  "hard"."id" AS "id",
  CAST((
    "hard"."r" / CAST(3 AS REAL)
  ) AS REAL) AS "x"
FROM "__ffc"."hard" AS "hard"
ORDER BY
  "id";

-- r / r
SELECT
  "hard"."id" AS "id",
  CAST(CASE
    WHEN "hard"."r" = 0
    THEN "hard"."r" * CAST(CASE WHEN CAST("hard"."r" AS TEXT) = '-0' THEN '-Infinity' ELSE 'Infinity' END AS REAL)
    ELSE "hard"."r" / "hard"."r"
  END AS REAL) AS "x"
FROM "__ffc"."hard" AS "hard"
ORDER BY
  "id";

-- i // 2
SELECT
  "hard"."id" AS "id",
  CAST(DIV(CAST("hard"."i" AS DECIMAL), CAST(2 AS DECIMAL)) AS INT) AS "x"
FROM "__ffc"."hard" AS "hard"
ORDER BY
  "id";

-- -7 // 2
SELECT
  "hard"."id" AS "id",
  CAST(DIV(CAST(-7 AS DECIMAL), CAST(2 AS DECIMAL)) AS INT) AS "x"
FROM "__ffc"."hard" AS "hard"
ORDER BY
  "id";

-- b // 3
SELECT
  "hard"."id" AS "id",
  CAST(DIV(CAST("hard"."b" AS DECIMAL), CAST(3 AS DECIMAL)) AS BIGINT) AS "x"
FROM "__ffc"."hard" AS "hard"
ORDER BY
  "id";

-- i % 4
SELECT
  "hard"."id" AS "id",
  CAST("hard"."i" % 4 AS INT) AS "x"
FROM "__ffc"."hard" AS "hard"
ORDER BY
  "id";

-- n % 2
SELECT
  "hard"."id" AS "id",
  CAST("hard"."n" % 2 AS DECIMAL(13, 3)) AS "x"
FROM "__ffc"."hard" AS "hard"
ORDER BY
  "id";

-- r = 0.1
SELECT
  "hard"."id" AS "id",
  CAST("hard"."r" = CAST(0.1 AS REAL) AS BOOLEAN) AS "x"
FROM "__ffc"."hard" AS "hard"
ORDER BY
  "id";

-- r < d
SELECT
  "hard"."id" AS "id",
  CAST("hard"."r" < "hard"."d" AS BOOLEAN) AS "x"
FROM "__ffc"."hard" AS "hard"
ORDER BY
  "id";

-- r + 1
SELECT
  "hard"."id" AS "id",
  CAST("hard"."r" + CAST(1 AS REAL) AS REAL) AS "x"
FROM "__ffc"."hard" AS "hard"
ORDER BY
  "id";

-- r * n
SELECT
  "hard"."id" AS "id",
  CAST("hard"."r" * CAST("hard"."n" AS REAL) AS REAL) AS "x"
FROM "__ffc"."hard" AS "hard"
ORDER BY
  "id";

-- r > 1
SELECT
  "hard"."id" AS "id",
  CAST("hard"."r" > CAST(1 AS REAL) AS BOOLEAN) AS "x"
FROM "__ffc"."hard" AS "hard"
ORDER BY
  "id";

-- i + 1.5
SELECT
  "hard"."id" AS "id",
  CAST("hard"."i" + 1.5 AS DECIMAL(12, 1)) AS "x"
FROM "__ffc"."hard" AS "hard"
ORDER BY
  "id";

-- i * 1e-3
SELECT
  "hard"."id" AS "id",
  CAST("hard"."i" * CAST(1e-3 AS DOUBLE PRECISION) AS DOUBLE PRECISION) AS "x"
FROM "__ffc"."hard" AS "hard"
ORDER BY
  "id";

-- round(d)
SELECT
  "hard"."id" AS "id",
  CAST(ROUND(CAST(CAST("hard"."d" AS TEXT) AS DECIMAL)) AS DOUBLE PRECISION) AS "x"
FROM "__ffc"."hard" AS "hard"
ORDER BY
  "id";

-- round(d, 2)
SELECT
  "hard"."id" AS "id",
  CAST((
    CAST(ROUND(CAST(CAST("hard"."d" * CAST(100 AS DOUBLE PRECISION) AS TEXT) AS DECIMAL)) AS DOUBLE PRECISION) / CAST(100 AS DOUBLE PRECISION)
  ) AS DOUBLE PRECISION) AS "x"
FROM "__ffc"."hard" AS "hard"
ORDER BY
  "id";

-- round(n)
SELECT
  "hard"."id" AS "id",
  CAST(ROUND("hard"."n") AS DECIMAL(13, 0)) AS "x"
FROM "__ffc"."hard" AS "hard"
ORDER BY
  "id";

-- round(n, 1)
SELECT
  "hard"."id" AS "id",
  CAST(ROUND("hard"."n", 1) AS DECIMAL(13, 1)) AS "x"
FROM "__ffc"."hard" AS "hard"
ORDER BY
  "id";

-- round(id * 7, -1)
SELECT
  "hard"."id" AS "id",
  CAST(ROUND("hard"."id" * 7, -1) AS INT) AS "x"
FROM "__ffc"."hard" AS "hard"
ORDER BY
  "id";

-- round(d * 10, 1)
SELECT
  "hard"."id" AS "id",
  CAST((
    CAST(ROUND(
      CAST(CAST((
        "hard"."d" * 10
      ) * CAST(10 AS DOUBLE PRECISION) AS TEXT) AS DECIMAL)
    ) AS DOUBLE PRECISION) / CAST(10 AS DOUBLE PRECISION)
  ) AS DOUBLE PRECISION) AS "x"
FROM "__ffc"."hard" AS "hard"
ORDER BY
  "id";

-- cast(d as int)
SELECT
  "hard"."id" AS "id",
  CAST("hard"."d" AS INT) AS "x"
FROM "__ffc"."hard" AS "hard"
ORDER BY
  "id";

-- cast(n as int)
SELECT
  "hard"."id" AS "id",
  CAST("hard"."n" AS INT) AS "x"
FROM "__ffc"."hard" AS "hard"
ORDER BY
  "id";

-- try_cast(s as int)
SELECT
  "hard"."id" AS "id",
  CAST(CASE
    WHEN "hard"."s" ~ '^\s*[-+]?([0-9]+[.]?[0-9]*|[.][0-9]+)([eE][-+]?[0-9]{1,3})?\s*$'
    THEN CASE
      WHEN ROUND(CAST("hard"."s" AS DECIMAL)) BETWEEN -2147483648 AND 2147483647
      THEN CAST(ROUND(CAST("hard"."s" AS DECIMAL)) AS INT)
    END
  END AS INT) AS "x"
FROM "__ffc"."hard" AS "hard"
ORDER BY
  "id";

-- try_cast(s as bigint)
SELECT
  "hard"."id" AS "id",
  CAST(CASE
    WHEN "hard"."s" ~ '^\s*[-+]?([0-9]+[.]?[0-9]*|[.][0-9]+)([eE][-+]?[0-9]{1,3})?\s*$'
    THEN CASE
      WHEN ROUND(CAST("hard"."s" AS DECIMAL)) BETWEEN -9223372036854775808 AND 9223372036854775807
      THEN CAST(ROUND(CAST("hard"."s" AS DECIMAL)) AS BIGINT)
    END
  END AS BIGINT) AS "x"
FROM "__ffc"."hard" AS "hard"
ORDER BY
  "id";

-- cast(d as decimal(10,2))
SELECT
  "hard"."id" AS "id",
  CAST(CAST(CAST(ROUND(CAST(CAST("hard"."d" * CAST(100 AS DOUBLE PRECISION) AS TEXT) AS DECIMAL)) AS DOUBLE PRECISION) AS DECIMAL) * CAST(1e-2 AS DECIMAL) AS DECIMAL(10, 2)) AS "x"
FROM "__ffc"."hard" AS "hard"
ORDER BY
  "id";

-- cast(n as decimal(10,2))
SELECT
  "hard"."id" AS "id",
  CAST("hard"."n" AS DECIMAL(10, 2)) AS "x"
FROM "__ffc"."hard" AS "hard"
ORDER BY
  "id";

-- cast(i as text)
SELECT
  "hard"."id" AS "id",
  CAST("hard"."i" AS TEXT) COLLATE "C" AS "x"
FROM "__ffc"."hard" AS "hard"
ORDER BY
  "id";

-- cast(n as text)
SELECT
  "hard"."id" AS "id",
  CAST("hard"."n" AS TEXT) COLLATE "C" AS "x"
FROM "__ffc"."hard" AS "hard"
ORDER BY
  "id";

-- cast(t as text)
SELECT
  "hard"."id" AS "id",
  CAST("hard"."t" AS TEXT) COLLATE "C" AS "x"
FROM "__ffc"."hard" AS "hard"
ORDER BY
  "id";

-- cast(dt as text)
SELECT
  "hard"."id" AS "id",
  CAST("hard"."dt" AS TEXT) COLLATE "C" AS "x"
FROM "__ffc"."hard" AS "hard"
ORDER BY
  "id";

-- cast(p as text)
SELECT
  "hard"."id" AS "id",
  CAST("hard"."p" AS TEXT) COLLATE "C" AS "x"
FROM "__ffc"."hard" AS "hard"
ORDER BY
  "id";

-- cast(p as int)
SELECT
  "hard"."id" AS "id",
  CAST(CAST("hard"."p" AS INT) AS INT) AS "x"
FROM "__ffc"."hard" AS "hard"
ORDER BY
  "id";

-- cast(p as bigint)
SELECT
  "hard"."id" AS "id",
  CAST(CAST("hard"."p" AS INT) AS BIGINT) AS "x"
FROM "__ffc"."hard" AS "hard"
ORDER BY
  "id";

-- cast(i as boolean)
SELECT
  "hard"."id" AS "id",
  CAST("hard"."i" <> 0 AS BOOLEAN) AS "x"
FROM "__ffc"."hard" AS "hard"
ORDER BY
  "id";

-- cast(b as boolean)
SELECT
  "hard"."id" AS "id",
  CAST("hard"."b" <> 0 AS BOOLEAN) AS "x"
FROM "__ffc"."hard" AS "hard"
ORDER BY
  "id";

-- cast(b as double)
SELECT
  "hard"."id" AS "id",
  CAST("hard"."b" AS DOUBLE PRECISION) AS "x"
FROM "__ffc"."hard" AS "hard"
ORDER BY
  "id";

-- cast(r as double)
SELECT
  "hard"."id" AS "id",
  CAST("hard"."r" AS DOUBLE PRECISION) AS "x"
FROM "__ffc"."hard" AS "hard"
ORDER BY
  "id";

-- cast(d as real)
SELECT
  "hard"."id" AS "id",
  CAST("hard"."d" AS REAL) AS "x"
FROM "__ffc"."hard" AS "hard"
ORDER BY
  "id";

-- cast(t as date)
SELECT
  "hard"."id" AS "id",
  CAST("hard"."t" AS DATE) AS "x"
FROM "__ffc"."hard" AS "hard"
ORDER BY
  "id";

-- cast(dt as timestamp)
SELECT
  "hard"."id" AS "id",
  CAST("hard"."dt" AS TIMESTAMP) AS "x"
FROM "__ffc"."hard" AS "hard"
ORDER BY
  "id";

-- cast('2024-01-01 00:00:00.1234567' as timestamp)
SELECT
  "hard"."id" AS "id",
  CAST(REGEXP_REPLACE('2024-01-01 00:00:00.1234567', '([.][0-9]{6})[0-9]+', '\1') AS TIMESTAMP) AS "x"
FROM "__ffc"."hard" AS "hard"
ORDER BY
  "id";

-- cast('2024-01-01 00:00:00+02' as timestamp)
SELECT
  "hard"."id" AS "id",
  CAST(REGEXP_REPLACE('2024-01-01 00:00:00+02', '([.][0-9]{6})[0-9]+', '\1') AS TIMESTAMP) AS "x"
FROM "__ffc"."hard" AS "hard"
ORDER BY
  "id";

-- lower(s)
SELECT
  "hard"."id" AS "id",
  LOWER("hard"."s" COLLATE "C.utf8") COLLATE "C" AS "x"
FROM "__ffc"."hard" AS "hard"
ORDER BY
  "id";

-- upper(s)
SELECT
  "hard"."id" AS "id",
  UPPER(REPLACE("hard"."s", 'ß', 'ẞ') COLLATE "C.utf8") COLLATE "C" AS "x"
FROM "__ffc"."hard" AS "hard"
ORDER BY
  "id";

-- length(s)
SELECT
  "hard"."id" AS "id",
  CAST(LENGTH("hard"."s") AS BIGINT) AS "x"
FROM "__ffc"."hard" AS "hard"
ORDER BY
  "id";

-- trim(s)
SELECT
  "hard"."id" AS "id",
  BTRIM("hard"."s", '                　') COLLATE "C" AS "x"
FROM "__ffc"."hard" AS "hard"
ORDER BY
  "id";

-- s || '-' || i
SELECT
  "hard"."id" AS "id",
  (
    "hard"."s" || '-' || CAST("hard"."i" AS TEXT) COLLATE "C"
  ) COLLATE "C" AS "x"
FROM "__ffc"."hard" AS "hard"
ORDER BY
  "id";

-- concat(s, null, p, i)
SELECT
  "hard"."id" AS "id",
  CONCAT(
    "hard"."s",
    NULL,
    CAST("hard"."p" AS TEXT) COLLATE "C",
    CAST("hard"."i" AS TEXT) COLLATE "C"
  ) COLLATE "C" AS "x"
FROM "__ffc"."hard" AS "hard"
ORDER BY
  "id";

-- concat_ws(',', s, i)
SELECT
  "hard"."id" AS "id",
  CONCAT_WS(',', "hard"."s", CAST("hard"."i" AS TEXT) COLLATE "C") COLLATE "C" AS "x"
FROM "__ffc"."hard" AS "hard"
ORDER BY
  "id";

-- s like 'a%'
SELECT
  "hard"."id" AS "id",
  CAST("hard"."s" LIKE 'a%' ESCAPE '' AS BOOLEAN) AS "x"
FROM "__ffc"."hard" AS "hard"
ORDER BY
  "id";

-- s like '%\_%'
SELECT
  "hard"."id" AS "id",
  CAST("hard"."s" LIKE '%\_%' ESCAPE '' AS BOOLEAN) AS "x"
FROM "__ffc"."hard" AS "hard"
ORDER BY
  "id";

-- s like '%!_%' escape '!'
SELECT
  "hard"."id" AS "id",
  CAST("hard"."s" LIKE '%!_%' ESCAPE '!' AS BOOLEAN) AS "x"
FROM "__ffc"."hard" AS "hard"
ORDER BY
  "id";

-- s ilike 'É%'
SELECT
  "hard"."id" AS "id",
  CAST(LOWER("hard"."s" COLLATE "C.utf8") COLLATE "C" LIKE LOWER('É%' COLLATE "C.utf8") COLLATE "C" ESCAPE '' AS BOOLEAN) AS "x"
FROM "__ffc"."hard" AS "hard"
ORDER BY
  "id";

-- s < 'b'
SELECT
  "hard"."id" AS "id",
  CAST("hard"."s" < 'b' AS BOOLEAN) AS "x"
FROM "__ffc"."hard" AS "hard"
ORDER BY
  "id";

-- s in ('a','B')
SELECT
  "hard"."id" AS "id",
  CAST("hard"."s" IN ('a', 'B') AS BOOLEAN) AS "x"
FROM "__ffc"."hard" AS "hard"
ORDER BY
  "id";

-- s between 'A' and 'Z'
SELECT
  "hard"."id" AS "id",
  CAST("hard"."s" BETWEEN 'A' AND 'Z' AS BOOLEAN) AS "x"
FROM "__ffc"."hard" AS "hard"
ORDER BY
  "id";

-- left(s, 2)
SELECT
  "hard"."id" AS "id",
  LEFT("hard"."s", 2) COLLATE "C" AS "x"
FROM "__ffc"."hard" AS "hard"
ORDER BY
  "id";

-- left(s, -1)
SELECT
  "hard"."id" AS "id",
  LEFT("hard"."s", -1) COLLATE "C" AS "x"
FROM "__ffc"."hard" AS "hard"
ORDER BY
  "id";

-- right(s, 2)
SELECT
  "hard"."id" AS "id",
  RIGHT("hard"."s", 2) COLLATE "C" AS "x"
FROM "__ffc"."hard" AS "hard"
ORDER BY
  "id";

-- right(s, -1)
SELECT
  "hard"."id" AS "id",
  RIGHT("hard"."s", -1) COLLATE "C" AS "x"
FROM "__ffc"."hard" AS "hard"
ORDER BY
  "id";

-- substring(s, 2, 2)
SELECT
  "hard"."id" AS "id",
  SUBSTRING("hard"."s" FROM 2 FOR 2) COLLATE "C" AS "x"
FROM "__ffc"."hard" AS "hard"
ORDER BY
  "id";

-- substring(s, 2)
SELECT
  "hard"."id" AS "id",
  SUBSTRING("hard"."s" FROM 2) COLLATE "C" AS "x"
FROM "__ffc"."hard" AS "hard"
ORDER BY
  "id";

-- replace(s, 'a', 'xy')
SELECT
  "hard"."id" AS "id",
  REPLACE("hard"."s", 'a', 'xy') COLLATE "C" AS "x"
FROM "__ffc"."hard" AS "hard"
ORDER BY
  "id";

-- strpos(s, 'b')
SELECT
  "hard"."id" AS "id",
  CAST(STRPOS("hard"."s", 'b') AS BIGINT) AS "x"
FROM "__ffc"."hard" AS "hard"
ORDER BY
  "id";

-- contains(s, 'a')
SELECT
  "hard"."id" AS "id",
  CAST(STRPOS("hard"."s", 'a') > 0 AS BOOLEAN) AS "x"
FROM "__ffc"."hard" AS "hard"
ORDER BY
  "id";

-- starts_with(s, 'a')
SELECT
  "hard"."id" AS "id",
  CAST(STARTS_WITH("hard"."s", 'a') AS BOOLEAN) AS "x"
FROM "__ffc"."hard" AS "hard"
ORDER BY
  "id";

-- ends_with(s, 'a')
SELECT
  "hard"."id" AS "id",
  CAST(RIGHT("hard"."s", LENGTH('a')) = 'a' AS BOOLEAN) AS "x"
FROM "__ffc"."hard" AS "hard"
ORDER BY
  "id";

-- split_part(s, ',', 1)
SELECT
  "hard"."id" AS "id",
  SPLIT_PART("hard"."s", ',', 1) COLLATE "C" AS "x"
FROM "__ffc"."hard" AS "hard"
ORDER BY
  "id";

-- split_part(s, ',', 2)
SELECT
  "hard"."id" AS "id",
  SPLIT_PART("hard"."s", ',', 2) COLLATE "C" AS "x"
FROM "__ffc"."hard" AS "hard"
ORDER BY
  "id";

-- repeat(s, 2)
SELECT
  "hard"."id" AS "id",
  REPEAT("hard"."s", 2) COLLATE "C" AS "x"
FROM "__ffc"."hard" AS "hard"
ORDER BY
  "id";

-- regexp_matches(s, '^[a-z]+$')
SELECT
  "hard"."id" AS "id",
  CAST("hard"."s" ~ '^[a-z]+$' AS BOOLEAN) AS "x"
FROM "__ffc"."hard" AS "hard"
ORDER BY
  "id";

-- regexp_replace(s, '[ab]', 'X')
SELECT
  "hard"."id" AS "id",
  REGEXP_REPLACE("hard"."s", '[ab]', 'X') COLLATE "C" AS "x"
FROM "__ffc"."hard" AS "hard"
ORDER BY
  "id";

-- regexp_replace(s, '[ab]', 'X', 'g')
SELECT
  "hard"."id" AS "id",
  REGEXP_REPLACE("hard"."s", '[ab]', 'X', 'g') COLLATE "C" AS "x"
FROM "__ffc"."hard" AS "hard"
ORDER BY
  "id";

-- md5(s)
SELECT
  "hard"."id" AS "id",
  MD5("hard"."s") COLLATE "C" AS "x"
FROM "__ffc"."hard" AS "hard"
ORDER BY
  "id";

-- chr(65)
SELECT
  "hard"."id" AS "id",
  CHR(  65) COLLATE "C" AS "x"
FROM "__ffc"."hard" AS "hard"
ORDER BY
  "id";

-- ascii(s)
SELECT
  "hard"."id" AS "id",
  CAST(ASCII("hard"."s") AS INT) AS "x"
FROM "__ffc"."hard" AS "hard"
ORDER BY
  "id";

-- greatest(s, 'a', 'b')
SELECT
  "hard"."id" AS "id",
  GREATEST("hard"."s", 'a' COLLATE "C", 'b' COLLATE "C") COLLATE "C" AS "x"
FROM "__ffc"."hard" AS "hard"
ORDER BY
  "id";

-- least(s, 'b')
SELECT
  "hard"."id" AS "id",
  LEAST("hard"."s", 'b' COLLATE "C") COLLATE "C" AS "x"
FROM "__ffc"."hard" AS "hard"
ORDER BY
  "id";

-- greatest(d, i)
SELECT
  "hard"."id" AS "id",
  CAST(GREATEST("hard"."d", "hard"."i") AS DOUBLE PRECISION) AS "x"
FROM "__ffc"."hard" AS "hard"
ORDER BY
  "id";

-- least(i, null, 3)
SELECT
  "hard"."id" AS "id",
  CAST(LEAST("hard"."i", NULL, 3) AS INT) AS "x"
FROM "__ffc"."hard" AS "hard"
ORDER BY
  "id";

-- coalesce(s, 'x')
SELECT
  "hard"."id" AS "id",
  COALESCE("hard"."s", 'x') COLLATE "C" AS "x"
FROM "__ffc"."hard" AS "hard"
ORDER BY
  "id";

-- coalesce(i, 1.5)
SELECT
  "hard"."id" AS "id",
  CAST(COALESCE("hard"."i", 1.5) AS DECIMAL(11, 1)) AS "x"
FROM "__ffc"."hard" AS "hard"
ORDER BY
  "id";

-- nullif(s, 'a')
SELECT
  "hard"."id" AS "id",
  NULLIF("hard"."s", 'a') COLLATE "C" AS "x"
FROM "__ffc"."hard" AS "hard"
ORDER BY
  "id";

-- case when p then s else 'zz' end
SELECT
  "hard"."id" AS "id",
  (
    CASE WHEN "hard"."p" THEN "hard"."s" ELSE 'zz' END
  ) COLLATE "C" AS "x"
FROM "__ffc"."hard" AS "hard"
ORDER BY
  "id";

-- case when p then i else 1.5 end
SELECT
  "hard"."id" AS "id",
  CAST(CASE WHEN "hard"."p" THEN "hard"."i" ELSE 1.5 END AS DECIMAL(11, 1)) AS "x"
FROM "__ffc"."hard" AS "hard"
ORDER BY
  "id";

-- p and i > 1
SELECT
  "hard"."id" AS "id",
  CAST("hard"."p" AND "hard"."i" > 1 AS BOOLEAN) AS "x"
FROM "__ffc"."hard" AS "hard"
ORDER BY
  "id";

-- not p
SELECT
  "hard"."id" AS "id",
  CAST(NOT "hard"."p" AS BOOLEAN) AS "x"
FROM "__ffc"."hard" AS "hard"
ORDER BY
  "id";

-- p is true
SELECT
  "hard"."id" AS "id",
  CAST("hard"."p" IS TRUE AS BOOLEAN) AS "x"
FROM "__ffc"."hard" AS "hard"
ORDER BY
  "id";

-- isnan(d)
SELECT
  "hard"."id" AS "id",
  CAST("hard"."d" = CAST('NaN' AS DOUBLE PRECISION) AS BOOLEAN) AS "x"
FROM "__ffc"."hard" AS "hard"
ORDER BY
  "id";

-- isinf(d)
SELECT
  "hard"."id" AS "id",
  CAST(ABS("hard"."d") = CAST('Infinity' AS DOUBLE PRECISION) AS BOOLEAN) AS "x"
FROM "__ffc"."hard" AS "hard"
ORDER BY
  "id";

-- abs(d)
SELECT
  "hard"."id" AS "id",
  CAST(ABS("hard"."d") AS DOUBLE PRECISION) AS "x"
FROM "__ffc"."hard" AS "hard"
ORDER BY
  "id";

-- abs(i)
SELECT
  "hard"."id" AS "id",
  CAST(ABS("hard"."i") AS INT) AS "x"
FROM "__ffc"."hard" AS "hard"
ORDER BY
  "id";

-- floor(d)
SELECT
  "hard"."id" AS "id",
  CAST(FLOOR("hard"."d") AS DOUBLE PRECISION) AS "x"
FROM "__ffc"."hard" AS "hard"
ORDER BY
  "id";

-- ceil(d)
SELECT
  "hard"."id" AS "id",
  CAST(CEIL("hard"."d") AS DOUBLE PRECISION) AS "x"
FROM "__ffc"."hard" AS "hard"
ORDER BY
  "id";

-- floor(n)
SELECT
  "hard"."id" AS "id",
  CAST(FLOOR("hard"."n") AS DECIMAL(13, 0)) AS "x"
FROM "__ffc"."hard" AS "hard"
ORDER BY
  "id";

-- sign(d)
SELECT
  "hard"."id" AS "id",
  CAST(SIGN("hard"."d") AS SMALLINT) AS "x"
FROM "__ffc"."hard" AS "hard"
ORDER BY
  "id";

-- sign(i)
SELECT
  "hard"."id" AS "id",
  CAST(SIGN("hard"."i") AS SMALLINT) AS "x"
FROM "__ffc"."hard" AS "hard"
ORDER BY
  "id";

-- trunc(d)
SELECT
  "hard"."id" AS "id",
  CAST(TRUNC("hard"."d") AS DOUBLE PRECISION) AS "x"
FROM "__ffc"."hard" AS "hard"
ORDER BY
  "id";

-- trunc(n)
SELECT
  "hard"."id" AS "id",
  CAST(TRUNC("hard"."n") AS DECIMAL(13, 0)) AS "x"
FROM "__ffc"."hard" AS "hard"
ORDER BY
  "id";

-- sqrt(abs(d))
SELECT
  "hard"."id" AS "id",
  CAST(SQRT(ABS("hard"."d")) AS DOUBLE PRECISION) AS "x"
FROM "__ffc"."hard" AS "hard"
ORDER BY
  "id";

-- power(i, 2)
SELECT
  "hard"."id" AS "id",
  CAST(POWER(CAST("hard"."i" AS DOUBLE PRECISION), CAST(2 AS DOUBLE PRECISION)) AS DOUBLE PRECISION) AS "x"
FROM "__ffc"."hard" AS "hard"
ORDER BY
  "id";

-- 2 ** 3
SELECT
  "hard"."id" AS "id",
  CAST(POWER(CAST(2 AS DOUBLE PRECISION), CAST(3 AS DOUBLE PRECISION)) AS DOUBLE PRECISION) AS "x"
FROM "__ffc"."hard" AS "hard"
ORDER BY
  "id";

-- exp(0.5)
SELECT
  "hard"."id" AS "id",
  CAST(EXP(CAST(0.5 AS DOUBLE PRECISION)) AS DOUBLE PRECISION) AS "x"
FROM "__ffc"."hard" AS "hard"
ORDER BY
  "id";

-- ln(2)
SELECT
  "hard"."id" AS "id",
  CAST(LN(CAST(2 AS DOUBLE PRECISION)) AS DOUBLE PRECISION) AS "x"
FROM "__ffc"."hard" AS "hard"
ORDER BY
  "id";

-- log(100)
SELECT
  "hard"."id" AS "id",
  CAST(LOG(CAST(100 AS DOUBLE PRECISION)) AS DOUBLE PRECISION) AS "x"
FROM "__ffc"."hard" AS "hard"
ORDER BY
  "id";

-- log10(1000)
SELECT
  "hard"."id" AS "id",
  CAST(LOG(CAST(1000 AS DOUBLE PRECISION)) AS DOUBLE PRECISION) AS "x"
FROM "__ffc"."hard" AS "hard"
ORDER BY
  "id";

-- cbrt(8)
SELECT
  "hard"."id" AS "id",
  CAST(CBRT(CAST(8 AS DOUBLE PRECISION)) AS DOUBLE PRECISION) AS "x"
FROM "__ffc"."hard" AS "hard"
ORDER BY
  "id";

-- d * 2
SELECT
  "hard"."id" AS "id",
  CAST("hard"."d" * 2 AS DOUBLE PRECISION) AS "x"
FROM "__ffc"."hard" AS "hard"
ORDER BY
  "id";

-- date_trunc('day', t)
SELECT
  "hard"."id" AS "id",
  CAST(DATE_TRUNC('day', "hard"."t") AS TIMESTAMP) AS "x"
FROM "__ffc"."hard" AS "hard"
ORDER BY
  "id";

-- date_trunc('hour', t)
SELECT
  "hard"."id" AS "id",
  CAST(DATE_TRUNC('hour', "hard"."t") AS TIMESTAMP) AS "x"
FROM "__ffc"."hard" AS "hard"
ORDER BY
  "id";

-- date_trunc('week', t)
SELECT
  "hard"."id" AS "id",
  CAST(DATE_TRUNC('week', "hard"."t") AS TIMESTAMP) AS "x"
FROM "__ffc"."hard" AS "hard"
ORDER BY
  "id";

-- date_trunc('month', dt)
SELECT
  "hard"."id" AS "id",
  CAST(DATE_TRUNC('month', CAST("hard"."dt" AS TIMESTAMP)) AS TIMESTAMP) AS "x"
FROM "__ffc"."hard" AS "hard"
ORDER BY
  "id";

-- date_trunc('quarter', dt)
SELECT
  "hard"."id" AS "id",
  CAST(DATE_TRUNC('quarter', CAST("hard"."dt" AS TIMESTAMP)) AS TIMESTAMP) AS "x"
FROM "__ffc"."hard" AS "hard"
ORDER BY
  "id";

-- date_trunc('year', t)
SELECT
  "hard"."id" AS "id",
  CAST(DATE_TRUNC('year', "hard"."t") AS TIMESTAMP) AS "x"
FROM "__ffc"."hard" AS "hard"
ORDER BY
  "id";

-- date_diff('day', t, timestamp '2024-03-01')
SELECT
  "hard"."id" AS "id",
  CAST((
    CAST(CAST('2024-03-01' AS TIMESTAMP) AS DATE) - CAST("hard"."t" AS DATE)
  ) AS BIGINT) AS "x"
FROM "__ffc"."hard" AS "hard"
ORDER BY
  "id";

-- date_diff('day', dt, t)
SELECT
  "hard"."id" AS "id",
  CAST((
    CAST("hard"."t" AS DATE) - CAST("hard"."dt" AS DATE)
  ) AS BIGINT) AS "x"
FROM "__ffc"."hard" AS "hard"
ORDER BY
  "id";

-- date_diff('hour', t, timestamp '2024-03-01')
SELECT
  "hard"."id" AS "id",
  CAST((
    DIV(
      CAST(EXTRACT(EPOCH FROM CAST(DATE_TRUNC('hour', CAST('2024-03-01' AS TIMESTAMP)) AS TIMESTAMP)) AS DECIMAL),
      3600
    ) - DIV(
      CAST(EXTRACT(EPOCH FROM CAST(DATE_TRUNC('hour', "hard"."t") AS TIMESTAMP)) AS DECIMAL),
      3600
    )
  ) AS BIGINT) AS "x"
FROM "__ffc"."hard" AS "hard"
ORDER BY
  "id";

-- date_diff('minute', t, timestamp '2024-03-01')
SELECT
  "hard"."id" AS "id",
  CAST((
    DIV(
      CAST(EXTRACT(EPOCH FROM CAST(DATE_TRUNC('minute', CAST('2024-03-01' AS TIMESTAMP)) AS TIMESTAMP)) AS DECIMAL),
      60
    ) - DIV(
      CAST(EXTRACT(EPOCH FROM CAST(DATE_TRUNC('minute', "hard"."t") AS TIMESTAMP)) AS DECIMAL),
      60
    )
  ) AS BIGINT) AS "x"
FROM "__ffc"."hard" AS "hard"
ORDER BY
  "id";

-- date_diff('second', t, timestamp '2024-03-01 00:00:00.9')
SELECT
  "hard"."id" AS "id",
  CAST((
    DIV(
      CAST(EXTRACT(EPOCH FROM CAST(DATE_TRUNC('second', CAST('2024-03-01 00:00:00.9' AS TIMESTAMP)) AS TIMESTAMP)) AS DECIMAL),
      1
    ) - DIV(
      CAST(EXTRACT(EPOCH FROM CAST(DATE_TRUNC('second', "hard"."t") AS TIMESTAMP)) AS DECIMAL),
      1
    )
  ) AS BIGINT) AS "x"
FROM "__ffc"."hard" AS "hard"
ORDER BY
  "id";

-- date_diff('month', t, timestamp '2024-03-01')
SELECT
  "hard"."id" AS "id",
  CAST((
    (
      EXTRACT(YEAR FROM CAST('2024-03-01' AS TIMESTAMP)) * 12 + EXTRACT(MONTH FROM CAST('2024-03-01' AS TIMESTAMP))
    ) - (
      EXTRACT(YEAR FROM "hard"."t") * 12 + EXTRACT(MONTH FROM "hard"."t")
    )
  ) AS BIGINT) AS "x"
FROM "__ffc"."hard" AS "hard"
ORDER BY
  "id";

-- date_diff('quarter', t, timestamp '2024-03-01')
SELECT
  "hard"."id" AS "id",
  CAST((
    (
      EXTRACT(YEAR FROM CAST('2024-03-01' AS TIMESTAMP)) * 4 + EXTRACT(QUARTER FROM CAST('2024-03-01' AS TIMESTAMP))
    ) - (
      EXTRACT(YEAR FROM "hard"."t") * 4 + EXTRACT(QUARTER FROM "hard"."t")
    )
  ) AS BIGINT) AS "x"
FROM "__ffc"."hard" AS "hard"
ORDER BY
  "id";

-- date_diff('year', dt, t)
SELECT
  "hard"."id" AS "id",
  CAST((
    EXTRACT(YEAR FROM "hard"."t") - EXTRACT(YEAR FROM CAST("hard"."dt" AS TIMESTAMP))
  ) AS BIGINT) AS "x"
FROM "__ffc"."hard" AS "hard"
ORDER BY
  "id";

-- year(t)
SELECT
  "hard"."id" AS "id",
  CAST(EXTRACT(YEAR FROM "hard"."t") AS BIGINT) AS "x"
FROM "__ffc"."hard" AS "hard"
ORDER BY
  "id";

-- month(dt)
SELECT
  "hard"."id" AS "id",
  CAST(EXTRACT(MONTH FROM CAST("hard"."dt" AS TIMESTAMP)) AS BIGINT) AS "x"
FROM "__ffc"."hard" AS "hard"
ORDER BY
  "id";

-- day(t)
SELECT
  "hard"."id" AS "id",
  CAST(EXTRACT(DAY FROM "hard"."t") AS BIGINT) AS "x"
FROM "__ffc"."hard" AS "hard"
ORDER BY
  "id";

-- hour(t)
SELECT
  "hard"."id" AS "id",
  CAST(EXTRACT(HOUR FROM "hard"."t") AS BIGINT) AS "x"
FROM "__ffc"."hard" AS "hard"
ORDER BY
  "id";

-- minute(t)
SELECT
  "hard"."id" AS "id",
  CAST(EXTRACT(MINUTE FROM "hard"."t") AS BIGINT) AS "x"
FROM "__ffc"."hard" AS "hard"
ORDER BY
  "id";

-- second(t)
SELECT
  "hard"."id" AS "id",
  CAST(FLOOR(EXTRACT(SECOND FROM "hard"."t")) AS BIGINT) AS "x"
FROM "__ffc"."hard" AS "hard"
ORDER BY
  "id";

-- quarter(t)
SELECT
  "hard"."id" AS "id",
  CAST(EXTRACT(QUARTER FROM "hard"."t") AS BIGINT) AS "x"
FROM "__ffc"."hard" AS "hard"
ORDER BY
  "id";

-- week(t)
SELECT
  "hard"."id" AS "id",
  CAST(EXTRACT(WEEK FROM "hard"."t") AS BIGINT) AS "x"
FROM "__ffc"."hard" AS "hard"
ORDER BY
  "id";

-- dayofweek(t)
SELECT
  "hard"."id" AS "id",
  CAST(EXTRACT(DOW FROM "hard"."t") AS BIGINT) AS "x"
FROM "__ffc"."hard" AS "hard"
ORDER BY
  "id";

-- isodow(t)
SELECT
  "hard"."id" AS "id",
  CAST(EXTRACT(ISODOW FROM "hard"."t") AS BIGINT) AS "x"
FROM "__ffc"."hard" AS "hard"
ORDER BY
  "id";

-- dayofyear(t)
SELECT
  "hard"."id" AS "id",
  CAST(EXTRACT(DOY FROM "hard"."t") AS BIGINT) AS "x"
FROM "__ffc"."hard" AS "hard"
ORDER BY
  "id";

-- weekday(t)
SELECT
  "hard"."id" AS "id",
  CAST(EXTRACT(DOW FROM "hard"."t") AS BIGINT) AS "x"
FROM "__ffc"."hard" AS "hard"
ORDER BY
  "id";

-- extract(epoch from t)
SELECT
  "hard"."id" AS "id",
  CAST(EXTRACT(EPOCH FROM "hard"."t") AS DOUBLE PRECISION) AS "x"
FROM "__ffc"."hard" AS "hard"
ORDER BY
  "id";

-- extract(dow from dt)
SELECT
  "hard"."id" AS "id",
  CAST(EXTRACT(DOW FROM CAST("hard"."dt" AS TIMESTAMP)) AS BIGINT) AS "x"
FROM "__ffc"."hard" AS "hard"
ORDER BY
  "id";

-- extract(second from t)
SELECT
  "hard"."id" AS "id",
  CAST(FLOOR(EXTRACT(SECOND FROM "hard"."t")) AS BIGINT) AS "x"
FROM "__ffc"."hard" AS "hard"
ORDER BY
  "id";

-- date_part('isoyear', t)
SELECT
  "hard"."id" AS "id",
  CAST(EXTRACT(ISOYEAR FROM "hard"."t") AS BIGINT) AS "x"
FROM "__ffc"."hard" AS "hard"
ORDER BY
  "id";

-- date_part('epoch', t)
SELECT
  "hard"."id" AS "id",
  CAST(EXTRACT(EPOCH FROM "hard"."t") AS DOUBLE PRECISION) AS "x"
FROM "__ffc"."hard" AS "hard"
ORDER BY
  "id";

-- epoch(t)
SELECT
  "hard"."id" AS "id",
  CAST(EXTRACT(EPOCH FROM "hard"."t") AS DOUBLE PRECISION) AS "x"
FROM "__ffc"."hard" AS "hard"
ORDER BY
  "id";

-- t + interval 1 day
SELECT
  "hard"."id" AS "id",
  CAST("hard"."t" + INTERVAL '1 DAY' AS TIMESTAMP) AS "x"
FROM "__ffc"."hard" AS "hard"
ORDER BY
  "id";

-- t - interval 90 minute
SELECT
  "hard"."id" AS "id",
  CAST("hard"."t" - INTERVAL '90 MINUTE' AS TIMESTAMP) AS "x"
FROM "__ffc"."hard" AS "hard"
ORDER BY
  "id";

-- dt + interval 1 month
SELECT
  "hard"."id" AS "id",
  CAST("hard"."dt" + INTERVAL '1 MONTH' AS TIMESTAMP) AS "x"
FROM "__ffc"."hard" AS "hard"
ORDER BY
  "id";

-- dt + 1
SELECT
  "hard"."id" AS "id",
  CAST("hard"."dt" + 1 AS DATE) AS "x"
FROM "__ffc"."hard" AS "hard"
ORDER BY
  "id";

-- dt - date '2024-01-01'
SELECT
  "hard"."id" AS "id",
  CAST("hard"."dt" - CAST('2024-01-01' AS DATE) AS BIGINT) AS "x"
FROM "__ffc"."hard" AS "hard"
ORDER BY
  "id";

-- t - timestamp '2024-01-01' > interval 1 day
SELECT
  "hard"."id" AS "id",
  CAST("hard"."t" - CAST('2024-01-01' AS TIMESTAMP) > INTERVAL '1 DAY' AS BOOLEAN) AS "x"
FROM "__ffc"."hard" AS "hard"
ORDER BY
  "id";

-- epoch(t - timestamp '2024-01-01')
SELECT
  "hard"."id" AS "id",
  CAST(EXTRACT(EPOCH FROM "hard"."t" - CAST('2024-01-01' AS TIMESTAMP)) AS DOUBLE PRECISION) AS "x"
FROM "__ffc"."hard" AS "hard"
ORDER BY
  "id";

-- t + to_minutes(i)
SELECT
  "hard"."id" AS "id",
  CAST("hard"."t" + (
    (
      "hard"."i"
    ) * INTERVAL '1 MINUTE'
  ) AS TIMESTAMP) AS "x"
FROM "__ffc"."hard" AS "hard"
ORDER BY
  "id";

-- t + interval (g) day
SELECT
  "hard"."id" AS "id",
  CAST("hard"."t" + (
    (
      (
        "hard"."g"
      )
    ) * INTERVAL '1 DAY'
  ) AS TIMESTAMP) AS "x"
FROM "__ffc"."hard" AS "hard"
ORDER BY
  "id";

-- to_days(g) + t
SELECT
  "hard"."id" AS "id",
  CAST((
    (
      "hard"."g"
    ) * INTERVAL '1 DAY'
  ) + "hard"."t" AS TIMESTAMP) AS "x"
FROM "__ffc"."hard" AS "hard"
ORDER BY
  "id";

-- date_add(t, interval 1 month)
SELECT
  "hard"."id" AS "id",
  CAST((
    "hard"."t" + INTERVAL '1 MONTH'
  ) AS TIMESTAMP) AS "x"
FROM "__ffc"."hard" AS "hard"
ORDER BY
  "id";

-- cast(t at time zone 'America/New_York' as timestamp)
SELECT
  "hard"."id" AS "id",
  CAST("hard"."t" AT TIME ZONE 'America/New_York' AS TIMESTAMP) AS "x"
FROM "__ffc"."hard" AS "hard"
ORDER BY
  "id";

-- t at time zone 'UTC' at time zone 'America/New_York'
SELECT
  "hard"."id" AS "id",
  CAST("hard"."t" AT TIME ZONE 'UTC' AT TIME ZONE 'America/New_York' AS TIMESTAMP) AS "x"
FROM "__ffc"."hard" AS "hard"
ORDER BY
  "id";

-- (t at time zone 'America/New_York') at time zone 'UTC'
SELECT
  "hard"."id" AS "id",
  CAST((
    "hard"."t" AT TIME ZONE 'America/New_York'
  ) AT TIME ZONE 'UTC' AS TIMESTAMP) AS "x"
FROM "__ffc"."hard" AS "hard"
ORDER BY
  "id";

-- make_timestamp(2024, g, 1, 3, 4, 5.5)
SELECT
  "hard"."id" AS "id",
  CAST(MAKE_TIMESTAMP(2024, CAST("hard"."g" AS INT), 1, 3, 4, CAST(5.5 AS DOUBLE PRECISION)) AS TIMESTAMP) AS "x"
FROM "__ffc"."hard" AS "hard"
ORDER BY
  "id";

-- make_timestamp(2013, 1, 1, b % 24, 0, 0)
SELECT
  "hard"."id" AS "id",
  CAST(MAKE_TIMESTAMP(2013, 1, 1, CAST("hard"."b" % 24 AS INT), 0, CAST(0 AS DOUBLE PRECISION)) AS TIMESTAMP) AS "x"
FROM "__ffc"."hard" AS "hard"
ORDER BY
  "id";

-- make_date(2024, g, 1)
SELECT
  "hard"."id" AS "id",
  CAST(MAKE_DATE(2024, CAST("hard"."g" AS INT), 1) AS DATE) AS "x"
FROM "__ffc"."hard" AS "hard"
ORDER BY
  "id";

-- last_day(dt)
SELECT
  "hard"."id" AS "id",
  CAST((
    DATE_TRUNC('month', CAST("hard"."dt" AS TIMESTAMP)) + INTERVAL '1 month -1 day'
  ) AS DATE) AS "x"
FROM "__ffc"."hard" AS "hard"
ORDER BY
  "id";

-- strftime(t, '%Y-%m-%d %H:%M:%S')
SELECT
  "hard"."id" AS "id",
  TO_CHAR("hard"."t", 'YYYY-MM-DD HH24:MI:SS') COLLATE "C" AS "x"
FROM "__ffc"."hard" AS "hard"
ORDER BY
  "id";

-- strftime(t, 'at %H:%M on %A, %d %B')
SELECT
  "hard"."id" AS "id",
  TO_CHAR("hard"."t", '"a""t" HH24:MI "o""n" FMDay, DD FMMonth') COLLATE "C" AS "x"
FROM "__ffc"."hard" AS "hard"
ORDER BY
  "id";

-- strftime(dt, '%j %u %V %G %p %I %f')
SELECT
  "hard"."id" AS "id",
  TO_CHAR(CAST("hard"."dt" AS TIMESTAMP), 'DDD ID IW IYYY AM HH12 US') COLLATE "C" AS "x"
FROM "__ffc"."hard" AS "hard"
ORDER BY
  "id";

-- dayname(t)
SELECT
  "hard"."id" AS "id",
  TO_CHAR("hard"."t", 'FMDay') COLLATE "C" AS "x"
FROM "__ffc"."hard" AS "hard"
ORDER BY
  "id";

-- monthname(t)
SELECT
  "hard"."id" AS "id",
  TO_CHAR("hard"."t", 'FMMonth') COLLATE "C" AS "x"
FROM "__ffc"."hard" AS "hard"
ORDER BY
  "id";

-- t > '2024-01-01'
SELECT
  "hard"."id" AS "id",
  CAST("hard"."t" > '2024-01-01' AS BOOLEAN) AS "x"
FROM "__ffc"."hard" AS "hard"
ORDER BY
  "id";

-- dt >= '2024-01-01'
SELECT
  "hard"."id" AS "id",
  CAST("hard"."dt" >= '2024-01-01' AS BOOLEAN) AS "x"
FROM "__ffc"."hard" AS "hard"
ORDER BY
  "id";

-- t between dt and dt + 1
SELECT
  "hard"."id" AS "id",
  CAST("hard"."t" BETWEEN "hard"."dt" AND "hard"."dt" + 1 AS BOOLEAN) AS "x"
FROM "__ffc"."hard" AS "hard"
ORDER BY
  "id";

-- null
SELECT
  "hard"."id" AS "id",
  CAST(NULL AS INT) AS "x"
FROM "__ffc"."hard" AS "hard"
ORDER BY
  "id";

-- 1
SELECT
  "hard"."id" AS "id",
  CAST(1 AS INT) AS "x"
FROM "__ffc"."hard" AS "hard"
ORDER BY
  "id";

-- 3000000000
SELECT
  "hard"."id" AS "id",
  CAST(3000000000 AS BIGINT) AS "x"
FROM "__ffc"."hard" AS "hard"
ORDER BY
  "id";

-- 1.5
SELECT
  "hard"."id" AS "id",
  CAST(1.5 AS DECIMAL(2, 1)) AS "x"
FROM "__ffc"."hard" AS "hard"
ORDER BY
  "id";

-- 1e10
SELECT
  "hard"."id" AS "id",
  CAST(1e10 AS DOUBLE PRECISION) AS "x"
FROM "__ffc"."hard" AS "hard"
ORDER BY
  "id";

-- 'x'
SELECT
  "hard"."id" AS "id",
  'x' COLLATE "C" AS "x"
FROM "__ffc"."hard" AS "hard"
ORDER BY
  "id";

-- true
SELECT
  "hard"."id" AS "id",
  CAST(TRUE AS BOOLEAN) AS "x"
FROM "__ffc"."hard" AS "hard"
ORDER BY
  "id";

-- row_number() over (order by s, id)
SELECT
  "hard"."id" AS "id",
  CAST(ROW_NUMBER() OVER (ORDER BY "hard"."s", "hard"."id") AS BIGINT) AS "x"
FROM "__ffc"."hard" AS "hard"
ORDER BY
  "id";

-- row_number() over (order by d desc, id)
SELECT
  "hard"."id" AS "id",
  CAST(ROW_NUMBER() OVER (ORDER BY "hard"."d" DESC NULLS LAST, "hard"."id") AS BIGINT) AS "x"
FROM "__ffc"."hard" AS "hard"
ORDER BY
  "id";

-- rank() over (order by i desc)
SELECT
  "hard"."id" AS "id",
  CAST(RANK() OVER (ORDER BY "hard"."i" DESC NULLS LAST) AS BIGINT) AS "x"
FROM "__ffc"."hard" AS "hard"
ORDER BY
  "id";

-- dense_rank() over (partition by g order by s)
SELECT
  "hard"."id" AS "id",
  CAST(DENSE_RANK() OVER (PARTITION BY "hard"."g" ORDER BY "hard"."s") AS BIGINT) AS "x"
FROM "__ffc"."hard" AS "hard"
ORDER BY
  "id";

-- ntile(3) over (order by id)
SELECT
  "hard"."id" AS "id",
  CAST(NTILE(3) OVER (ORDER BY "hard"."id") AS BIGINT) AS "x"
FROM "__ffc"."hard" AS "hard"
ORDER BY
  "id";

-- percent_rank() over (order by id)
SELECT
  "hard"."id" AS "id",
  CAST(PERCENT_RANK() OVER (ORDER BY "hard"."id") AS DOUBLE PRECISION) AS "x"
FROM "__ffc"."hard" AS "hard"
ORDER BY
  "id";

-- cume_dist() over (order by i)
SELECT
  "hard"."id" AS "id",
  CAST(CUME_DIST() OVER (ORDER BY "hard"."i") AS DOUBLE PRECISION) AS "x"
FROM "__ffc"."hard" AS "hard"
ORDER BY
  "id";

-- lag(s) over (order by id)
SELECT
  "hard"."id" AS "id",
  LAG("hard"."s") OVER (ORDER BY "hard"."id") COLLATE "C" AS "x"
FROM "__ffc"."hard" AS "hard"
ORDER BY
  "id";

-- lead(i, 2, 0) over (order by id)
SELECT
  "hard"."id" AS "id",
  CAST(LEAD("hard"."i", 2, CAST(0 AS INT)) OVER (ORDER BY "hard"."id") AS INT) AS "x"
FROM "__ffc"."hard" AS "hard"
ORDER BY
  "id";

-- first_value(s) over (partition by g order by s desc)
SELECT
  "hard"."id" AS "id",
  FIRST_VALUE("hard"."s") OVER (PARTITION BY "hard"."g" ORDER BY "hard"."s" DESC NULLS LAST) COLLATE "C" AS "x"
FROM "__ffc"."hard" AS "hard"
ORDER BY
  "id";

-- last_value(s) over (partition by g order by id)
SELECT
  "hard"."id" AS "id",
  LAST_VALUE("hard"."s") OVER (PARTITION BY "hard"."g" ORDER BY "hard"."id") COLLATE "C" AS "x"
FROM "__ffc"."hard" AS "hard"
ORDER BY
  "id";

-- nth_value(i, 2) over (order by id)
SELECT
  "hard"."id" AS "id",
  CAST(NTH_VALUE("hard"."i", 2) OVER (ORDER BY "hard"."id") AS INT) AS "x"
FROM "__ffc"."hard" AS "hard"
ORDER BY
  "id";

-- last_value(i ignore nulls) over (order by id)
SELECT
  "hard"."id" AS "id",
  CAST((
    ARRAY_AGG("hard"."i") FILTER(WHERE
      NOT "hard"."i" IS NULL) OVER (ORDER BY "hard"."id")
  )[CARDINALITY(
    ARRAY_AGG("hard"."i") FILTER(WHERE
      NOT "hard"."i" IS NULL) OVER (ORDER BY "hard"."id")
  )] AS INT) AS "x"
FROM "__ffc"."hard" AS "hard"
ORDER BY
  "id";

-- first_value(s ignore nulls) over (partition by g order by id desc rows between 1 preceding and current row)
SELECT
  "hard"."id" AS "id",
  (
    ARRAY_AGG("hard"."s") FILTER(WHERE
      NOT "hard"."s" IS NULL) OVER (
      PARTITION BY "hard"."g"
      ORDER BY "hard"."id" DESC NULLS LAST
      rows BETWEEN 1 preceding AND CURRENT ROW
    )
  )[1] COLLATE "C" AS "x"
FROM "__ffc"."hard" AS "hard"
ORDER BY
  "id";

-- sum(i) over (partition by g)
SELECT
  "hard"."id" AS "id",
  CAST(SUM("hard"."i") OVER (PARTITION BY "hard"."g") AS DECIMAL(38, 0)) AS "x"
FROM "__ffc"."hard" AS "hard"
ORDER BY
  "id";

-- sum(d) over (partition by g order by id)
SELECT
  "hard"."id" AS "id",
  CAST(SUM("hard"."d") OVER (PARTITION BY "hard"."g" ORDER BY "hard"."id") AS DOUBLE PRECISION) AS "x"
FROM "__ffc"."hard" AS "hard"
ORDER BY
  "id";

-- sum(b) over (order by id rows between 1 preceding and current row)
SELECT
  "hard"."id" AS "id",
  CAST(SUM("hard"."b") OVER (ORDER BY "hard"."id" rows BETWEEN 1 preceding AND CURRENT ROW) AS DECIMAL(38, 0)) AS "x"
FROM "__ffc"."hard" AS "hard"
ORDER BY
  "id";

-- avg(i) over (partition by g)
SELECT
  "hard"."id" AS "id",
  CAST(AVG(CAST("hard"."i" AS DOUBLE PRECISION)) OVER (PARTITION BY "hard"."g") AS DOUBLE PRECISION) AS "x"
FROM "__ffc"."hard" AS "hard"
ORDER BY
  "id";

-- count(*) over (partition by g order by id)
SELECT
  "hard"."id" AS "id",
  CAST(COUNT(*) OVER (PARTITION BY "hard"."g" ORDER BY "hard"."id") AS BIGINT) AS "x"
FROM "__ffc"."hard" AS "hard"
ORDER BY
  "id";

-- max(s) over (order by id)
SELECT
  "hard"."id" AS "id",
  MAX("hard"."s") OVER (ORDER BY "hard"."id") COLLATE "C" AS "x"
FROM "__ffc"."hard" AS "hard"
ORDER BY
  "id";

-- max(p) over (partition by g)
SELECT
  "hard"."id" AS "id",
  CAST(BOOL_OR("hard"."p") OVER (PARTITION BY "hard"."g") AS BOOLEAN) AS "x"
FROM "__ffc"."hard" AS "hard"
ORDER BY
  "id";

-- min(s || 'x') over ()
SELECT
  "hard"."id" AS "id",
  MIN((
    "hard"."s" || 'x'
  ) COLLATE "C") OVER () COLLATE "C" AS "x"
FROM "__ffc"."hard" AS "hard"
ORDER BY
  "id";

-- sum(i) over (order by t range between interval 3 day preceding and current row)
SELECT
  "hard"."id" AS "id",
  CAST(SUM("hard"."i") OVER (ORDER BY "hard"."t" range BETWEEN INTERVAL '3 DAY' preceding AND CURRENT ROW) AS DECIMAL(38, 0)) AS "x"
FROM "__ffc"."hard" AS "hard"
ORDER BY
  "id";

-- count(s) filter (where p) over (partition by g)
SELECT
  "hard"."id" AS "id",
  CAST(COUNT("hard"."s") FILTER(WHERE
    "hard"."p") OVER (PARTITION BY "hard"."g") AS BIGINT) AS "x"
FROM "__ffc"."hard" AS "hard"
ORDER BY
  "id";

-- select g, sum(i) as a, sum(b) as b, sum(n) as c, sum(d) as d, sum(r) as e, sum(p) as f from "__ffc"."hard" group by g order by g
SELECT
  "hard"."g" AS "g",
  CAST(SUM("hard"."i") AS DECIMAL(38, 0)) AS "a",
  CAST(SUM("hard"."b") AS DECIMAL(38, 0)) AS "b",
  CAST(SUM("hard"."n") AS DECIMAL(38, 3)) AS "c",
  CAST(SUM("hard"."d") AS DOUBLE PRECISION) AS "d",
  CAST(SUM(CAST("hard"."r" AS DOUBLE PRECISION)) AS DOUBLE PRECISION) AS "e",
  CAST(SUM(CAST("hard"."p" AS INT)) AS DECIMAL(38, 0)) AS "f"
FROM "__ffc"."hard" AS "hard"
GROUP BY
  "hard"."g"
ORDER BY
  "g";

-- select g, cast(sum(i) as bigint) as a, cast(sum(n) as decimal(18,3)) as n from "__ffc"."hard" group by g order by g
SELECT
  "hard"."g" AS "g",
  CAST(SUM("hard"."i") AS BIGINT) AS "a",
  CAST(SUM("hard"."n") AS DECIMAL(18, 3)) AS "n"
FROM "__ffc"."hard" AS "hard"
GROUP BY
  "hard"."g"
ORDER BY
  "g";

-- select g, avg(i) as a, avg(b) as b, avg(n) as c, avg(d) as d, avg(r) as e from "__ffc"."hard" group by g order by g
SELECT
  "hard"."g" AS "g",
  CAST(AVG(CAST("hard"."i" AS DOUBLE PRECISION)) AS DOUBLE PRECISION) AS "a",
  CAST(AVG(CAST("hard"."b" AS DOUBLE PRECISION)) AS DOUBLE PRECISION) AS "b",
  CAST(AVG(CAST("hard"."n" AS DOUBLE PRECISION)) AS DOUBLE PRECISION) AS "c",
  CAST(AVG("hard"."d") AS DOUBLE PRECISION) AS "d",
  CAST(AVG(CAST("hard"."r" AS DOUBLE PRECISION)) AS DOUBLE PRECISION) AS "e"
FROM "__ffc"."hard" AS "hard"
GROUP BY
  "hard"."g"
ORDER BY
  "g";

-- select g, min(s) as a, max(s) as b, min(t) as c, max(dt) as d, min(d) as e, max(d) as f, min(n) as h, max(p) as j, min(p) as k from "__ffc"."hard" group by g order by g
SELECT
  "hard"."g" AS "g",
  MIN("hard"."s") COLLATE "C" AS "a",
  MAX("hard"."s") COLLATE "C" AS "b",
  CAST(MIN("hard"."t") AS TIMESTAMP) AS "c",
  CAST(MAX("hard"."dt") AS DATE) AS "d",
  CAST(MIN("hard"."d") AS DOUBLE PRECISION) AS "e",
  CAST(MAX("hard"."d") AS DOUBLE PRECISION) AS "f",
  CAST(MIN("hard"."n") AS DECIMAL(13, 3)) AS "h",
  CAST(BOOL_OR("hard"."p") AS BOOLEAN) AS "j",
  CAST(BOOL_AND("hard"."p") AS BOOLEAN) AS "k"
FROM "__ffc"."hard" AS "hard"
GROUP BY
  "hard"."g"
ORDER BY
  "g";

-- select g, count(*) as a, count(s) as b, count(distinct i) as c, count_if(p) as d, count(*) filter (where p) as e from "__ffc"."hard" group by g order by g
SELECT
  "hard"."g" AS "g",
  CAST(COUNT(*) AS BIGINT) AS "a",
  CAST(COUNT("hard"."s") AS BIGINT) AS "b",
  CAST(COUNT(DISTINCT "hard"."i") AS BIGINT) AS "c",
  CAST(SUM(CAST("hard"."p" AS INT)) AS DECIMAL(38, 0)) AS "d",
  CAST(COUNT(*) FILTER(WHERE
    "hard"."p") AS BIGINT) AS "e"
FROM "__ffc"."hard" AS "hard"
GROUP BY
  "hard"."g"
ORDER BY
  "g";

-- select count_if(p) as d, sum(i) as x from "__ffc"."hard" where false
SELECT
  CAST(SUM(CAST("hard"."p" AS INT)) AS DECIMAL(38, 0)) AS "d",
  CAST(SUM("hard"."i") AS DECIMAL(38, 0)) AS "x"
FROM "__ffc"."hard" AS "hard"
WHERE
  FALSE;

-- select g, stddev(i) as a, variance(i) as b, stddev_pop(i) as c, var_pop(n) as d, stddev(n) as e from "__ffc"."hard" where id <> 4 group by g order by g
SELECT
  "hard"."g" AS "g",
  CAST(STDDEV(CAST("hard"."i" AS DOUBLE PRECISION)) AS DOUBLE PRECISION) AS "a",
  CAST(VAR_SAMP(CAST("hard"."i" AS DOUBLE PRECISION)) AS DOUBLE PRECISION) AS "b",
  CAST(STDDEV_POP(CAST("hard"."i" AS DOUBLE PRECISION)) AS DOUBLE PRECISION) AS "c",
  CAST(VAR_POP(CAST("hard"."n" AS DOUBLE PRECISION)) AS DOUBLE PRECISION) AS "d",
  CAST(STDDEV(CAST("hard"."n" AS DOUBLE PRECISION)) AS DOUBLE PRECISION) AS "e"
FROM "__ffc"."hard" AS "hard"
WHERE
  "hard"."id" <> 4
GROUP BY
  "hard"."g"
ORDER BY
  "g";

-- select g, median(i) as a, median(b) as b, quantile_cont(i, 0.25) as c, median(i) filter (where p) as e from "__ffc"."hard" group by g order by g
SELECT
  "hard"."g" AS "g",
  CAST(PERCENTILE_CONT(0.5) WITHIN GROUP (ORDER BY
    CAST("hard"."i" AS DOUBLE PRECISION)) AS DOUBLE PRECISION) AS "a",
  CAST(PERCENTILE_CONT(0.5) WITHIN GROUP (ORDER BY
    CAST("hard"."b" AS DOUBLE PRECISION)) AS DOUBLE PRECISION) AS "b",
  CAST(PERCENTILE_CONT(0.25) WITHIN GROUP (ORDER BY
    CAST("hard"."i" AS DOUBLE PRECISION)) AS DOUBLE PRECISION) AS "c",
  CAST(PERCENTILE_CONT(0.5) WITHIN GROUP (ORDER BY
    CAST("hard"."i" AS DOUBLE PRECISION)) FILTER(WHERE
    "hard"."p") AS DOUBLE PRECISION) AS "e"
FROM "__ffc"."hard" AS "hard"
GROUP BY
  "hard"."g"
ORDER BY
  "g";

-- select g, bool_and(p) as a, bool_or(p) as b from "__ffc"."hard" group by g order by g
SELECT
  "hard"."g" AS "g",
  CAST(BOOL_AND("hard"."p") AS BOOLEAN) AS "a",
  CAST(BOOL_OR("hard"."p") AS BOOLEAN) AS "b"
FROM "__ffc"."hard" AS "hard"
GROUP BY
  "hard"."g"
ORDER BY
  "g";

-- select g, arg_max(s, i) as a, arg_min(s, id) as b, arg_max(i, s) as c, arg_max(s, t) filter (where p) as d from "__ffc"."hard" group by g order by g
SELECT
  "hard"."g" AS "g",
  (
    ARRAY_AGG("hard"."s" ORDER BY "hard"."i" DESC NULLS LAST) FILTER(WHERE
      NOT "hard"."s" IS NULL AND NOT "hard"."i" IS NULL)
  )[1] COLLATE "C" AS "a",
  (
    ARRAY_AGG("hard"."s" ORDER BY "hard"."id" ASC) FILTER(WHERE
      NOT "hard"."s" IS NULL AND NOT "hard"."id" IS NULL)
  )[1] COLLATE "C" AS "b",
  CAST((
    ARRAY_AGG("hard"."i" ORDER BY "hard"."s" DESC NULLS LAST) FILTER(WHERE
      NOT "hard"."i" IS NULL AND NOT "hard"."s" IS NULL)
  )[1] AS INT) AS "c",
  (
    ARRAY_AGG("hard"."s" ORDER BY "hard"."t" DESC NULLS LAST) FILTER(WHERE
      (
        NOT "hard"."s" IS NULL AND NOT "hard"."t" IS NULL
      ) AND "hard"."p")
  )[1] COLLATE "C" AS "d"
FROM "__ffc"."hard" AS "hard"
GROUP BY
  "hard"."g"
ORDER BY
  "g";

-- select g, any_value(g) as a from "__ffc"."hard" group by g order by g
SELECT
  "hard"."g" AS "g",
  CAST((
    ARRAY_AGG("hard"."g") FILTER(WHERE
      NOT "hard"."g" IS NULL)
  )[1] AS INT) AS "a"
FROM "__ffc"."hard" AS "hard"
GROUP BY
  "hard"."g"
ORDER BY
  "g";

-- select g, string_agg(s, ',' order by id) as a, string_agg(s, ',' order by s desc) as b from "__ffc"."hard" group by g order by g
SELECT
  "hard"."g" AS "g",
  STRING_AGG("hard"."s", ','
  ORDER BY
    "hard"."id") COLLATE "C" AS "a",
  STRING_AGG("hard"."s", ','
  ORDER BY
    "hard"."s" DESC NULLS LAST) COLLATE "C" AS "b"
FROM "__ffc"."hard" AS "hard"
GROUP BY
  "hard"."g"
ORDER BY
  "g";

-- select g, list(i order by id) as a, list(s order by s desc) as b from "__ffc"."hard" group by g order by g
SELECT
  "hard"."g" AS "g",
  CAST(ARRAY_AGG("hard"."i" ORDER BY "hard"."id") AS INT[]) AS "a",
  CAST(ARRAY_AGG("hard"."s" ORDER BY "hard"."s" DESC NULLS LAST) AS TEXT[]) AS "b"
FROM "__ffc"."hard" AS "hard"
GROUP BY
  "hard"."g"
ORDER BY
  "g";

-- select upper(s) as u, count(*) as n from "__ffc"."hard" group by upper(s) order by u
SELECT
  UPPER(REPLACE("hard"."s", 'ß', 'ẞ') COLLATE "C.utf8") COLLATE "C" AS "u",
  CAST(COUNT(*) AS BIGINT) AS "n"
FROM "__ffc"."hard" AS "hard"
GROUP BY
  UPPER(REPLACE("hard"."s", 'ß', 'ẞ') COLLATE "C.utf8") COLLATE "C"
ORDER BY
  "u";

-- select upper(s) as u, count(*) as n from "__ffc"."hard" group by u order by n, u
SELECT
  UPPER(REPLACE("hard"."s", 'ß', 'ẞ') COLLATE "C.utf8") COLLATE "C" AS "u",
  CAST(COUNT(*) AS BIGINT) AS "n"
FROM "__ffc"."hard" AS "hard"
GROUP BY
  UPPER(REPLACE("hard"."s", 'ß', 'ẞ') COLLATE "C.utf8") COLLATE "C"
ORDER BY
  "n",
  "u";

-- select upper(s) as u, count(*) as n from "__ffc"."hard" group by 1 having count(*) > 0 order by 1
SELECT
  UPPER(REPLACE("hard"."s", 'ß', 'ẞ') COLLATE "C.utf8") COLLATE "C" AS "u",
  CAST(COUNT(*) AS BIGINT) AS "n"
FROM "__ffc"."hard" AS "hard"
GROUP BY
  UPPER(REPLACE("hard"."s", 'ß', 'ẞ') COLLATE "C.utf8") COLLATE "C"
HAVING
  COUNT(*) > 0
ORDER BY
  "u";

-- select distinct s || '' as u from "__ffc"."hard" order by u
SELECT DISTINCT
  (
    "hard"."s" || ''
  ) COLLATE "C" AS "u"
FROM "__ffc"."hard" AS "hard"
ORDER BY
  "u";

-- select distinct on (g) g, id, s from "__ffc"."hard" order by g, s desc
SELECT DISTINCT ON ("g")
  "hard"."g" AS "g",
  "hard"."id" AS "id",
  "hard"."s" AS "s"
FROM "__ffc"."hard" AS "hard"
ORDER BY
  "g",
  "s" DESC NULLS LAST;

-- select * exclude (p, g) from "__ffc"."hard" order by id
SELECT
  "hard"."id" AS "id",
  "hard"."i" AS "i",
  "hard"."b" AS "b",
  "hard"."d" AS "d",
  "hard"."r" AS "r",
  "hard"."n" AS "n",
  "hard"."s" AS "s",
  "hard"."t" AS "t",
  "hard"."dt" AS "dt"
FROM "__ffc"."hard" AS "hard"
ORDER BY
  "hard"."id";

-- select * replace (i + 1 as i) from "__ffc"."hard" order by id
SELECT
  "hard"."id" AS "id",
  CAST("hard"."i" + 1 AS INT) AS "i",
  "hard"."b" AS "b",
  "hard"."d" AS "d",
  "hard"."r" AS "r",
  "hard"."n" AS "n",
  "hard"."s" AS "s",
  "hard"."t" AS "t",
  "hard"."dt" AS "dt",
  "hard"."p" AS "p",
  "hard"."g" AS "g"
FROM "__ffc"."hard" AS "hard"
ORDER BY
  "hard"."id";

-- select id, s from "__ffc"."hard" qualify row_number() over (partition by g order by s desc, id) = 1 order by id
SELECT
  CAST("id" AS INT),
  "s"
FROM (
  SELECT
    "hard"."id" AS "id",
    "hard"."s" AS "s",
    ROW_NUMBER() OVER (PARTITION BY "hard"."g" ORDER BY "hard"."s" DESC NULLS LAST, "hard"."id") = 1 AS "__kept"
  FROM "__ffc"."hard" AS "hard"
) AS "__inner"
WHERE
  "__kept"
ORDER BY
  "id";

-- select id, row_number() over (partition by g order by id) as rn from "__ffc"."hard" qualify rn = 1 order by id
SELECT
  CAST("id" AS INT),
  CAST("rn" AS BIGINT)
FROM (
  SELECT
    "hard"."id" AS "id",
    ROW_NUMBER() OVER (PARTITION BY "hard"."g" ORDER BY "hard"."id") AS "rn",
    ROW_NUMBER() OVER (PARTITION BY "hard"."g" ORDER BY "hard"."id") = 1 AS "__kept"
  FROM "__ffc"."hard" AS "hard"
) AS "__inner"
WHERE
  "__kept"
ORDER BY
  "id";

-- select id, i + 1 as j, j * 2 as k from "__ffc"."hard" where j > 1 order by id
SELECT
  "hard"."id" AS "id",
  CAST("hard"."i" + 1 AS INT) AS "j",
  CAST((
    "hard"."i" + 1
  ) * 2 AS INT) AS "k"
FROM "__ffc"."hard" AS "hard"
WHERE
  (
    "hard"."i" + 1
  ) > 1
ORDER BY
  "id";

-- select id, sum(i) over w as a, count(*) over w as b from "__ffc"."hard" window w as (partition by g order by id) order by id
SELECT
  "hard"."id" AS "id",
  CAST(SUM("hard"."i") OVER "w" AS DECIMAL(38, 0)) AS "a",
  CAST(COUNT(*) OVER "w" AS BIGINT) AS "b"
FROM "__ffc"."hard" AS "hard"
WINDOW "w" AS (PARTITION BY "hard"."g" ORDER BY "hard"."id")
ORDER BY
  "id";

-- with x as (select g, upper(s) as u, avg(i) as a from "__ffc"."hard" group by g, u) select g, max(u) as m, max(a) / 2 as h from x group by g order by g
WITH "x" AS (
  SELECT
    "hard"."g" AS "g",
    UPPER(REPLACE("hard"."s", 'ß', 'ẞ') COLLATE "C.utf8") COLLATE "C" AS "u",
    AVG(CAST("hard"."i" AS DOUBLE PRECISION)) AS "a"
  FROM "__ffc"."hard" AS "hard"
  GROUP BY
    "hard"."g",
    UPPER(REPLACE("hard"."s", 'ß', 'ẞ') COLLATE "C.utf8") COLLATE "C"
)
SELECT
  CAST("x"."g" AS INT) AS "g",
  MAX("x"."u") COLLATE "C" AS "m",
  CAST((
    MAX("x"."a") / CAST(2 AS DOUBLE PRECISION)
  ) AS DOUBLE PRECISION) AS "h"
FROM "x" AS "x"
GROUP BY
  "x"."g"
ORDER BY
  "g";

-- select a.id, b.s from "__ffc"."hard" a left join "__ffc"."hard" b on a.id = b.i order by a.id, b.s
SELECT
  "a"."id" AS "id",
  "b"."s" AS "s"
FROM "__ffc"."hard" AS "a"
LEFT JOIN "__ffc"."hard" AS "b"
  ON "a"."id" = "b"."i"
ORDER BY
  "a"."id",
  "b"."s";

-- select a.id, b.s from "__ffc"."hard" a join "__ffc"."hard" b using (id) order by a.id
SELECT
  "a"."id" AS "id",
  "b"."s" AS "s"
FROM "__ffc"."hard" AS "a"
JOIN "__ffc"."hard" AS "b"
  ON "a"."id" = "b"."id"
ORDER BY
  "a"."id";

-- select id, s from "__ffc"."hard" where id in (select i from "__ffc"."hard") order by id
SELECT
  "hard"."id" AS "id",
  "hard"."s" AS "s"
FROM "__ffc"."hard" AS "hard"
WHERE
  "hard"."id" IN (
    SELECT
      "hard"."i" AS "i"
    FROM "__ffc"."hard" AS "hard"
  )
ORDER BY
  "id";

-- select id from "__ffc"."hard" a where exists (select 1 from "__ffc"."hard" b where b.i = a.id) order by id
SELECT
  "a"."id" AS "id"
FROM "__ffc"."hard" AS "a"
WHERE
  EXISTS(
    SELECT
      1 AS "1"
    FROM "__ffc"."hard" AS "b"
    WHERE
      "b"."i" = "a"."id"
  )
ORDER BY
  "id";

-- select id, cast(i as text) as s from "__ffc"."hard" union all select id, s from "__ffc"."hard" order by id, s
SELECT
  "hard"."id" AS "id",
  CAST("hard"."i" AS TEXT) COLLATE "C" AS "s"
FROM "__ffc"."hard" AS "hard"
UNION ALL
SELECT
  "hard"."id" AS "id",
  "hard"."s" AS "s"
FROM "__ffc"."hard" AS "hard"
ORDER BY
  "id",
  "s";

-- select id, i as v from "__ffc"."hard" union select id, b from "__ffc"."hard" order by id, v
SELECT
  "hard"."id" AS "id",
  "hard"."i" AS "v"
FROM "__ffc"."hard" AS "hard"
UNION
SELECT
  "hard"."id" AS "id",
  "hard"."b" AS "b"
FROM "__ffc"."hard" AS "hard"
ORDER BY
  "id",
  "v";

-- select id, null as v from "__ffc"."hard" order by id
SELECT
  "hard"."id" AS "id",
  CAST(NULL AS INT) AS "v"
FROM "__ffc"."hard" AS "hard"
ORDER BY
  "id";

-- select g, grouping(g) as k, count(*) as n from "__ffc"."hard" group by rollup (g) order by g
SELECT
  "hard"."g" AS "g",
  CAST(GROUPING("hard"."g") AS BIGINT) AS "k",
  CAST(COUNT(*) AS BIGINT) AS "n"
FROM "__ffc"."hard" AS "hard"
GROUP BY
  ROLLUP (
    "hard"."g"
  )
ORDER BY
  "g";

-- select id, ID + 1 as x from "__ffc"."hard" order by ID
SELECT
  "hard"."id" AS "id",
  CAST("hard"."id" + 1 AS INT) AS "x"
FROM "__ffc"."hard" AS "hard"
ORDER BY
  "id";

-- select id, S as "S", i "Two Words" from "__ffc"."hard" order by 1
SELECT
  "hard"."id" AS "id",
  "hard"."s" AS "s",
  "hard"."i" AS "Two Words"
FROM "__ffc"."hard" AS "hard"
ORDER BY
  "id";

-- select id, s from "__ffc"."hard" order by s desc limit 3 offset 1
SELECT
  "hard"."id" AS "id",
  "hard"."s" AS "s"
FROM "__ffc"."hard" AS "hard"
ORDER BY
  "s" DESC NULLS LAST
LIMIT 3
OFFSET 1;

-- select id, s from "__ffc"."hard" order by s
SELECT
  "hard"."id" AS "id",
  "hard"."s" AS "s"
FROM "__ffc"."hard" AS "hard"
ORDER BY
  "s";

-- select id, d from "__ffc"."hard" order by d desc, id
SELECT
  "hard"."id" AS "id",
  "hard"."d" AS "d"
FROM "__ffc"."hard" AS "hard"
ORDER BY
  "d" DESC NULLS LAST,
  "id";

-- select id, case s when 'a' then 1 when 'B' then 2 end as c from "__ffc"."hard" order by id
SELECT
  "hard"."id" AS "id",
  CAST(CASE "hard"."s" WHEN 'a' THEN 1 WHEN 'B' THEN 2 END AS INT) AS "c"
FROM "__ffc"."hard" AS "hard"
ORDER BY
  "id";

-- select max(x) as m from (select cast(i as text) as x from "__ffc"."hard") t
SELECT
  MAX("t"."x") COLLATE "C" AS "m"
FROM (
  SELECT
    CAST("hard"."i" AS TEXT) COLLATE "C" AS "x"
  FROM "__ffc"."hard" AS "hard"
) AS "t";

-- select max(case when p then 'b' else 'B' end) as m, min(chr(97 + g)) as c from "__ffc"."hard"
SELECT
  MAX((
    CASE WHEN "hard"."p" THEN 'b' ELSE 'B' END
  ) COLLATE "C") COLLATE "C" AS "m",
  MIN(CHR(  97 + "hard"."g") COLLATE "C") COLLATE "C" AS "c"
FROM "__ffc"."hard" AS "hard";

-- round(i * 1.005, 2)
SELECT
  "hard"."id" AS "id",
  CAST(ROUND("hard"."i" * 1.005, 2) AS DECIMAL(14, 2)) AS "x"
FROM "__ffc"."hard" AS "hard"
ORDER BY
  "id";

-- round(i * 1.5, 1)
SELECT
  "hard"."id" AS "id",
  CAST(ROUND("hard"."i" * 1.5, 1) AS DECIMAL(12, 1)) AS "x"
FROM "__ffc"."hard" AS "hard"
ORDER BY
  "id";

-- (i + 1.5) / 2
SELECT
  "hard"."id" AS "id",
  CAST((
    CAST((
      "hard"."i" + 1.5
    ) AS DOUBLE PRECISION) / CAST(2 AS DOUBLE PRECISION)
  ) AS DOUBLE PRECISION) AS "x"
FROM "__ffc"."hard" AS "hard"
ORDER BY
  "id";

-- cast(s || '' as timestamp) is null and false
SELECT
  "hard"."id" AS "id",
  CAST(CAST(REGEXP_REPLACE("hard"."s" || '', '([.][0-9]{6})[0-9]+', '\1') AS TIMESTAMP) IS NULL
  AND FALSE AS BOOLEAN) AS "x"
FROM "__ffc"."hard" AS "hard"
ORDER BY
  "id";

-- d * 1.5
SELECT
  "hard"."id" AS "id",
  CAST("hard"."d" * 1.5 AS DOUBLE PRECISION) AS "x"
FROM "__ffc"."hard" AS "hard"
ORDER BY
  "id";

-- abs(n * 1.5)
SELECT
  "hard"."id" AS "id",
  CAST(ABS("hard"."n" * 1.5) AS DECIMAL(15, 4)) AS "x"
FROM "__ffc"."hard" AS "hard"
ORDER BY
  "id";

-- sum(i * 1.5) over (order by id)
SELECT
  "hard"."id" AS "id",
  CAST(SUM("hard"."i" * 1.5) OVER (ORDER BY "hard"."id") AS DECIMAL(38, 1)) AS "x"
FROM "__ffc"."hard" AS "hard"
ORDER BY
  "id";

-- regexp_matches(s, 'a|B')
SELECT
  "hard"."id" AS "id",
  CAST("hard"."s" ~ 'a|B' AS BOOLEAN) AS "x"
FROM "__ffc"."hard" AS "hard"
ORDER BY
  "id";

-- regexp_matches(s, '\d')
SELECT
  "hard"."id" AS "id",
  CAST("hard"."s" ~ '\d' AS BOOLEAN) AS "x"
FROM "__ffc"."hard" AS "hard"
ORDER BY
  "id";

-- regexp_matches(s, '^\s')
SELECT
  "hard"."id" AS "id",
  CAST("hard"."s" ~ '^\s' AS BOOLEAN) AS "x"
FROM "__ffc"."hard" AS "hard"
ORDER BY
  "id";

-- regexp_replace(s, '[a-z]+', '')
SELECT
  "hard"."id" AS "id",
  REGEXP_REPLACE("hard"."s", '[a-z]+', '') COLLATE "C" AS "x"
FROM "__ffc"."hard" AS "hard"
ORDER BY
  "id";

-- select g, list(i order by id) as a, list(s order by s desc, id) as b from "__ffc"."hard" group by g order by g
SELECT
  "hard"."g" AS "g",
  CAST(ARRAY_AGG("hard"."i" ORDER BY "hard"."id") AS INT[]) AS "a",
  CAST(ARRAY_AGG("hard"."s" ORDER BY "hard"."s" DESC NULLS LAST, "hard"."id") AS TEXT[]) AS "b"
FROM "__ffc"."hard" AS "hard"
GROUP BY
  "hard"."g"
ORDER BY
  "g";

-- select g, any_value(s) as a from "__ffc"."hard" where id < 3 and id > 1 group by g order by g
SELECT
  "hard"."g" AS "g",
  (
    ARRAY_AGG("hard"."s") FILTER(WHERE
      NOT "hard"."s" IS NULL)
  )[1] COLLATE "C" AS "a"
FROM "__ffc"."hard" AS "hard"
WHERE
  "hard"."id" < 3 AND "hard"."id" > 1
GROUP BY
  "hard"."g"
ORDER BY
  "g";

-- select count(distinct s) as a, sum(distinct g) as b, avg(distinct g) as c from "__ffc"."hard"
SELECT
  CAST(COUNT(DISTINCT "hard"."s") AS BIGINT) AS "a",
  CAST(SUM(DISTINCT "hard"."g") AS DECIMAL(38, 0)) AS "b",
  CAST(AVG(DISTINCT CAST("hard"."g" AS DOUBLE PRECISION)) AS DOUBLE PRECISION) AS "c"
FROM "__ffc"."hard" AS "hard";

-- select s, count(*) as n from "__ffc"."hard" group by s order by n desc, s
SELECT
  "hard"."s" AS "s",
  CAST(COUNT(*) AS BIGINT) AS "n"
FROM "__ffc"."hard" AS "hard"
GROUP BY
  "hard"."s"
ORDER BY
  "n" DESC NULLS LAST,
  "s";

-- lower(s) = 'É'
SELECT
  "hard"."id" AS "id",
  CAST(LOWER("hard"."s" COLLATE "C.utf8") COLLATE "C" = 'É' AS BOOLEAN) AS "x"
FROM "__ffc"."hard" AS "hard"
ORDER BY
  "id";

-- upper(s) > 'B'
SELECT
  "hard"."id" AS "id",
  CAST(UPPER(REPLACE("hard"."s", 'ß', 'ẞ') COLLATE "C.utf8") COLLATE "C" > 'B' AS BOOLEAN) AS "x"
FROM "__ffc"."hard" AS "hard"
ORDER BY
  "id";

-- min(upper(s)) over (partition by g)
SELECT
  "hard"."id" AS "id",
  MIN(UPPER(REPLACE("hard"."s", 'ß', 'ẞ') COLLATE "C.utf8") COLLATE "C") OVER (PARTITION BY "hard"."g") COLLATE "C" AS "x"
FROM "__ffc"."hard" AS "hard"
ORDER BY
  "id";

-- trim(leading from s)
SELECT
  "hard"."id" AS "id",
  LTRIM("hard"."s", '                　') COLLATE "C" AS "x"
FROM "__ffc"."hard" AS "hard"
ORDER BY
  "id";

-- ltrim(s)
SELECT
  "hard"."id" AS "id",
  LTRIM("hard"."s", '                　') COLLATE "C" AS "x"
FROM "__ffc"."hard" AS "hard"
ORDER BY
  "id";

-- rtrim(s)
SELECT
  "hard"."id" AS "id",
  RTRIM("hard"."s", '                　') COLLATE "C" AS "x"
FROM "__ffc"."hard" AS "hard"
ORDER BY
  "id";

-- i in (1, 3, null)
SELECT
  "hard"."id" AS "id",
  CAST("hard"."i" IN (1, 3, NULL) AS BOOLEAN) AS "x"
FROM "__ffc"."hard" AS "hard"
ORDER BY
  "id";

-- i not in (1, 3)
SELECT
  "hard"."id" AS "id",
  CAST(NOT "hard"."i" IN (1, 3) AS BOOLEAN) AS "x"
FROM "__ffc"."hard" AS "hard"
ORDER BY
  "id";

-- d in (0.5, 1.1)
SELECT
  "hard"."id" AS "id",
  CAST("hard"."d" IN (0.5, 1.1) AS BOOLEAN) AS "x"
FROM "__ffc"."hard" AS "hard"
ORDER BY
  "id";

-- coalesce(r, 1.5)
SELECT
  "hard"."id" AS "id",
  CAST(COALESCE("hard"."r", 1.5) AS REAL) AS "x"
FROM "__ffc"."hard" AS "hard"
ORDER BY
  "id";

-- case when r > 1 then r else 0.5 end
SELECT
  "hard"."id" AS "id",
  CAST(CASE WHEN "hard"."r" > CAST(1 AS REAL) THEN "hard"."r" ELSE 0.5 END AS REAL) AS "x"
FROM "__ffc"."hard" AS "hard"
ORDER BY
  "id";

-- least(r, 1.5)
SELECT
  "hard"."id" AS "id",
  CAST(LEAST("hard"."r", 1.5) AS REAL) AS "x"
FROM "__ffc"."hard" AS "hard"
ORDER BY
  "id";

-- date '2024-01-31' + interval '1' month
SELECT
  "hard"."id" AS "id",
  CAST(CAST('2024-01-31' AS DATE) + INTERVAL '1 MONTH' AS TIMESTAMP) AS "x"
FROM "__ffc"."hard" AS "hard"
ORDER BY
  "id";

-- date_trunc('day', t) + interval 1 day
SELECT
  "hard"."id" AS "id",
  CAST(DATE_TRUNC('day', "hard"."t") + INTERVAL '1 DAY' AS TIMESTAMP) AS "x"
FROM "__ffc"."hard" AS "hard"
ORDER BY
  "id";

-- t - interval 1 week
SELECT
  "hard"."id" AS "id",
  CAST("hard"."t" - INTERVAL '1 WEEK' AS TIMESTAMP) AS "x"
FROM "__ffc"."hard" AS "hard"
ORDER BY
  "id";

-- t + interval '2 days'
SELECT
  "hard"."id" AS "id",
  CAST("hard"."t" + INTERVAL '2 DAYS' AS TIMESTAMP) AS "x"
FROM "__ffc"."hard" AS "hard"
ORDER BY
  "id";

-- interval 1 day < interval 25 hour
SELECT
  "hard"."id" AS "id",
  CAST(INTERVAL '1 DAY' < INTERVAL '25 HOUR' AS BOOLEAN) AS "x"
FROM "__ffc"."hard" AS "hard"
ORDER BY
  "id";

-- t::date = dt
SELECT
  "hard"."id" AS "id",
  CAST(CAST("hard"."t" AS DATE) = "hard"."dt" AS BOOLEAN) AS "x"
FROM "__ffc"."hard" AS "hard"
ORDER BY
  "id";

-- t::date
SELECT
  "hard"."id" AS "id",
  CAST("hard"."t" AS DATE) AS "x"
FROM "__ffc"."hard" AS "hard"
ORDER BY
  "id";

-- i::smallint
SELECT
  "hard"."id" AS "id",
  CAST("hard"."i" AS SMALLINT) AS "x"
FROM "__ffc"."hard" AS "hard"
ORDER BY
  "id";

-- s::varchar(1)
SELECT
  "hard"."id" AS "id",
  "hard"."s" AS "x"
FROM "__ffc"."hard" AS "hard"
ORDER BY
  "id";

-- d > 1e0
SELECT
  "hard"."id" AS "id",
  CAST("hard"."d" > CAST(1e0 AS DOUBLE PRECISION) AS BOOLEAN) AS "x"
FROM "__ffc"."hard" AS "hard"
ORDER BY
  "id";

-- n = 1.005
SELECT
  "hard"."id" AS "id",
  CAST("hard"."n" = 1.005 AS BOOLEAN) AS "x"
FROM "__ffc"."hard" AS "hard"
ORDER BY
  "id";

-- n > 1
SELECT
  "hard"."id" AS "id",
  CAST("hard"."n" > 1 AS BOOLEAN) AS "x"
FROM "__ffc"."hard" AS "hard"
ORDER BY
  "id";

-- b > 1.5
SELECT
  "hard"."id" AS "id",
  CAST("hard"."b" > 1.5 AS BOOLEAN) AS "x"
FROM "__ffc"."hard" AS "hard"
ORDER BY
  "id";

-- b = 9007199254740993.0
SELECT
  "hard"."id" AS "id",
  CAST("hard"."b" = 9007199254740993.0 AS BOOLEAN) AS "x"
FROM "__ffc"."hard" AS "hard"
ORDER BY
  "id";

-- i = '1'
SELECT
  "hard"."id" AS "id",
  CAST("hard"."i" = '1' AS BOOLEAN) AS "x"
FROM "__ffc"."hard" AS "hard"
ORDER BY
  "id";

-- s || null
SELECT
  "hard"."id" AS "id",
  CAST((
    "hard"."s" || NULL
  ) COLLATE "C" AS INT) AS "x"
FROM "__ffc"."hard" AS "hard"
ORDER BY
  "id";

-- s > null
SELECT
  "hard"."id" AS "id",
  CAST("hard"."s" > NULL AS BOOLEAN) AS "x"
FROM "__ffc"."hard" AS "hard"
ORDER BY
  "id";

-- not (i is null)
SELECT
  "hard"."id" AS "id",
  CAST(NOT (
    "hard"."i" IS NULL
  ) AS BOOLEAN) AS "x"
FROM "__ffc"."hard" AS "hard"
ORDER BY
  "id";

-- i is not distinct from 1
SELECT
  "hard"."id" AS "id",
  CAST("hard"."i" IS NOT DISTINCT FROM 1 AS BOOLEAN) AS "x"
FROM "__ffc"."hard" AS "hard"
ORDER BY
  "id";

-- i is distinct from null
SELECT
  "hard"."id" AS "id",
  CAST("hard"."i" IS DISTINCT FROM NULL AS BOOLEAN) AS "x"
FROM "__ffc"."hard" AS "hard"
ORDER BY
  "id";

-- abs(-2147483647)
SELECT
  "hard"."id" AS "id",
  CAST(ABS(-2147483647) AS INT) AS "x"
FROM "__ffc"."hard" AS "hard"
ORDER BY
  "id";

-- -i
SELECT
  "hard"."id" AS "id",
  CAST(-"hard"."i" AS INT) AS "x"
FROM "__ffc"."hard" AS "hard"
ORDER BY
  "id";

-- id % -3
SELECT
  "hard"."id" AS "id",
  CAST("hard"."id" % -3 AS INT) AS "x"
FROM "__ffc"."hard" AS "hard"
ORDER BY
  "id";

-- mod(i, 5)
SELECT
  "hard"."id" AS "id",
  CAST("hard"."i" % 5 AS INT) AS "x"
FROM "__ffc"."hard" AS "hard"
ORDER BY
  "id";

-- cast(s as int)
SELECT
  "hard"."id" AS "id",
  CAST(CAST("hard"."s" AS DECIMAL) AS INT) AS "x"
FROM "__ffc"."hard" AS "hard"
ORDER BY
  "id";

-- cast(cast(i as text) as int)
SELECT
  "hard"."id" AS "id",
  CAST(CAST(CAST("hard"."i" AS TEXT) COLLATE "C" AS DECIMAL) AS INT) AS "x"
FROM "__ffc"."hard" AS "hard"
ORDER BY
  "id";

-- cast(cast(d as int) as text)
SELECT
  "hard"."id" AS "id",
  CAST(CAST("hard"."d" AS INT) AS TEXT) COLLATE "C" AS "x"
FROM "__ffc"."hard" AS "hard"
ORDER BY
  "id";

-- cast(cast(n as text) as decimal(10,3))
SELECT
  "hard"."id" AS "id",
  CAST(CAST("hard"."n" AS TEXT) COLLATE "C" AS DECIMAL(10, 3)) AS "x"
FROM "__ffc"."hard" AS "hard"
ORDER BY
  "id";

-- cast(cast(t as text) as timestamp)
SELECT
  "hard"."id" AS "id",
  CAST(REGEXP_REPLACE(CAST("hard"."t" AS TEXT) COLLATE "C", '([.][0-9]{6})[0-9]+', '\1') AS TIMESTAMP) AS "x"
FROM "__ffc"."hard" AS "hard"
ORDER BY
  "id";

-- cast(cast(dt as text) as date)
SELECT
  "hard"."id" AS "id",
  CAST(CAST("hard"."dt" AS TEXT) COLLATE "C" AS DATE) AS "x"
FROM "__ffc"."hard" AS "hard"
ORDER BY
  "id";

-- cast(i as decimal(12,2))
SELECT
  "hard"."id" AS "id",
  CAST("hard"."i" AS DECIMAL(12, 2)) AS "x"
FROM "__ffc"."hard" AS "hard"
ORDER BY
  "id";

-- cast(d as decimal(18,4))
SELECT
  "hard"."id" AS "id",
  CAST(CAST(CAST(ROUND(CAST(CAST("hard"."d" * CAST(10000 AS DOUBLE PRECISION) AS TEXT) AS DECIMAL)) AS DOUBLE PRECISION) AS DECIMAL) * CAST(1e-4 AS DECIMAL) AS DECIMAL(18, 4)) AS "x"
FROM "__ffc"."hard" AS "hard"
ORDER BY
  "id";

-- cast(n as decimal(8,1))
SELECT
  "hard"."id" AS "id",
  CAST("hard"."n" AS DECIMAL(8, 1)) AS "x"
FROM "__ffc"."hard" AS "hard"
ORDER BY
  "id";

-- cast(1.25 as decimal(3,1))
SELECT
  "hard"."id" AS "id",
  CAST(1.25 AS DECIMAL(3, 1)) AS "x"
FROM "__ffc"."hard" AS "hard"
ORDER BY
  "id";

-- cast(d as bigint)
SELECT
  "hard"."id" AS "id",
  CAST("hard"."d" AS BIGINT) AS "x"
FROM "__ffc"."hard" AS "hard"
ORDER BY
  "id";

-- cast(r as decimal(10,2))
SELECT
  "hard"."id" AS "id",
  CAST(CAST(CAST(ROUND(CAST(CAST("hard"."r" * CAST(100 AS DOUBLE PRECISION) AS TEXT) AS DECIMAL)) AS DOUBLE PRECISION) AS DECIMAL) * CAST(1e-2 AS DECIMAL) AS DECIMAL(10, 2)) AS "x"
FROM "__ffc"."hard" AS "hard"
ORDER BY
  "id";

-- round(cast(n as double), 1)
SELECT
  "hard"."id" AS "id",
  CAST((
    CAST(ROUND(
      CAST(CAST(CAST("hard"."n" AS DOUBLE PRECISION) * CAST(10 AS DOUBLE PRECISION) AS TEXT) AS DECIMAL)
    ) AS DOUBLE PRECISION) / CAST(10 AS DOUBLE PRECISION)
  ) AS DOUBLE PRECISION) AS "x"
FROM "__ffc"."hard" AS "hard"
ORDER BY
  "id";

-- round(avg(i) over (partition by g), 1)
SELECT
  "hard"."id" AS "id",
  CAST((
    CAST(ROUND(
      CAST(CAST(AVG(CAST("hard"."i" AS DOUBLE PRECISION)) OVER (PARTITION BY "hard"."g") * CAST(10 AS DOUBLE PRECISION) AS TEXT) AS DECIMAL)
    ) AS DOUBLE PRECISION) / CAST(10 AS DOUBLE PRECISION)
  ) AS DOUBLE PRECISION) AS "x"
FROM "__ffc"."hard" AS "hard"
ORDER BY
  "id";

-- round(i / 3, 2)
SELECT
  "hard"."id" AS "id",
  CAST((
    CAST(ROUND(
      CAST(CAST((
        CAST("hard"."i" AS DOUBLE PRECISION) / CAST(3 AS DOUBLE PRECISION)
      ) * CAST(100 AS DOUBLE PRECISION) AS TEXT) AS DECIMAL)
    ) AS DOUBLE PRECISION) / CAST(100 AS DOUBLE PRECISION)
  ) AS DOUBLE PRECISION) AS "x"
FROM "__ffc"."hard" AS "hard"
ORDER BY
  "id";

-- round(n * 2, 2)
SELECT
  "hard"."id" AS "id",
  CAST(ROUND("hard"."n" * 2, 2) AS DECIMAL(18, 2)) AS "x"
FROM "__ffc"."hard" AS "hard"
ORDER BY
  "id";

-- round(n / 3, 2)
SELECT
  "hard"."id" AS "id",
  CAST((
    CAST(ROUND(
      CAST(CAST((
        CAST("hard"."n" AS DOUBLE PRECISION) / CAST(3 AS DOUBLE PRECISION)
      ) * CAST(100 AS DOUBLE PRECISION) AS TEXT) AS DECIMAL)
    ) AS DOUBLE PRECISION) / CAST(100 AS DOUBLE PRECISION)
  ) AS DOUBLE PRECISION) AS "x"
FROM "__ffc"."hard" AS "hard"
ORDER BY
  "id";

-- floor(n * 1.5)
SELECT
  "hard"."id" AS "id",
  CAST(FLOOR("hard"."n" * 1.5) AS DECIMAL(15, 0)) AS "x"
FROM "__ffc"."hard" AS "hard"
ORDER BY
  "id";

-- power(n, 2)
SELECT
  "hard"."id" AS "id",
  CAST(POWER(CAST("hard"."n" AS DOUBLE PRECISION), CAST(2 AS DOUBLE PRECISION)) AS DOUBLE PRECISION) AS "x"
FROM "__ffc"."hard" AS "hard"
ORDER BY
  "id";

-- n * n
SELECT
  "hard"."id" AS "id",
  CAST("hard"."n" * "hard"."n" AS DECIMAL(18, 6)) AS "x"
FROM "__ffc"."hard" AS "hard"
ORDER BY
  "id";

-- n + n
SELECT
  "hard"."id" AS "id",
  CAST("hard"."n" + "hard"."n" AS DECIMAL(14, 3)) AS "x"
FROM "__ffc"."hard" AS "hard"
ORDER BY
  "id";

-- n - 1
SELECT
  "hard"."id" AS "id",
  CAST("hard"."n" - 1 AS DECIMAL(14, 3)) AS "x"
FROM "__ffc"."hard" AS "hard"
ORDER BY
  "id";

-- i * i / 2
SELECT
  "hard"."id" AS "id",
  CAST((
    CAST("hard"."i" * "hard"."i" AS DOUBLE PRECISION) / CAST(2 AS DOUBLE PRECISION)
  ) AS DOUBLE PRECISION) AS "x"
FROM "__ffc"."hard" AS "hard"
ORDER BY
  "id";

-- sum(n) over (order by id)
SELECT
  "hard"."id" AS "id",
  CAST(SUM("hard"."n") OVER (ORDER BY "hard"."id") AS DECIMAL(38, 3)) AS "x"
FROM "__ffc"."hard" AS "hard"
ORDER BY
  "id";

-- sum(i / 2) over (order by id)
SELECT
  "hard"."id" AS "id",
  CAST(SUM((
    CAST("hard"."i" AS DOUBLE PRECISION) / CAST(2 AS DOUBLE PRECISION)
  )) OVER (ORDER BY "hard"."id") AS DOUBLE PRECISION) AS "x"
FROM "__ffc"."hard" AS "hard"
ORDER BY
  "id";

-- avg(n) over (order by id)
SELECT
  "hard"."id" AS "id",
  CAST(AVG(CAST("hard"."n" AS DOUBLE PRECISION)) OVER (ORDER BY "hard"."id") AS DOUBLE PRECISION) AS "x"
FROM "__ffc"."hard" AS "hard"
ORDER BY
  "id";

-- count(*) over ()
SELECT
  "hard"."id" AS "id",
  CAST(COUNT(*) OVER () AS BIGINT) AS "x"
FROM "__ffc"."hard" AS "hard"
ORDER BY
  "id";

-- min(d) over ()
SELECT
  "hard"."id" AS "id",
  CAST(MIN("hard"."d") OVER () AS DOUBLE PRECISION) AS "x"
FROM "__ffc"."hard" AS "hard"
ORDER BY
  "id";

-- max(d) over ()
SELECT
  "hard"."id" AS "id",
  CAST(MAX("hard"."d") OVER () AS DOUBLE PRECISION) AS "x"
FROM "__ffc"."hard" AS "hard"
ORDER BY
  "id";

-- lag(t, 1) over (partition by g order by t)
SELECT
  "hard"."id" AS "id",
  CAST(LAG("hard"."t", 1) OVER (PARTITION BY "hard"."g" ORDER BY "hard"."t") AS TIMESTAMP) AS "x"
FROM "__ffc"."hard" AS "hard"
ORDER BY
  "id";

-- rank() over (order by s)
SELECT
  "hard"."id" AS "id",
  CAST(RANK() OVER (ORDER BY "hard"."s") AS BIGINT) AS "x"
FROM "__ffc"."hard" AS "hard"
ORDER BY
  "id";

-- row_number() over (order by lower(s), id)
SELECT
  "hard"."id" AS "id",
  CAST(ROW_NUMBER() OVER (ORDER BY LOWER("hard"."s" COLLATE "C.utf8") COLLATE "C", "hard"."id") AS BIGINT) AS "x"
FROM "__ffc"."hard" AS "hard"
ORDER BY
  "id";

-- sum(g) over (order by g)
SELECT
  "hard"."id" AS "id",
  CAST(SUM("hard"."g") OVER (ORDER BY "hard"."g") AS DECIMAL(38, 0)) AS "x"
FROM "__ffc"."hard" AS "hard"
ORDER BY
  "id";

-- sum(g) over (order by g rows between unbounded preceding and 1 following)
SELECT
  "hard"."id" AS "id",
  CAST(SUM("hard"."g") OVER (ORDER BY "hard"."g" rows BETWEEN UNBOUNDED preceding AND 1 following) AS DECIMAL(38, 0)) AS "x"
FROM "__ffc"."hard" AS "hard"
ORDER BY
  "id";

-- sum(g) over (order by g range between 1 preceding and current row)
SELECT
  "hard"."id" AS "id",
  CAST(SUM("hard"."g") OVER (ORDER BY "hard"."g" range BETWEEN 1 preceding AND CURRENT ROW) AS DECIMAL(38, 0)) AS "x"
FROM "__ffc"."hard" AS "hard"
ORDER BY
  "id";

-- max(s) over (partition by upper(s))
SELECT
  "hard"."id" AS "id",
  MAX("hard"."s") OVER (PARTITION BY UPPER(REPLACE("hard"."s", 'ß', 'ẞ') COLLATE "C.utf8") COLLATE "C") COLLATE "C" AS "x"
FROM "__ffc"."hard" AS "hard"
ORDER BY
  "id";

-- select id, s from "__ffc"."hard" qualify coalesce(lag(i) over (order by id) < hard.i, true) order by hard.b desc, id limit 5
SELECT
  CAST("id" AS INT),
  "s"
FROM (
  SELECT
    "hard"."id" AS "id",
    "hard"."s" AS "s",
    COALESCE(LAG("hard"."i") OVER (ORDER BY "hard"."id") < "hard"."i", TRUE) AS "__kept",
    "hard"."b" AS "__order_0"
  FROM "__ffc"."hard" AS "hard"
) AS "__inner"
WHERE
  "__kept"
ORDER BY
  "__order_0" DESC NULLS LAST,
  "id"
LIMIT 5;

-- select distinct g from "__ffc"."hard" qualify count(*) over (partition by g) > 2 order by g
SELECT DISTINCT
  CAST("g" AS INT)
FROM (
  SELECT
    "hard"."g" AS "g",
    COUNT(*) OVER (PARTITION BY "hard"."g") > 2 AS "__kept"
  FROM "__ffc"."hard" AS "hard"
) AS "__inner"
WHERE
  "__kept"
ORDER BY
  "g";

-- select id, sum(i) over w as a from "__ffc"."hard" window w as (partition by g order by s, id) qualify row_number() over w = 1 order by id
SELECT
  CAST("id" AS INT),
  CAST("a" AS DECIMAL(38, 0))
FROM (
  SELECT
    "hard"."id" AS "id",
    SUM("hard"."i") OVER "w" AS "a",
    ROW_NUMBER() OVER "w" = 1 AS "__kept"
  FROM "__ffc"."hard" AS "hard"
  WINDOW "w" AS (PARTITION BY "hard"."g" ORDER BY "hard"."s", "hard"."id")
) AS "__inner"
WHERE
  "__kept"
ORDER BY
  "id";

-- with x as (select id, g, row_number() over (partition by g order by id) as n from "__ffc"."hard" qualify n < 3) select g, count(*) as c, sum(n) as m from x group by g order by g
WITH "x" AS (
  SELECT
    "id",
    "g",
    "n"
  FROM (
    SELECT
      "hard"."id" AS "id",
      "hard"."g" AS "g",
      ROW_NUMBER() OVER (PARTITION BY "hard"."g" ORDER BY "hard"."id") AS "n",
      "hard"."n" < 3 AS "__kept"
    FROM "__ffc"."hard" AS "hard"
  ) AS "__inner"
  WHERE
    "__kept"
)
SELECT
  CAST("x"."g" AS INT) AS "g",
  CAST(COUNT(*) AS BIGINT) AS "c",
  CAST(SUM("x"."n") AS DECIMAL(38, 0)) AS "m"
FROM "x" AS "x"
GROUP BY
  "x"."g"
ORDER BY
  "g";

-- i & 3
SELECT
  "hard"."id" AS "id",
  CAST("hard"."i" & 3 AS INT) AS "x"
FROM "__ffc"."hard" AS "hard"
ORDER BY
  "id";

-- i | 8
SELECT
  "hard"."id" AS "id",
  CAST("hard"."i" | 8 AS INT) AS "x"
FROM "__ffc"."hard" AS "hard"
ORDER BY
  "id";

-- lpad(s, 4, 'xy')
SELECT
  "hard"."id" AS "id",
  LPAD("hard"."s", 4, 'xy') AS "x"
FROM "__ffc"."hard" AS "hard"
ORDER BY
  "id";

-- rpad(s, 1, 'x')
SELECT
  "hard"."id" AS "id",
  RPAD("hard"."s", 1, 'x') AS "x"
FROM "__ffc"."hard" AS "hard"
ORDER BY
  "id";

-- translate(s, 'ab', 'x')
SELECT
  "hard"."id" AS "id",
  TRANSLATE("hard"."s", 'ab', 'x') COLLATE "C" AS "x"
FROM "__ffc"."hard" AS "hard"
ORDER BY
  "id";

-- weekofyear(dt)
SELECT
  "hard"."id" AS "id",
  CAST(EXTRACT(WEEK FROM CAST("hard"."dt" AS TIMESTAMP)) AS BIGINT) AS "x"
FROM "__ffc"."hard" AS "hard"
ORDER BY
  "id";

-- select g, bit_and(i) as a, bit_or(i) as b, count_if(p) as c from "__ffc"."hard" group by g order by g
SELECT
  "hard"."g" AS "g",
  CAST(BIT_AND("hard"."i") AS INT) AS "a",
  CAST(BIT_OR("hard"."i") AS INT) AS "b",
  CAST(SUM(CAST("hard"."p" AS INT)) AS DECIMAL(38, 0)) AS "c"
FROM "__ffc"."hard" AS "hard"
GROUP BY
  "hard"."g"
ORDER BY
  "g";
