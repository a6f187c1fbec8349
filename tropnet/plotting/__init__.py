"""Pictures: of functions of one, two and three inputs, with matplotlib and plotly."""

from __future__ import annotations

from tropnet.plotting.plot import plot
from tropnet.plotting.plot_bend_locus import plot_bend_locus
from tropnet.plotting.plot_cells import plot_cells
from tropnet.plotting.plot_decision_boundary import plot_decision_boundary
from tropnet.plotting.plot_difference import plot_difference
from tropnet.plotting.plot_regions import plot_regions
from tropnet.plotting.plot_surface import plot_surface
from tropnet.plotting.plot_training import plot_training

__all__ = [
    "plot",
    "plot_bend_locus",
    "plot_cells",
    "plot_decision_boundary",
    "plot_difference",
    "plot_regions",
    "plot_surface",
    "plot_training",
]
