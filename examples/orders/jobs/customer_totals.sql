WITH versions AS (
  SELECT *, CASE WHEN status = 'cancelled' THEN 0 ELSE amount END AS worth FROM orders_versions
), changes AS (  -- by how much each version changes what its customer has spent
  SELECT customer_id, updated_at, worth - coalesce(lag(worth) OVER of_order, 0) AS more, _available_at FROM versions
  WINDOW of_order AS (PARTITION BY order_id ORDER BY updated_at, _period, _file, _row)
), moments AS (
  SELECT customer_id, updated_at, sum(more) AS more, max(_available_at) AS available_at FROM changes GROUP BY 1, 2
)
SELECT customer_id, updated_at, sum(more) OVER so_far AS spent, max(available_at) OVER so_far AS available_at FROM moments
WINDOW so_far AS (PARTITION BY customer_id ORDER BY updated_at)
