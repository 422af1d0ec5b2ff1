/* ingot
description: one row for each order, in its latest state; cancelled orders leave
key: order_id
latest: updated_at
deleted: status = 'cancelled'
columns:
  order_id:    bigint not null
  ordered_at:  timestamp not null
  customer_id: bigint not null references silver.customers
  product_id:  text not null references silver.products
  quantity:    integer not null check (quantity > 0)
  amount:      decimal(12,2) not null check (amount >= 0)
  status:      text not null
  updated_at:  timestamp not null
rules:
  known_status: status in ('new', 'paid', 'shipped', 'cancelled')
  changed_after_it_was_ordered: updated_at >= ordered_at
  cheap_enough: amount < 1000 else warn
checks:
  - count(*) > 0
*/
select order_id, ordered_at, customer_id, product_id, quantity, amount, lower(status) as status, updated_at
from bronze.orders
