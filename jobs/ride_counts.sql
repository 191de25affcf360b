-- Rides by window of 15 minutes, all data sets together and each; a window without a ride has no row.
SELECT
    window_start AS timestamp,
    CAST(sum(CAST(trips AS DOUBLE)) AS BIGINT) AS num_rides,
    CAST(hour(window_start) * 60 + minute(window_start) AS INTEGER) AS minutes,
    CAST(dayofweek(window_start) + 1 AS INTEGER) AS dow,
    CAST(month(window_start) AS INTEGER) AS month,
    CAST(dayofyear(window_start) AS INTEGER) AS doy,
    CAST(sum(CASE WHEN dataset = 'yellow' THEN CAST(trips AS DOUBLE) ELSE 0 END) AS BIGINT) AS yellow,
    CAST(sum(CASE WHEN dataset = 'green' THEN CAST(trips AS DOUBLE) ELSE 0 END) AS BIGINT) AS green,
    CAST(sum(CASE WHEN dataset = 'fhv' THEN CAST(trips AS DOUBLE) ELSE 0 END) AS BIGINT) AS fhv,
    CAST(sum(CASE WHEN dataset = 'fhvhv' THEN CAST(trips AS DOUBLE) ELSE 0 END) AS BIGINT) AS fhvhv
FROM trip_counts
GROUP BY window_start
