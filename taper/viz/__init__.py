"""Pictures of training: loss curves, confusion matrices, images with truth and prediction.

Each function returns a matplotlib `Figure`; `save` writes one as PNG. Arguments are numpy arrays or
anything `numpy.asarray` takes. matplotlib is imported when the first figure is made.
"""

from taper.viz.confusion import confusion_matrix, draw_confusion
from taper.viz.curves import draw_curves
from taper.viz.figure import save
from taper.viz.grid import draw_images

__all__ = ["confusion_matrix", "draw_confusion", "draw_curves", "draw_images", "save"]
