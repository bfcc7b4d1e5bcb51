-- What the register says of a plane, one row each. Makers are known under several names.
select
    tailnum as tail_number,
    year as built_year,
    case
        when manufacturer like 'AIRBUS%' then 'AIRBUS'
        when manufacturer like 'MCDONNELL%' or manufacturer = 'DOUGLAS' then 'MCDONNELL DOUGLAS'
        when manufacturer like 'BOMBARDIER%' or manufacturer like 'CANADAIR%' then 'BOMBARDIER'
        else manufacturer
    end as manufacturer,
    seats,
    engines,
    engine in ('Turbo-fan', 'Turbo-jet') as is_jet
from {{ source('nyc', 'planes') }}
qualify row_number() over (partition by tailnum order by year desc nulls last, model, seats) = 1
