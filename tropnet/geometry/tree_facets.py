from __future__ import annotations
import numpy as np
def tree_facets(search, signs):
    return np.zeros((0,3),np.int64)
