-- name: plain
select a.x as b, upper(trim(c))::int as d from bronze.orders a where x > 1;
-- name: star
select * from bronze.orders;
-- name: star_with_changes
select * exclude (a) replace (b + 1 as b), c as d from bronze.orders;
-- name: two_stars
select *, o.* from bronze.orders o;
-- name: columns_expression
select columns('x.*')::int from bronze.orders;
-- name: no_layer
select 1 as a from orders;
-- name: quoted_file
from 'orders.csv';
-- name: three_parts
select a from lake.bronze.orders;
-- name: reader
from read_csv('x.csv');
-- name: reader_parquet
select * from bronze.a join parquet_scan('x') using (k);
-- name: reader_query
from query_table('bronze.orders');
-- name: unknown_table_function
from some_function(1);
-- name: reads_environment
select getenv('HOME') as home from bronze.a;
-- name: sequence_in_where
select a from bronze.a where a < nextval('s');
-- name: rows_of_functions
select r.r, u.u from range(10) r(r), unnest([1, 2]) u(u), generate_series(1, 2) g(g);
-- name: parameter
select $1 as a;
-- name: time_travel
select a from bronze.a at (version => 3);
-- name: show
show tables;
-- name: describe
describe bronze.a;
-- name: two_statements
select 1 as a; select 2 as b;
-- name: syntax_error
select a frm bronze.orders where;
-- name: not_a_select
create table x as select 1 as a;
-- name: pivot_without_values
pivot bronze.a on x using sum(y);
-- name: left_join
select o.a, c.name from bronze.orders o left join silver.customers c on o.cid = c.id join silver.x using (k);
-- name: join_two_columns
select o.a from bronze.o o join silver.d d on d.k = o.k and d.l = lower(o.l) and o.m > d.m;
-- name: join_on_itself
select o.a from bronze.o o join silver.d d on d.k = d.l;
-- name: join_unqualified
select o.a from bronze.o o join silver.d d on k = l;
-- name: join_to_subquery
select o.a from bronze.o o join (select k from silver.d) d on o.k = d.k;
-- name: right_join
select x.a from bronze.x right join silver.y using (a);
-- name: full_join
select x.a from bronze.x full join silver.y using (a);
-- name: semi_join
select a from bronze.x semi join silver.y using (a);
-- name: anti_join
select a from bronze.x anti join silver.y using (a);
-- name: cross_join
select x.a from bronze.x, silver.y;
-- name: asof_join
select x.a from bronze.x asof join silver.y using (k, t);
-- name: positional_join
select x.a from bronze.x positional join silver.y;
-- name: natural_join
select a from bronze.x natural join silver.y;
-- name: lateral
select o.a, l.u from bronze.o o, lateral (select unnest(o.list) as u) l;
-- name: exists
select a from bronze.a where not exists (select 1 from silver.b where b.i = a.i) and a in (select c.a from silver.c);
-- name: scalar_subquery
select a.a, (select max(b.w) from silver.b) as m from bronze.a;
-- name: aggregate_of_the_outer
select a.a, (select sum(a.x)) as m from bronze.a;
-- name: union_all
select a from bronze.a union all select b from bronze.b union all select c from bronze.c;
-- name: union_by_name
select a from bronze.a union all by name select b from bronze.b;
-- name: union_distinct
select a from bronze.a union select b from bronze.b;
-- name: except
select a from bronze.a except select b from bronze.b;
-- name: cte
with s as (select a from bronze.orders where a > 1), t as (select * from s) select * from t;
-- name: cte_twice
with s as (select a from bronze.orders) select * from s union all select * from s;
-- name: cte_unused
with s as (select a from bronze.orders) select a from bronze.other;
-- name: cte_shadows
with orders as (select * from bronze.orders) select a from (with orders as (select b as a from silver.b) select a from orders), orders;
-- name: cte_like_a_layer
with bronze as (select 1 as i) select bronze.i from bronze, bronze.a;
-- name: cte_out_of_scope
select a from (with s as (select a from bronze.a) select a from s) x, s;
-- name: cte_forward
with a as (select x from b), b as (select x from bronze.b) select x from a;
-- name: recursive
with recursive r as (select a from bronze.a union all select a + 1 from r) select a from r;
-- name: self_join
select x.a from bronze.a x join bronze.a y on x.i = y.i;
-- name: distinct
select distinct a from bronze.a;
-- name: distinct_on
select distinct on (k) a from bronze.a order by t;
-- name: limit
select a from bronze.a order by a limit 3 offset 1;
-- name: offset
select a from bronze.a offset 1;
-- name: limit_inside
select a from (select a from bronze.a limit 10%) x;
-- name: sample
select a from bronze.a tablesample 10%;
-- name: using_sample
select a from bronze.a using sample 3;
-- name: group_by
select a,
  count(*) as n
