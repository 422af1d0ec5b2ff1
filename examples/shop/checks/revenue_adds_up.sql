-- Nothing may come back: the days together are the orders together.
select days, orders
from (select sum(revenue) as days from gold.daily_sales)
cross join (select sum(amount) as orders from silver.orders)
where days <> orders
