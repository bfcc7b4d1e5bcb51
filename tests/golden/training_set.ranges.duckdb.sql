WITH "__label" AS (
  SELECT
    "user_id" AS "__c0",
    "seen" AS "__c1",
    "paid" AS "__c4",
    CAST("user_id" AS TEXT) AS "__k0",
    CAST("seen" AS TIMESTAMP) AS "__t"
  FROM "__ffc"."label.paid_back"
), "__view_1" AS (
  SELECT
    "user_id" AS "__k0",
    TRUE AS "__e",
    "country" AS "__f_country"
  FROM "__ffc"."feature_view.profile"
)
SELECT
  "__label"."__c0" AS "user_id",
  "__label"."__c1" AS "seen",
  CASE
    WHEN NOT "v0"."__e" IS NULL
    AND "v0"."__e" >= "__label"."__t" - INTERVAL '2592000' SECOND
    THEN "v0"."__f_amount"
    ELSE CAST('0.0' AS DOUBLE)
  END AS "spending__amount",
  CASE WHEN NOT "v1"."__e" IS NULL THEN "v1"."__f_country" ELSE CAST(NULL AS TEXT) END AS "profile__country",
  "__label"."__c4" AS "paid_back"
FROM "__label"
LEFT JOIN (
  SELECT
    "__k0",
    "__e",
    "__f_amount",
    LEAD("__e", 1, CAST('infinity' AS TIMESTAMP)) OVER (PARTITION BY "__k0" ORDER BY "__e") AS "__until"
  FROM (
    SELECT
      "user_id" AS "__k0",
      "seen" AS "__e",
      "amount" AS "__f_amount"
    FROM "__ffc"."feature_view.spending"
  ) AS "ranked"
) AS "v0"
  ON "v0"."__k0" = "__label"."__k0"
  AND "v0"."__e" < "__label"."__t"
  AND "v0"."__until" >= "__label"."__t"
LEFT JOIN "__view_1" AS "v1"
  ON "v1"."__k0" = "__label"."__k0"
