"""When an answer is due: the next day on which the house works."""

from datetime import date, datetime, timedelta

from portal.clock import paris_date

_FIXED = {(1, 1), (5, 1), (5, 8), (7, 14), (8, 15), (11, 1), (11, 11), (12, 25)}
_AFTER_EASTER = (1, 39, 50)  # Easter Monday, Ascension Day, Whit Monday


def answer_by(asked_at: datetime) -> date:
    """The last day on which "within one working day" is true of a question put at this instant."""
    day = paris_date(asked_at) + timedelta(days=1)
    while not works(day):
        day += timedelta(days=1)
    return day


def works(day: date) -> bool:
    """False at weekends and on public holidays in France."""
    if day.weekday() >= 5 or (day.month, day.day) in _FIXED:
        return False
    return day not in {easter(day.year) + timedelta(days=days) for days in _AFTER_EASTER}


def easter(year: int) -> date:
    """Easter Sunday (Butcher's reckoning of the Gregorian calendar)."""
    century, rest = divmod(year, 100)
    moon = (19 * (year % 19) + century - century // 4 - (century - (century + 8) // 25 + 1) // 3 + 15) % 30
    sunday = (32 + 2 * (century % 4) + 2 * (rest // 4) - moon - rest % 4) % 7
    late = (year % 19 + 11 * moon + 22 * sunday) // 451
    month, day = divmod(moon + sunday - 7 * late + 114, 31)
    return date(year, month, day + 1)
