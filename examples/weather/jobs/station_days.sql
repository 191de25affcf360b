SELECT station, day, low, high,
  avg(high) OVER week AS high_of_week,
  sum(rain_mm) OVER week AS rain_of_week,
  max(_available_at) OVER week AS available_at
FROM observations
WINDOW week AS (PARTITION BY station ORDER BY day RANGE BETWEEN INTERVAL 6 DAYS PRECEDING AND CURRENT ROW)
