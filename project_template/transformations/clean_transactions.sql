-- The payments that count: made by a known customer, above a minimum, refunds left out.
-- A table, because everything below reads it more than once.
{{ config(materialized='table') }}

select
    transaction_id,
    customer_id,
    merchant_id,
    amount,
    is_fraud,
    event_time,
    loaded_at
from {{ source('raw', 'transactions') }}
where customer_id is not null
    and not is_refund
    and amount > {{ var('min_amount', 0) }}
