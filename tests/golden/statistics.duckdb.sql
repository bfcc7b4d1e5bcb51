SELECT
  COUNT(*) AS "rows",
  COUNT("c0") AS "filled_0",
  APPROX_COUNT_DISTINCT("c0") AS "distinct_0",
  COUNT("v0") AS "finite_0",
  MIN("v0") AS "min_0",
  MAX("v0") AS "max_0",
  AVG("v0") AS "mean_0",
  COUNT("c1") AS "filled_1",
  APPROX_COUNT_DISTINCT("c1") AS "distinct_1",
  COUNT("v1") AS "finite_1",
  MIN("v1") AS "min_1",
  MAX("v1") AS "max_1",
  AVG("v1") AS "mean_1",
  COUNT("c2") AS "filled_2"
FROM (
  SELECT
    "amount" AS "c0",
    CASE
      WHEN CAST("amount" AS DOUBLE) > CAST('-inf' AS DOUBLE)
      AND CAST("amount" AS DOUBLE) < CAST('inf' AS DOUBLE)
      THEN CAST("amount" AS DOUBLE)
    END AS "v0",
    "at" AS "c1",
    EXTRACT(EPOCH FROM "at") AS "v1",
    "tag" AS "c2"
  FROM "s"."t"
) AS "t";

SELECT
  COUNT(*) AS "rows",
  COUNT("v0") AS "finite_0",
  STDDEV_SAMP("v0") AS "stddev_0",
  QUANTILE_CONT("v0", [0.05, 0.25, 0.5, 0.75, 0.95]) AS "quantiles_0",
  HISTOGRAM(-"v0", [CAST('-1.5' AS DOUBLE)]) AS "bins_0",
  COUNT("v1") AS "finite_1",
  STDDEV_SAMP("v1") AS "stddev_1",
  QUANTILE_CONT("v1", [0.05, 0.25, 0.5, 0.75, 0.95]) AS "quantiles_1"
FROM (
  SELECT
    "amount" AS "c0",
    CASE
      WHEN CAST("amount" AS DOUBLE) > CAST('-inf' AS DOUBLE)
      AND CAST("amount" AS DOUBLE) < CAST('inf' AS DOUBLE)
      THEN CAST("amount" AS DOUBLE)
    END AS "v0",
    "at" AS "c1",
    EXTRACT(EPOCH FROM "at") AS "v1"
  FROM "s"."t"
  WHERE
    HASH(rowid) % 1073741824 < 268435456
) AS "t";

SELECT
  "column",
  "value",
  "times",
  "distinct"
FROM (
  SELECT
    "column",
    "value",
    "times",
    COUNT(*) OVER (PARTITION BY "column") AS "distinct",
    ROW_NUMBER() OVER (PARTITION BY "column" ORDER BY "times" DESC, "value") AS "place"
  FROM (
    SELECT
      CASE WHEN GROUPING("c0") = 0 THEN 0 WHEN GROUPING("c1") = 0 THEN 1 END AS "column",
      COALESCE(CAST("c0" AS TEXT), CAST("c1" AS TEXT)) AS "value",
      COUNT(*) AS "times"
    FROM (
      SELECT
        "tag" AS "c0",
        "amount" AS "c1"
      FROM "s"."t"
    ) AS "t"
    GROUP BY
      GROUPING SETS (
        ("c0"),
        ("c1")
      )
  ) AS "counted"
  WHERE
    NOT "value" IS NULL
) AS "ranked"
WHERE
  "place" <= 10
ORDER BY
  "column",
  "place";
