/* ingot
key: customer_id
checks:
  - count(*) = count(distinct customer_id)
  - min(lifetime_value) >= 0
*/
select c.customer_id, c.name, c.country, count(distinct o.order_id) as orders,
       sum((i.quantity * i.price * (1 - i.discount))::decimal(18,4)) as lifetime_value, max(o.ordered_at) as last_order
from silver.customers c join silver.orders o on o.customer_id = c.customer_id
     join silver.items i on i.order_id = o.order_id
group by all
