-- The lowest and highest temperature of each station and day; made anew whenever the readings have changed.
SELECT station, CAST(taken_at AS DATE) AS day, min(celsius) AS coldest, max(celsius) AS warmest
FROM readings
GROUP BY station, CAST(taken_at AS DATE)
