"""Trade against exhausted moves on high volume."""

from strategies.base import SignalStrategy
from strategies.kernels.contrarian_volume_spike import KERNEL


class ContrarianVolumeSpikeStrategy(SignalStrategy):
    """Fade a large move that comes with a spike of volume."""

    kernel = KERNEL
    tag = "CV"
