"""HDR and wide-gamut video as BT.709: filters of libavfilter.

Light is computed per channel, in the source's primaries, in three steps:

1. A table turns each code value into light: the inverse transfer function (PQ: SMPTE ST 2084; HLG:
   ITU-R BT.2100 with the system gamma 1.2 of a display of 1000 cd/m²; else a gamma of 2.4), then
   the tone curve of ITU-R BT.2390 (EETF) from the content's peak down to SDR's white of 203 cd/m²
   (ITU-R BT.2408). Up to about half of that white, light stays as it is.
2. A matrix turns BT.2020's primaries into BT.709's (ITU-R BT.2087); colours outside are clipped.
3. A table turns light into code values for a display with a gamma of 2.4 (ITU-R BT.1886).
"""

from __future__ import annotations

from collections.abc import Iterator

from av.video.reformatter import ColorPrimaries, ColorTrc

from leitstand.media.look import Look

WHITE = 203.0
"""SDR's white in cd/m²."""
_USUAL_PEAK = 1000.0
_MOST_LIGHT = 10_000.0
_MOST = 65_535
_GAMMA = 2.4
_M1, _M2 = 0.1593017578125, 78.84375
_C1, _C2, _C3 = 0.8359375, 18.8515625, 18.6875
_HLG_A, _HLG_B, _HLG_C = 0.17883277, 0.28466892, 0.55991073
_FROM_BT2020 = (
    (1.660491, -0.587641, -0.072850),
    (-0.124550, 1.132900, -0.008349),
    (-0.018151, -0.100579, 1.118730),
)


def filters(look: Look) -> Iterator[tuple[str, str]]:
    """From R'G'B' with 16 bits (gbrp16le) of this look to R'G'B' of BT.709."""
    yield "lutrgb", _of_each(_as_light(look))
    if look.colours.primaries == ColorPrimaries.BT2020:
        rows = zip("rgb", _FROM_BT2020, strict=True)
        factors = {f"{to}{of}": one for to, row in rows for of, one in zip("rgb", row, strict=True)}
        yield "colorchannelmixer", ":".join(f"{key}={one}" for key, one in factors.items())
    yield "lutrgb", _of_each(f"{_MOST}*pow(val/{_MOST},{1 / _GAMMA})")


def _of_each(expression: str) -> str:
    return ":".join(f"{channel}='{expression}'" for channel in "rgb")


def _as_light(look: Look) -> str:
    """The expression for step 1; 65535 is SDR's white."""
    code = f"(val/{_MOST})"
    if look.colours.transfer == ColorTrc.SMPTE2084:
        peak = min(max(look.light.peak or _USUAL_PEAK, WHITE), _MOST_LIGHT)
        return _toned(code, _pq(peak))
    if look.colours.transfer == ColorTrc.ARIB_STD_B67:
        scene = f"if(lte({code},0.5),{code}*{code}/3,(exp(({code}-{_HLG_C})/{_HLG_A})+{_HLG_B})/12)"
        light = f"{_USUAL_PEAK / _MOST_LIGHT}*pow({scene},1.2)"
        powered = f"pow({light},{_M1})"
        return _toned(f"pow(({_C1}+{_C2}*{powered})/(1+{_C3}*{powered}),{_M2})", _pq(_USUAL_PEAK))
    return f"{_MOST}*pow({code},{_GAMMA})"


def _toned(code: str, peak: float) -> str:
    """BT.2390's curve for a PQ code value, and the light of the result; `peak` is a code, too."""
    white = _pq(WHITE) / peak
    knee = min(1.0, 1.5 * white - 0.5)
    given = f"st(0,min(1,({code})/{peak}))"
    along = f"st(1,(ld(0)-{knee})/{max(1 - knee, 1e-9)})"
    spline = (
        f"(2*ld(1)^3-3*ld(1)^2+1)*{knee}+(ld(1)^3-2*ld(1)^2+ld(1))*{1 - knee}"
        f"+(3*ld(1)^2-2*ld(1)^3)*{white}"
    )
    root = f"st(3,pow(ld(2)*{peak},{1 / _M2}))"
    light = f"pow(max(0,ld(3)-{_C1})/({_C2}-{_C3}*ld(3)),{1 / _M1})"
    curve = f"st(2,if(lt(ld(0),{knee}),ld(0),{spline}))"
    return f"{given};{along};{curve};{root};{_MOST * _MOST_LIGHT / WHITE}*{light}"


def _pq(light: float) -> float:
    """The code value of so many cd/m² (SMPTE ST 2084)."""
    powered = (light / _MOST_LIGHT) ** _M1
    return float(((_C1 + _C2 * powered) / (1 + _C3 * powered)) ** _M2)
