/* ingot
description: what can be ordered
key: product_id
columns:
  product_id: text not null
  title:      text not null
  price:      decimal(10,2) not null check (price > 0)
*/
select product_id, title, price
from bronze.products
