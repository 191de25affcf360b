"""What a row says besides its times: a pool of rides per file, from which every row takes one.

A pool keeps the generator fast (a row costs a choice, not a dozen draws) and its files small.
"""

from __future__ import annotations

from collections.abc import Callable
from random import Random

Value = int | float | str | None
Ride = dict[str, Value]

POOL = 256
"""Rides in a pool; a row's ride is its choice modulo this."""

_VENDOR_CODES = ("CMT", "VTS", "DDS")
_PAYMENT_WORDS = ("CASH", "Credit", "Cash", "CREDIT", "No Charge")
_PAYMENT_CODES = ("CRD", "CSH", "CRE", "CAS", "NOC")
_BASES = ("B00013", "B00254", "B01129", "B01312", "B02107", "B02617")
_LICENSES = (("HV0003", "B02764"), ("HV0003", "B02872"), ("HV0005", "B02510"), ("HV0004", "B02800"))
_AIRPORT_ZONES = (132, 138)


def pool(random: Random, blanks: bool) -> list[Ride]:
    """The rides of one file; with ``blanks`` a few have no vendor or passengers, as happens since 2019."""
    return [_ride(random, blank=blanks and number % 25 == 24) for number in range(POOL)]


def _ride(random: Random, blank: bool) -> Ride:
    def draw(count: int) -> int:
        return int(random.random() * count)

    minutes = 3 + draw(9) + draw(9) + draw(9)
    hundredths = minutes * (14 + draw(12))  # of a mile
    fare = 250 + hundredths * 5 // 2 + minutes * 20  # cents, as all money here
    fare -= fare % 50
    extra, tip, tolls = (0, 50, 100)[draw(3)], (0, 0, 165, 200, 350)[draw(5)], (0,) * 9 + (576,)
    toll = tolls[draw(10)]
    congestion = (0, 250, 275)[draw(3)]
    number, base = draw(4), draw(6)
    zone, vendor, flag = 1 + draw(263), 1 + draw(2), draw(40) == 0
    ride: Ride = {
        "seconds": minutes * 60 + draw(60),
        "wait": 60 + draw(240),
        "vendor": vendor,
        "vendor_code": _VENDOR_CODES[draw(3)],
        "passengers": 1 + draw(2) * draw(6),
        "miles": hundredths / 100,
        **_coordinates(draw),
        "rate": 2 if zone in _AIRPORT_ZONES else 1,
        "stored": "Y" if flag else "N",
        "stored_digit": "1" if flag else "0",
        "payment": 1 + draw(2),
        "payment_word": _PAYMENT_WORDS[draw(5)],
        "payment_code": _PAYMENT_CODES[draw(5)],
        **_paid(fare, extra, tip, toll, congestion),
        "trip_type": 1 + (draw(20) == 0),
        "from_zone": zone,
        "from_zone_or_none": None if draw(3) == 0 else zone,
        "to_zone": 1 + draw(263),
        **_base(draw, _BASES[base], *_LICENSES[number]),
        "no": "N",
        "empty": None,
    }
    if blank:
        ride.update(dict.fromkeys(("vendor", "passengers", "rate", "stored", "payment", "trip_type")))
    return ride


def _coordinates(draw: Callable[[int], int]) -> Ride:
    """Where it began and ended, in degrees: the files before zones have these."""
    return {
        "from_lon": -(73_920_000 + draw(90_000)) / 1_000_000,
        "from_lat": (40_700_000 + draw(90_000)) / 1_000_000,
        "to_lon": -(73_920_000 + draw(90_000)) / 1_000_000,
        "to_lat": (40_700_000 + draw(90_000)) / 1_000_000,
    }


def _paid(fare: int, extra: int, tip: int, toll: int, congestion: int) -> Ride:
    """What is paid, in dollars; given in cents."""
    return {
        "fare": fare / 100,
        "extra": extra / 100,
        "mta": 0.5,
        "tip": tip / 100,
        "tolls": toll / 100,
        "improvement": 0.3,
        "congestion": congestion / 100,
        "total": (fare + extra + 50 + tip + toll + 30 + congestion) / 100,
    }


def _base(draw: Callable[[int], int], base: str, license_number: str, license_base: str) -> Ride:
    """Who sent the car: what the files of for-hire vehicles have."""
    high_volume = license_number == "HV0003"
    return {
        "base": base,
        "base_padded": base + " " * 9 if draw(30) == 0 else base,
        "shared_one": 1 if draw(6) == 0 else None,
        "license": license_number,
        "license_base": license_base,
        "own_base": license_base if high_volume else None,
        "on_scene": 30 + draw(60) if high_volume else None,
        "blank": "N" if high_volume else " ",
    }
