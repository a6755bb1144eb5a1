"""CITATION.cff is what the Citation File Format 1.2.0 asks for, and tells the truth."""

import json
import tomllib
from pathlib import Path

import pytest
import yaml
from jsonschema import Draft7Validator

ROOT = Path(__file__).parents[2]
SCHEMA = ROOT / "tests/golden/cff/schema.json"


@pytest.fixture
def citation():
    text = (ROOT / "CITATION.cff").read_text(encoding="utf-8")
    return yaml.load(text, yaml.BaseLoader)  # all text, as versions and dates are


@pytest.fixture
def validator():
    return Draft7Validator(json.loads(SCHEMA.read_text(encoding="utf-8")))


def with_numbers(citation):
    """Years, volumes and pages are numbers or text; the year has to be a number."""
    for each in citation["references"]:
        each["year"] = int(each["year"])
    return citation


def test_fits_the_schema(citation, validator):
    errors = validator.iter_errors(with_numbers(citation))
    assert [(list(each.path), each.message) for each in errors] == []


@pytest.mark.parametrize(
    ("damage", "told"),
    [
        (lambda it: it.pop("title"), "'title' is a required property"),
        (lambda it: it.update(license="Apache 2"), "'Apache 2' is not"),
        (lambda it: it["references"][0].pop("authors"), "'authors' is a required"),
    ],
)
def test_what_is_amiss_would_be_seen(citation, validator, damage, told):
    damage(with_numbers(citation))
    assert any(told in str(each) for each in validator.iter_errors(citation))


def test_is_of_this_package(citation):
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    for name in ("version", "license"):
        assert citation[name] == project[name]
    assert [each["name"] for each in citation["authors"]] == [
        each["name"] for each in project["authors"]
    ]
