WITH days AS (
  SELECT customer_id, CAST(placed_at AS DATE) AS day, count(DISTINCT order_id) AS orders, sum(amount) AS spent,
    max(_available_at) AS available_at FROM orders GROUP BY 1, 2
)
SELECT *, sum(spent) OVER (PARTITION BY customer_id ORDER BY day) AS spent_so_far FROM days
