/* ingot
key: product_id
columns:
  product_id: varchar not null
  name:       varchar
  category:   varchar not null
  list_price: decimal(10,2) not null check (list_price >= 0)
*/
select product_id, name, category, list_price
from bronze.products
