/* ingot
key: [day, country]
checks:
  - count(*) > 0
  - min(revenue) >= 0
*/
select o.ordered_at::date as day, o.country, count(distinct o.order_id) as orders,
       sum(i.quantity) as pieces, sum((i.quantity * i.price * (1 - i.discount))::decimal(18,4)) as revenue
from silver.orders o join silver.items i on i.order_id = o.order_id
group by all
