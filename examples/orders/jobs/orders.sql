SELECT order_id, placed_at, updated_at, status, customer.id AS customer_id, customer.country AS country, _row,
  CAST(sum(line.quantity) AS INTEGER) AS items, CAST(sum(line.quantity * line.price) AS DECIMAL(10,2)) AS amount
FROM (SELECT *, unnest(lines) AS line FROM orders) GROUP BY ALL
