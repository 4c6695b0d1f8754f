"""The loop one would write first: check each row with the libraries, merge it, commit once."""

from __future__ import annotations

import csv
import sys
import time

import phonenumbers
from email_validator import validate_email
from sqlmodel import Field, Session, SQLModel, create_engine


class Person(SQLModel, table=True):
    """A lead, keyed by its email."""

    email: str = Field(primary_key=True)
    phone: str = Field(index=True)
    first_name: str
    last_name: str
    company: str
    title: str
    city: str
    country: str
    source: str
    booth: str


def main(path: str, database: str) -> float:
    """Seconds."""
    engine = create_engine(f"sqlite:///{database}")
    SQLModel.metadata.create_all(engine)
    began = time.perf_counter()
    with open(path, newline="", encoding="utf-8") as file, Session(engine) as session:  # noqa: PTH123  (as people write it)
        for row in csv.DictReader(file):
            session.merge(_person(row))
        session.commit()
    return time.perf_counter() - began


def _person(row: dict[str, str]) -> Person:
    email = validate_email(row["Email"], check_deliverability=False).normalized.lower()
    number = phonenumbers.parse(row["Phone"], "US")
    if not phonenumbers.is_possible_number(number):
        raise ValueError(row["Phone"])
    return Person(
        email=email,
        phone=phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164),
        first_name=row["First Name"], last_name=row["Last Name"], company=row["Company"],
        title=row["Job Title"], city=row["City"], country=row["Country"],
        source=row["Lead Source"], booth=row["Booth"],
    )  # fmt: skip


print(main(*sys.argv[1:]))
