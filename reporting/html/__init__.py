"""The report: one HTML file without script and without anything fetched from elsewhere."""

from reporting.html.gather import gather
from reporting.html.model import Figures, Matrix, Run, Series
from reporting.html.write import render_report, write_report

__all__ = ["Figures", "Matrix", "Run", "Series", "gather", "render_report", "write_report"]
