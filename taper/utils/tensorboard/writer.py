"""Writes event files for TensorBoard, through the `tensorboard` package."""

from __future__ import annotations

import io
import os
import socket
import time
from collections.abc import Mapping
from typing import Any

import numpy as np

from ...tensor import Tensor

__all__ = ["SummaryWriter"]

MISSING = "SummaryWriter needs the package tensorboard: pip install 'taper[tensorboard]'"


def _array(value: Any) -> np.ndarray:
    if isinstance(value, Tensor):
        value = value.detach().cpu().numpy()
    return np.asarray(value)


def _bytes(image: np.ndarray) -> np.ndarray:
    """Numbers of 0 to 1 (or bytes) as bytes."""
    if image.dtype == np.uint8:
        return image
    return np.clip(image.astype(np.float32) * 255.0, 0, 255).astype(np.uint8)


def _placed(image: np.ndarray, dataformats: str) -> np.ndarray:
    """An image, or a batch of them side by side, as height x width x channels."""
    if image.ndim != len(dataformats):
        raise AssertionError(
            "size of input tensor and input format are different. "
            f"tensor shape: {image.shape}, input_format: {dataformats}"
        )
    order = dataformats.upper()
    if "C" not in order:
        image, order = image[..., None], order + "C"
    image = image.transpose([order.index(c) for c in ("NHWC" if "N" in order else "HWC")])
    if "N" in order:
        image = _grid(image)
    return np.repeat(image, 3, axis=2) if image.shape[2] == 1 else image


