/* ingot
key: order_id
latest: updated_at
columns:
  order_id:    varchar not null check (order_id <> '')
  customer_id: varchar not null references silver.customers
  ordered_at:  timestamp not null
  status:      varchar not null
  country:     varchar not null
  updated_at:  timestamp not null
checks:
  - count(*) > 0
  - count(*) = count(distinct order_id)
*/
select order_id, customer_id, ordered_at, status, country, updated_at
from bronze.orders
