"""Pairs of numbers that settings of image nodes hold: one for the height and one for the width."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

_Pixels = Annotated[int, Field(ge=1, le=16_384)]
_Place = Annotated[int, Field(ge=0)]
_Sigma = Annotated[float, Field(ge=0.01, le=1000)]
_Share = Annotated[float, Field(gt=0, le=1)]

Size = tuple[_Pixels, _Pixels]
Place = tuple[_Place, _Place]
Sigmas = tuple[_Sigma, _Sigma]
Shares = tuple[_Share, _Share]
