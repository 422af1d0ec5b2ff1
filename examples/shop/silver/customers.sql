/* ingot
description: one row for each customer, as last changed
key: customer_id
latest: changed_at
columns:
  customer_id: bigint not null
  name:        text not null
  country:     text not null check (length(country) = 2)
  changed_at:  timestamp not null
*/
select customer_id, trim(name) as name, upper(trim(country)) as country, changed_at
from bronze.customers
