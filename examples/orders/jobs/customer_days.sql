SELECT customer_id, CAST(placed_at AS DATE) AS day, count(*) AS orders, sum(amount) AS spent FROM orders GROUP BY 1, 2
