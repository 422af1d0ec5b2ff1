/* ingot
description: orders and revenue by day and country
key: [day, country]
columns:
  revenue: decimal(38,2) not null check (revenue >= 0)
checks:
  - revenue_adds_up
*/
select o.ordered_at::date as day, c.country, count(*) as orders, sum(o.amount) as revenue
from silver.orders o join silver.customers c using (customer_id)
group by all
