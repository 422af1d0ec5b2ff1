/* ingot
key: [month, country]
checks:
  - count(*) > 0
*/
select date_trunc('month', o.ordered_at)::date as month, o.country, count(distinct o.customer_id) as customers,
       sum((i.quantity * i.price)::decimal(18,4)) as gross
from silver.orders o join silver.items i on i.order_id = o.order_id
group by all