def _grid(images: np.ndarray, columns: int = 8) -> np.ndarray:
    n, h, w, c = images.shape
    columns = min(n, columns)
    rows = -(-n // columns)
    out = np.zeros((rows * columns, h, w, c), images.dtype)
    out[:n] = images
    out = out.reshape(rows, columns, h, w, c).transpose(0, 2, 1, 3, 4)
    return out.reshape(rows * h, columns * w, c)


class SummaryWriter:
    """Writes to an event file in `log_dir` (`runs/TIME_HOST` + `comment`).

    RuntimeError says what to install where the tensorboard package is absent.
    """

    def __init__(
        self,
        log_dir: str | os.PathLike | None = None,
        comment: str = "",
        purge_step: int | None = None,
        max_queue: int = 10,
        flush_secs: int = 120,
        filename_suffix: str = "",
    ) -> None:
        try:
            from tensorboard.compat.proto import event_pb2, summary_pb2
            from tensorboard.summary.writer.event_file_writer import EventFileWriter
        except ImportError as error:
            raise ImportError(MISSING) from error
        if not log_dir:
            now = time.strftime("%b%d_%H-%M-%S")
            log_dir = os.path.join("runs", f"{now}_{socket.gethostname()}{comment}")
        self.log_dir = os.fspath(log_dir)
        self.purge_step = purge_step
        self._event, self._summary = event_pb2.Event, summary_pb2.Summary
        self._options = (max_queue, flush_secs, filename_suffix)
        self._open = EventFileWriter
        self._files: dict[str, Any] = {self.log_dir: EventFileWriter(self.log_dir, *self._options)}

    # ------------------------------------------------------------ writing
    def _write(
        self, value: Any, step: int | None, when: float | None, folder: str | None = None
    ) -> None:
        event = self._event(wall_time=time.time() if when is None else when)
        event.summary.CopyFrom(self._summary(value=[value]))
        if step is not None:
            event.step = int(_array(step))
        folder = folder or self.log_dir
        if folder not in self._files:
            self._files[folder] = self._open(folder, *self._options)
        self._files[folder].add_event(event)

    def _value(self, tag: str, **fields: Any) -> Any:
        return self._summary.Value(tag=tag, **fields)

    def add_scalar(
        self,
        tag: str,
        scalar_value: Any,
        global_step: int | None = None,
        walltime: float | None = None,
        new_style: bool = False,
        double_precision: bool = False,
    ) -> None:
        """A point of a curve."""
        value = self._value(tag, simple_value=float(_array(scalar_value).reshape(())))
        self._write(value, global_step, walltime)

    def add_scalars(
        self,
        main_tag: str,
        tag_scalar_dict: Mapping[str, Any],
        global_step: int | None = None,
        walltime: float | None = None,
    ) -> None:
        """Points of several curves of one plot; each curve has a folder of its own."""
        for tag, scalar in tag_scalar_dict.items():
            folder = f"{self.log_dir}/{main_tag.replace('/', '_')}_{tag}"
            value = self._value(main_tag, simple_value=float(_array(scalar).reshape(())))
            self._write(value, global_step, walltime, folder)

    def add_histogram(
        self,
        tag: str,
        values: Any,
        global_step: int | None = None,
        bins: Any = "auto",
        walltime: float | None = None,
        max_bins: int | None = None,
    ) -> None:
        """How often which values occur; ValueError where there is none."""
        x = _array(values).astype(np.float64).reshape(-1)
        if x.size == 0:
            raise ValueError("The input has no element.")
        bins = 64 if bins == "tensorflow" else bins
        counts, limits = np.histogram(x, bins=min(max_bins, 512) if max_bins else bins)
        value = self._value(tag)
        histogram = value.histo
        histogram.min, histogram.max, histogram.num = x.min(), x.max(), x.size
        histogram.sum, histogram.sum_squares = x.sum(), x.dot(x)
        histogram.bucket_limit.extend(limits.tolist())
        histogram.bucket.extend([0.0, *counts.tolist()])
        self._write(value, global_step, walltime)

    def add_image(
        self,
        tag: str,
        img_tensor: Any,
        global_step: int | None = None,
        walltime: float | None = None,
        dataformats: str = "CHW",
    ) -> None:
        """An image: numbers of 0 to 1, or bytes. Needs Pillow."""
        from PIL import Image

        image = _placed(_bytes(_array(img_tensor)), dataformats)
        file = io.BytesIO()
        Image.fromarray(image).save(file, format="PNG")
        height, width, channels = image.shape
        value = self._value(tag)
        value.image.height, value.image.width, value.image.colorspace = height, width, channels
        value.image.encoded_image_string = file.getvalue()
        self._write(value, global_step, walltime)

    def add_images(
        self,
        tag: str,
        img_tensor: Any,
        global_step: int | None = None,
        walltime: float | None = None,
        dataformats: str = "NCHW",
    ) -> None:
        """A batch of images in rows of eight."""
        self.add_image(tag, img_tensor, global_step, walltime, dataformats)

    def add_figure(
        self,
        tag: str,
        figure: Any,
        global_step: int | None = None,
        close: bool = True,
        walltime: float | None = None,
    ) -> None:
        """A figure of matplotlib as an image."""
        from matplotlib import pyplot
        from matplotlib.backends.backend_agg import FigureCanvasAgg

        canvas = FigureCanvasAgg(figure)
        canvas.draw()
        self.add_image(
            tag, np.asarray(canvas.buffer_rgba())[..., :3].copy(), global_step, walltime, "HWC"
        )
        if close:
            pyplot.close(figure)

    def add_text(
        self,
        tag: str,
        text_string: str,
        global_step: int | None = None,
        walltime: float | None = None,
    ) -> None:
        """A text in Markdown."""
        value = self._value(tag + "/text_summary")
        value.metadata.plugin_data.plugin_name = "text"
        value.tensor.dtype = 7  # DT_STRING
        value.tensor.string_val.append(text_string.encode())
        value.tensor.tensor_shape.dim.add(size=1)
        self._write(value, global_step, walltime)

    # ------------------------------------------------------------ the file
    def get_logdir(self) -> str:
        """The folder."""
        return self.log_dir

    def flush(self) -> None:
        """Write what waits."""
        for file in self._files.values():
            file.flush()

    def close(self) -> None:
        """Write what waits and close the files."""
        for file in self._files.values():
            file.close()

    def __enter__(self) -> SummaryWriter:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
