/* ingot
key: product_id
checks:
  - min(rank) = 1
  - count(*) <= 20000
*/
select product_id, name, category, revenue, rank() over (partition by category order by revenue desc) as rank
from (select p.product_id, p.name, p.category, sum((i.quantity * i.price * (1 - i.discount))::decimal(18,4)) as revenue
      from silver.products p join silver.items i on i.product_id = p.product_id
      group by all)
