-- How far to trust a merchant. A view (the default): nothing is stored, it is read when needed.
select
    merchant_id,
    category,
    risk_score,
    category in ('crypto', 'gambling', 'gift_cards') as is_risky_category
from {{ source('raw', 'merchants') }}
