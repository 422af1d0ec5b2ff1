/* ingot
key: customer_id
latest: updated_at
columns:
  customer_id: varchar not null
  name:        varchar
  country:     varchar not null
  signed_up:   date not null
  updated_at:  timestamp not null
*/
select customer_id, name, country, signed_up, updated_at
from bronze.customers
