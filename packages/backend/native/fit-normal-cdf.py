"""Fits the polynomial with which kernels.cc evaluates the normal distribution; needs numpy and scipy.

Phi(-u) = exp(-u^2 / 2) q(t) for u >= 0, with t = 1 / (1 + 0.3 u): q is smooth on (0, 1], so a polynomial in t does.
Least squares of the relative error at Chebyshev points.
"""

import numpy as np
from scipy.special import erfcx

DEGREE, SCALE, LARGEST = 8, 0.3, 14

t = 0.5 + 0.5 * np.cos(np.pi * (np.arange(4000) + 0.5) / 4000)
t = t[t > 1 / (1 + SCALE * LARGEST)]
q = 0.5 * erfcx((1 / t - 1) / SCALE / np.sqrt(2))
chebyshev = np.polynomial.chebyshev.chebvander(2 * t - 1, DEGREE)
fit = np.linalg.lstsq(chebyshev / q[:, None], np.ones_like(q), rcond=None)[0]
print(f"worst relative error {np.abs(chebyshev @ fit / q - 1).max():.1e}")
inner = np.polynomial.Polynomial([-1, 2])
print(", ".join(f"{c:.9g}f" for c in np.polynomial.Polynomial(np.polynomial.chebyshev.cheb2poly(fit))(inner).coef))
