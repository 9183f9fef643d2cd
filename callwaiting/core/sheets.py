"""Tables as spreadsheets open them (RFC 4180), none of whose cells is run.

A cell that a spreadsheet would take for a formula is written with an apostrophe before it, and so is one that has an
apostrophe of its own (https://owasp.org/www-community/attacks/CSV_Injection).
"""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence

BOM = "\ufeff".encode()
FORMULA = tuple("=+-@\t\r＝＋－＠")


def line(cells: Sequence[str]) -> bytes:
    """One row, tamed, in UTF-8."""
    written = io.StringIO()
    csv.writer(written).writerow([tamed(cell) for cell in cells])
    return written.getvalue().encode()


def tamed(cell: str) -> str:
    return f"'{cell}" if cell.startswith(("'", *FORMULA)) else cell


def restored(cell: str) -> str:
    """What was tamed, as it was."""
    return cell[1:] if cell.startswith("'") and cell[1:].startswith(("'", *FORMULA)) else cell
