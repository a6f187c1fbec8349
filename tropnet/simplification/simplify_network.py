"""Networks made smaller, with a proof that they are the same."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Final, final

from tropnet.equivalence.out_of_time import OutOfTime
from tropnet.equivalence.problem import Problem
from tropnet.errors import BudgetExceeded, DomainError
from tropnet.network import Network
from tropnet.network.rewriting import rewritten
from tropnet.simplification.network_proof import NetworkProof
from tropnet.simplification.network_size import FLOAT64, network_size, numbers_of
from tropnet.simplification.simplification import Simplification
from tropnet.simplification.step import Step
from tropnet.simplification.unit_claims import UnitClaims
from tropnet.simplification.unit_plans import (
    Change,
    channels,
    claimed_changes,
    dependent_changes,
    folding_changes,
    in_groups,
    plans_of,
    unused_changes,
    whole_channels,
)
from tropnet.simplification.unit_signs import UnitSigns, unit_signs

if TYPE_CHECKING:
    from tropnet.domains import Domain

#: What can be done, in the order in which it is tried.
RULES: Final = (
    "inputs", "dead", "constant", "active", "parallel", "unused", "fold", "rank", "relations",
)  # fmt: skip

#: Called with a word on what goes on, and the share of the work that is done, if known.
Told = Callable[[str, float | None], object]

#: Seconds where no limit is given: longer than anybody waits.
_FOREVER: Final = 1e6
#: Seconds for the signs of units where no limit is given, and their share of a limit.
_SIGNS: Final = 60.0
_SHARE: Final = 0.7
#: What the signs of units are called.
_KINDS: Final = {
    "dead": "are dead",
    "active": "always on",
    "unstable": "neither, each with two points that show it",
    "undecided": "undecided",
}
#: Rounds of all rules; each makes the network smaller, so that there are never many.
_ROUNDS: Final = 50
#: Changes of one rule and layer that are tried one by one where they do not fit together.
_SINGLE: Final = 64
#: Units that a step names.
_NAMED: Final = 12


def simplify_network(
    network: Network,
    domain: Domain = None,
    *,
    rules: Iterable[str] | None = None,
    time_limit: float | None = None,
    check: bool = False,
    seed: int = 0,
    progress: Told | None = None,
) -> Simplification[Network]:
    """Make a network smaller without changing its function on a domain.

    Dead and constant units go; so do units that are multiples of others (also −t where t is there,
    by relu(−t) = relu(t) − t), that nothing reads, or that are written as maxima of the same forms
    as others. Units that are always on lose their ReLU. Units without ReLU go where they are
    combinations of others, or where multiplying them out needs no more nonzero weights and no other
    numbers than the network has (else a product of two floats, which is no float, is kept apart).
    ReLU units may also be merged where this takes float64 in a float32 network. Channels of
    convolutions go as a whole or not at all.

    Args:
        network: the network.
        domain: where the result has to be the same; None is all of R^n.
        rules: names out of `RULES`; all of them when left out.
        time_limit: seconds after which the best result so far is returned. Without one, units of a
            domain are searched for a minute at most.
        check: replay the certificate after each round.
        seed: of the points at which relations are looked for.
        progress: called with a word on what goes on.

    Returns:
        The result, the steps and one certificate for all of them. Never more ReLU units, and with
        as many never more nonzero weights.

    Raises:
        DomainError: an unknown rule, an empty domain, a time limit that is not positive.
        ShapeError: a domain of another dimension.
        CertificateError: with `check`, a proof that does not replay; a bug.

    Cost: for each round an exact pass over the weights, and two for the proof.

    Source: Serra, Kumar and Ramalingam, *Lossless compression of deep neural networks* (2020), for
        units of one sign; Grigsby, Lindsey and Rolnick, *Hidden symmetries* (2023).

    Example:
        >>> from tropnet import Network
        >>> from tropnet.simplification.simplify_network import simplify_network
        >>> f = Network.from_dense([[[1], [2], [-3]], [[1, 1, 1]]])
        >>> found = simplify_network(f)  # 3 relu(x) + 3 relu(−x) = 6 relu(x) − 3x
        >>> found.result.n_relu, found.certificate.claim
        (1, 'equivalent')
    """
    start = time.perf_counter()
    chosen = _chosen(rules)
    limit = _FOREVER if time_limit is None else time_limit
    problem = Problem.of(network, network, domain, time_limit=limit, seed=seed)
    told, signs = progress or _untold, None
    work = _Work(problem, chosen, check, told)
    complete = work.run()
    if complete and work.network.n_relu and domain is not None and chosen & {"dead", "active"}:
        seconds = _SIGNS if time_limit is None else _SHARE * problem.remaining
        if seconds > 0:
            signs = unit_signs(network, domain, time_limit=seconds, seed=seed, progress=told)
            complete = signs.complete
        if signs is not None and signs.evidence is not None:  # of more units than intervals show
            again = _Work(problem, chosen, check, told)
            again.proof.learn(signs)
            complete &= again.run()
            if network_size(again.network) <= network_size(work.network):
                work = again
    findings = [
        f"{count} units stay that the rule {rule!r} could remove: the weights would be no floats, "
        "or more"
        for rule, count in work.kept_apart.items()
    ]
    findings += [f"not done, for want of a proof: {step}" for step in work.unproven]
    if signs is not None:
        findings.insert(0, _told_signs(signs))
    return Simplification(
        network, work.network, domain, tuple(work.steps), work.proof.certificate, complete,
        time.perf_counter() - start, tuple(findings), signs,
    )  # fmt: skip


def _told_signs(signs: UnitSigns) -> str:
    counts = signs.counts()
    shown = [f"{counts.get(kind, 0)} {word}" for kind, word in _KINDS.items()]
    return f"of {sum(counts.values()) - counts.get('affine', 0)} ReLU units {', '.join(shown)}"


@final
class _Work:
    """The network so far, what was done, and the proof of it."""

    def __init__(self, problem: Problem, rules: frozenset[str], check: bool, told: Told) -> None:
        self.problem, self.rules, self.told = problem, rules, told
        self.original = self.network = problem.a
        self.proof = NetworkProof(problem, check)
        self.steps: list[Step] = []
        self.kept_apart: dict[str, int] = {}
        self.unproven: list[Step] = []
        self._tried: list[Step] = []

    def run(self) -> bool:
        """Apply all rules until none does anything; return whether that was reached in time."""
        for number in range(_ROUNDS):
            before, self._tried = self.network, []
            try:
                self.told(f"round {number + 1}", None)
                self._round()
            except OutOfTime:
                self._finish(before)
                return False
            if self.network is before:
                return True
            if not self._finish(before):
                return True
        return True

    def _finish(self, before: Network) -> bool:
        """Prove what a round did; without a proof nothing was done."""
        if self.network is before:
            return True
        self.told("proving", None)
        if not self.proof.proves(self.network):
            self.network = before
            self.unproven += self._tried
            return False
        self.steps += self._tried
        return True

    def _round(self) -> None:
        problem = self.problem
        if self.rules - {"unused", "fold", "rank", "inputs"}:
            # what was proven of the original's units says nothing of another network's
            known = self.proof.known if self.network is self.original else None
            found = UnitClaims.of(self.network, problem, self.rules, known)
            changes = claimed_changes(self.network, found, self.rules)
            self._apply(whole_channels(self.network, changes))
        if "inputs" in self.rules:  # after the claims, which may rest on proofs for the original
            self._fix_inputs()
        problem.require_time()
        if "unused" in self.rules:
            self._drop_empty_layers()
            self._apply(whole_channels(self.network, unused_changes(self.network)))
        for rule, changes_of in (("rank", dependent_changes), ("fold", folding_changes)):
            k = 1
            while rule in self.rules and k <= len(self.network.layers):
                problem.require_time()
                layers = len(self.network.layers)
                self._apply(whole_channels(self.network, changes_of(self.network, k)))
                k += len(self.network.layers) == layers  # else the next layer took its place

    def _fix_inputs(self) -> None:
        ends = enumerate(self.problem.box.ends())
        fixed = {i: low for i, (low, high) in ends if low is not None and low == high}
        if fixed:
            plans = plans_of(self.network, [])
            names = ", ".join(map(str, list(fixed)[:_NAMED]))
            self._offer(
                rewritten(self.network, plans, fixed),
                Step("inputs", "input", len(fixed), f"constant on the domain: {names}"),
            )

    def _drop_empty_layers(self) -> None:
        empty = [layer for layer in self.network.layers if not layer.width]
        if empty:
            names = ", ".join(layer.name for layer in empty if layer.name)
            step = Step("unused", names or "layers", 0, "no units in it")
            self._offer(rewritten(self.network, plans_of(self.network, [])), step)

    def _apply(self, changes: Sequence[Change]) -> None:
        """Make changes: all at once, else those of a rule and a layer, else one by one."""
        if not changes:
            return
        base, made = self.network, list[Change]()
        if self._try(base, made, changes):
            return
        for group in in_groups(changes):
            if self._try(base, made, group):
                continue
            alone = len(group) <= _SINGLE and channels(base.layers[group[0].place[0] - 1]) is None
            left = [c for c in group if not (alone and self._try(base, made, [c]))]
            if left and left[0].rule not in ("fold", "rank"):
                self.kept_apart[left[0].rule] = self.kept_apart.get(left[0].rule, 0) + len(left)

    def _try(self, base: Network, made: list[Change], more: Sequence[Change]) -> bool:
        """Make more changes to a network, beside those made already, if that is of use."""
        self.problem.require_time()
        try:
            candidate = rewritten(base, plans_of(base, [*made, *more]))
        except BudgetExceeded:
            return False
        if not self._offer(candidate, *_told(base, more)):
            return False
        made += more
        return True

    def _offer(self, candidate: Network, *steps: Step) -> bool:
        """Take a network if it is smaller and needs no numbers that it should not."""
        if network_size(candidate) >= network_size(self.network):
            return False
        relu_less = candidate.n_relu < self.network.n_relu
        allowed = max(numbers_of(self.network), FLOAT64 if relu_less else 0)
        kind = numbers_of(candidate)
        if kind > allowed:
            return False
        if kind == FLOAT64 and candidate.dtype != "float64":
            note = f"weights of merged units are float64, not {candidate.dtype}"
            notes = candidate.notes if note in candidate.notes else (*candidate.notes, note)
            candidate = replace(candidate, notes=notes)
        self.network = candidate
        self._tried += steps
        return True


def _told(network: Network, changes: Sequence[Change]) -> list[Step]:
    """Return steps that tell of changes, one for each rule and layer."""
    steps = []
    for group in in_groups(changes):
        rule, k = group[0].rule, group[0].place[0]
        layer = network.layers[k - 1]
        units = [str(c.place[1]) for c in group]
        shown = ", ".join(units[:_NAMED]) + (", …" if len(units) > _NAMED else "")
        steps.append(Step(rule, layer.name or f"layer {k}", len(group), f"units {shown}"))
    return steps


def _chosen(rules: Iterable[str] | None) -> frozenset[str]:
    if rules is None:
        return frozenset(RULES)
    given = [rules] if isinstance(rules, str) else list(rules)
    unknown = [name for name in given if name not in RULES]
    if unknown:
        raise DomainError(
            f"rule {unknown[0]!r} is unknown for networks; there are {', '.join(RULES)}"
        )
    return frozenset(given)


def _untold(word: str, share: float | None) -> None:
    """Tell nobody."""