from bronze.a group by a;
-- name: group_by_all
select a, sum(b) as s from bronze.a group by all;
-- name: rollup
select a, sum(b) as s from bronze.a group by rollup (a);
-- name: aggregate
select max(a) as m from bronze.a;
-- name: macro_aggregate
select weighted_avg(a, b) as m from bronze.a;
-- name: window
select a, row_number() over (partition by k order by a) as r from bronze.a;
-- name: qualify
select a from bronze.a qualify r = 1;
-- name: order_by
select a from bronze.a order by a;
-- name: pivot
pivot bronze.a on x in (1, 2) using sum(y);
-- name: unpivot
unpivot bronze.a on a, b into name n value v;
-- name: unnest
select unnest(l) as u from bronze.a;
-- name: unknown_function
select foo(a) as b from bronze.a;
-- name: clock
select now() as t, current_date as d, today() as e, age(x) as f, age(x, y) as g from bronze.a;
-- name: random
select random() as r, uuid() as u, gen_random_uuid() as v from bronze.a;
-- name: variables
select getvariable('since') as s, getvariable('until') as u from bronze.a where a > getvariable('since');
-- name: variable_by_expression
select getvariable(a) as s from bronze.a;
-- name: aliases
select a + 1 as b, b * 2 as c from bronze.a;
-- name: alias_of_its_own_column
select trim(a) as a from bronze.a;
-- name: renamed_columns
select x from bronze.a t(x, y);
-- name: huge_integer
select 170141183460469231731687303715884105727 as a, 9223372036854775808 as b from bronze.a;
-- name: values
select v.a from (values (1, 2)) v(a, b);
-- name: hash_1
select A.x AS b /* comment */ , (((c))) from Bronze.Orders as A where ((x > 1)) -- end
;
-- name: hash_2
SELECT a.X as b, c
FROM bronze.orders a
WHERE x>1;
-- name: hash_other_constant
select a.x as b, c from bronze.orders a where x > 2;
-- name: hash_other_type
select a.x as b, c from bronze.orders a where x > 1.0;
-- name: hash_other_text
select a.x as b, c from bronze.orders a where x > '1';
-- name: hash_other_operator
select a.x as b, c from bronze.orders a where x >= 1;
-- name: hash_other_alias
select a.x as B, c from bronze.orders a where x > 1;
-- name: hash_other_order
select a.x as b, c from bronze.orders a where x > 1 order by x;
-- name: hash_other_order_desc
select a.x as b, c from bronze.orders a where x > 1 order by x desc;
-- name: hash_other_nulls
select a.x as b, c from bronze.orders a where x > 1 order by x desc nulls last;
-- name: hash_distinct
select distinct a.x as b, c from bronze.orders a where x > 1;
-- name: hash_true
select true as x from bronze.a;
-- name: hash_false
select false as x from bronze.a;
-- name: hash_null
select null as x from bronze.a;
-- name: hash_empty
select '' as x from bronze.a;
-- name: hash_zero
select 0 as x from bronze.a;
-- name: hash_inner
select a.x from bronze.a join bronze.b using (k);
-- name: hash_left
select a.x from bronze.a left join bronze.b using (k);
