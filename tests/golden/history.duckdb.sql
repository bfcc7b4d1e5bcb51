SELECT
  "user_id",
  "seen",
  "loaded",
  "amount"
FROM (
  SELECT
    "user_id" AS "user_id",
    "seen" AS "seen",
    "loaded" AS "loaded",
    CAST("amount" + 0.0 AS DOUBLE) AS "amount"
  FROM "__ffc"."transformation.clean"
) AS "projected"
WHERE
  NOT "user_id" IS NULL AND NOT "seen" IS NULL
QUALIFY
  ROW_NUMBER() OVER (PARTITION BY "user_id", "seen", "loaded" ORDER BY "amount" DESC) = 1
