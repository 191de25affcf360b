WITH weeks AS (
  SELECT unnest(generate_series(date_trunc('week', min(valid_from)), max(valid_from) - INTERVAL 28 DAY, INTERVAL 7 DAY)) AS week
  FROM customers_history
)
SELECT customer_id, week, CAST(NOT EXISTS (
    SELECT 1 FROM customers_history AS later WHERE later.customer_id = now.customer_id
      AND later.valid_from <= week + INTERVAL 28 DAY AND coalesce(later.valid_to > week + INTERVAL 28 DAY, true)
  ) AS INTEGER) AS has_left
FROM customers_history AS now JOIN weeks ON valid_from <= week AND coalesce(valid_to > week, true)
