"""The panel's sign and name as SVG, in code so that an installed package has them."""

from typing import Final

_SIGN: Final = """
<defs><linearGradient id="g" x1="0" y1="0" x2="1" y2="1">
<stop offset="0" stop-color="#5eead4"/><stop offset="1" stop-color="#38bdf8"/></linearGradient></defs>
<rect width="48" height="48" rx="12" fill="#131c29"/>
<path d="M8 32c5 0 6-14 11-14s5 10 10 10 6-14 11-14" fill="none" stroke="url(#g)" stroke-width="4"
 stroke-linecap="round"/>
"""
_NAME: Final = """
<text x="62" y="32" font-family="Inter, 'Segoe UI', system-ui, sans-serif" font-size="23" font-weight="600"
 fill="#e6edf6" letter-spacing="-0.4">nautilus-bot</text>
"""

ICON: Final = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 48 48">{_SIGN}</svg>'
LOGO: Final = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 232 48">{_SIGN}{_NAME}</svg>'
