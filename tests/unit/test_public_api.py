"""What `import fabgwas as fg` offers."""

import importlib
from types import ModuleType

import pytest

import fabgwas as fg


@pytest.mark.parametrize("name", sorted(set(fg.__all__) - {"__version__"}))
def test_every_public_name_is_a_documented_object(name):
    importlib.import_module("fabgwas.pipeline")  # loads every module of the package
    assert not isinstance(getattr(fg, name), ModuleType)
    assert getattr(fg, name).__doc__


def test_unknown_names_are_refused():
    with pytest.raises(AttributeError, match="no attribute 'alignn'"):
        _ = fg.alignn
    assert set(fg.__all__) == set(dir(fg))
