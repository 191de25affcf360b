-- As ride_counts.sql, and a row with 0 for every window without a ride of the months that any file covers.
WITH months AS (
    SELECT DISTINCT CAST(_period || '-01' AS TIMESTAMP) AS first FROM trip_counts
), counted AS (
    SELECT dataset, window_start, trips FROM trip_counts
    UNION ALL
    SELECT
        NULL AS dataset,
        unnest(generate_series(first, first + INTERVAL 1 MONTH - INTERVAL 15 MINUTE, INTERVAL 15 MINUTE)) AS window_start,
        0 AS trips
    FROM months
)
SELECT
    window_start AS timestamp,
    CAST(sum(trips) AS BIGINT) AS num_rides,
    CAST(hour(window_start) * 60 + minute(window_start) AS INTEGER) AS minutes,
    CAST(dayofweek(window_start) + 1 AS INTEGER) AS dow,
    CAST(month(window_start) AS INTEGER) AS month,
    CAST(dayofyear(window_start) AS INTEGER) AS doy,
    CAST(coalesce(sum(trips) FILTER (WHERE dataset = 'yellow'), 0) AS BIGINT) AS yellow,
    CAST(coalesce(sum(trips) FILTER (WHERE dataset = 'green'), 0) AS BIGINT) AS green,
    CAST(coalesce(sum(trips) FILTER (WHERE dataset = 'fhv'), 0) AS BIGINT) AS fhv,
    CAST(coalesce(sum(trips) FILTER (WHERE dataset = 'fhvhv'), 0) AS BIGINT) AS fhvhv
FROM counted
GROUP BY window_start
