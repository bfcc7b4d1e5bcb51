WITH "__label" AS (
  SELECT
    "user_id" AS "__c0",
    "seen" AS "__c1",
    "paid" AS "__c4",
    CAST("user_id" AS TEXT) AS "__k0",
    CAST("seen" AS TIMESTAMP) AS "__t"
  FROM "__ffc"."label.paid_back"
), "__spine_0" AS (
  SELECT DISTINCT
    "__k0",
    "__t"
  FROM "__label"
  WHERE
    NOT "__k0" IS NULL AND NOT "__t" IS NULL
), "__at_0" AS (
  SELECT
    "q"."__k0",
    "q"."__t",
    "r"."__e"
  FROM "__spine_0" AS "q"
  ASOF JOIN (
    SELECT
      "user_id" AS "__k0",
      "seen" AS "__e"
    FROM "__ffc"."feature_view.spending"
  ) AS "r"
    ON "r"."__k0" = "q"."__k0" AND "r"."__e" < "q"."__t"
), "__learned_0" AS (
  SELECT
    "a"."__k0",
    "a"."__t",
    "a"."__e",
    MAX("h"."loaded") AS "__c"
  FROM "__at_0" AS "a"
  INNER JOIN "__ffc"."feature_view.spending" AS "h"
    ON "h"."user_id" = "a"."__k0" AND "h"."seen" = "a"."__e"
  GROUP BY
    "a"."__k0",
    "a"."__t",
    "a"."__e"
), "__view_0" AS (
  SELECT
    "h"."user_id" AS "__k0",
    "h"."seen" AS "__e",
    "h"."amount" AS "__f_amount",
    "a"."__t"
  FROM "__learned_0" AS "a"
  INNER JOIN "__ffc"."feature_view.spending" AS "h"
    ON "h"."user_id" = "a"."__k0"
    AND "h"."seen" = "a"."__e"
    AND "h"."loaded" IS NOT DISTINCT FROM "a"."__c"
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
LEFT JOIN "__view_0" AS "v0"
  ON "v0"."__k0" = "__label"."__k0" AND "v0"."__t" = "__label"."__t"
LEFT JOIN "__view_1" AS "v1"
  ON "v1"."__k0" = "__label"."__k0"
