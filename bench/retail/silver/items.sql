/* ingot
key: item_id
latest: updated_at
columns:
  item_id:    varchar not null
  order_id:   varchar not null references silver.orders
  product_id: varchar not null references silver.products
  quantity:   integer not null check (quantity > 0)
  price:      decimal(10,2) not null check (price >= 0)
  discount:   decimal(4,2) not null
  shipped_on: date
  updated_at: timestamp not null
checks:
  - count(*) > 0
  - min(quantity) > 0
  - max(discount) < 1
*/
select item_id, order_id, product_id, quantity, price, discount, shipped_on, updated_at
from bronze.items
