SELECT coalesce(after.customer_id, before.customer_id) AS customer_id, after.country AS country, after.plan AS plan,
  after.seats AS seats, op, make_timestamptz(source.ts_ms * 1000) AS changed_at, source.lsn AS lsn, _row
FROM customers
