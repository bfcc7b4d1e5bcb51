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
), "__frontier_0" AS (
  SELECT
    "user_id" AS "__k0",
    GREATEST("seen", "loaded") AS "__u",
    MAX("seen") OVER (PARTITION BY "user_id" ORDER BY GREATEST("seen", "loaded")) AS "__e"
  FROM "__ffc"."feature_view.spending"
  WHERE
    NOT "loaded" IS NULL
), "__found_0" AS (
  SELECT
    "s"."__k0",
    "s"."__t",
    "u"."__e"
  FROM "__spine_0" AS "s"
  ASOF JOIN "__frontier_0" AS "u"
    ON "u"."__k0" = "s"."__k0" AND "u"."__u" < "s"."__t"
), "__view_0" AS (
  SELECT
    "h"."user_id" AS "__k0",
    "h"."seen" AS "__e",
    "h"."amount" AS "__f_amount",
    "s"."__t"
  FROM "__found_0" AS "s"
  ASOF JOIN (
    SELECT
      *
    FROM "__ffc"."feature_view.spending"
    WHERE
      NOT "loaded" IS NULL
  ) AS "h"
    ON "h"."user_id" = "s"."__k0" AND "h"."seen" = "s"."__e" AND "h"."loaded" < "s"."__t"
), "__view_1" AS (
  SELECT
    "user_id" AS "__k0",
    TRUE AS "__e",
    "country" AS "__f_country"
  FROM "__ffc"."feature_view.profile"
)
SELECT
  "l"."__c0" AS "user_id",
  "l"."__c1" AS "seen",
  CASE
    WHEN NOT "v0"."__e" IS NULL AND "v0"."__e" >= "l"."__t" - INTERVAL '2592000' SECOND
    THEN "v0"."__f_amount"
    ELSE CAST('0.0' AS DOUBLE)
  END AS "spending__amount",
  CASE WHEN NOT "v1"."__e" IS NULL THEN "v1"."__f_country" ELSE CAST(NULL AS TEXT) END AS "profile__country",
  "l"."__c4" AS "paid_back"
FROM "__label" AS "l"
LEFT JOIN "__view_0" AS "v0"
  ON "v0"."__k0" = "l"."__k0" AND "v0"."__t" = "l"."__t"
LEFT JOIN "__view_1" AS "v1"
  ON "v1"."__k0" = "l"."__k0"
