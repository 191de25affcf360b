-- Rides by window of 15 minutes, all data sets together and each; a window without a ride has no row.
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
FROM trip_counts
GROUP BY window_start
