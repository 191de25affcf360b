SELECT order_id, placed_at, customer.id AS customer_id, customer.country AS country,
  line.sku AS sku, line.quantity AS quantity, line.quantity * line.price AS amount
FROM (SELECT *, unnest(lines) AS line FROM orders)
