/* ingot
description: what each customer bought
key: customer_id
*/
select c.customer_id, c.name, c.country, count(*) as orders, sum(o.amount) as revenue, max(o.ordered_at) as last_order
from silver.orders o join silver.customers c using (customer_id)
group by all
