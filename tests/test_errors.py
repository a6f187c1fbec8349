from __future__ import annotations

import pickle

import pytest

from tropnet import errors
from tropnet.errors import BudgetExceeded, TropnetError, UnsupportedLayerError

ALL = [
    UnsupportedLayerError("act", "Sigmoid", "it is not piecewise linear", "stop before it"),
    BudgetExceeded("terms", 10**9, 10**5, "raise max_terms"),
    errors.UnsafeFileError("a"),
    errors.FormatError("b"),
    errors.ShapeError("c"),
    errors.DomainError("d"),
    errors.CertificateError("e"),
]


@pytest.mark.parametrize("error", ALL, ids=lambda e: type(e).__name__)
def test_errors_come_back_from_another_process_as_they_were(error: TropnetError) -> None:
    copy = pickle.loads(pickle.dumps(error))
    assert type(copy) is type(error)
    assert str(copy) == str(error)
    assert vars(copy) == vars(error)


def test_every_error_is_a_tropnet_error() -> None:
    named = [
        v
        for v in vars(errors).values()
        if getattr(v, "__module__", "") == errors.__name__ and isinstance(v, type)
    ]
    assert {type(e) for e in ALL} | {TropnetError} == set(named)
    assert all(issubclass(v, TropnetError) for v in named)


@pytest.mark.parametrize(
    ("predicted", "budget", "text"),
    [
        (10**9, 100_000, "predicted 1e+09, budget 100000;"),
        (3.2e300, 5, "predicted 3.2e+300, budget 5;"),
        (7 * 10**400, 10**6, "predicted about 10^401, budget 1e+06;"),
        (10**4000, 10, "predicted about 10^4000, budget 10;"),
    ],
)
def test_budgets_of_any_size_can_be_told(predicted: float, budget: float, text: str) -> None:
    assert text in str(BudgetExceeded("terms", predicted, budget, "less"))
