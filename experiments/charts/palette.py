"""One fixed colour for one thing, in every chart and in the report.

The colours are those of Okabe and Ito ("Color Universal Design", 2008), which people with the common colour-vision
deficiencies can tell apart, plus greys. An arm never changes its colour; stun phases, replication modes and ledger
causes have fixed ones of their own.
"""

BLACK, GREY, SILVER = "#1A1A1A", "#5A5A5A", "#B5B5B5"
ORANGE, SKY, GREEN, YELLOW = "#E69F00", "#56B4E9", "#009E73", "#F0E442"
BLUE, VERMILLION, PURPLE = "#0072B2", "#D55E00", "#CC79A7"

ARM_WIDTH = {"none": 3.2, "vadp": 1.6, "vaio": 1.6, "both": 1.1}
"""Line widths in points: the unprotected arm is wide, so that it shows under an arm that runs on top of it."""
ARM_COLOUR = {"none": "#8C8C8C", "vadp": VERMILLION, "vaio": BLUE, "both": PURPLE}
ARM_LABEL = {"none": "no protection", "vadp": "VADP", "vaio": "VAIO", "both": "VADP + VAIO"}

PHASE_COLOUR = {
    "stop": SILVER,
    "drain": SKY,
    "close": YELLOW,
    "create": ORANGE,
    "open": GREEN,
    "resume": GREY,
    "merge or memory": PURPLE,
}

NIGHT_COLOUR = {"waiting": SILVER, "snapshot and query": YELLOW, "reading": ORANGE, "commit": GREY, "merge": VERMILLION}
"""Phases of a VM's backup, in their order."""

MODE_COLOUR = {"first sync": SKY, "in order": GREEN, "overflow": YELLOW, "resync": ORANGE,
               "in sync": BLUE}  # fmt: skip

BACKUP_BAND, MERGE_BAND, RESYNC_BAND, CUT_BAND, STUN_LINE = ORANGE, VERMILLION, SKY, SILVER, BLACK

CAUSE_STYLE: dict[str, tuple[str, str]] = {
    "guest queue": (SILVER, ""),
    "stun hold": (BLACK, ""),
    "quiesce hold": (PURPLE, "////"),
    "space hold": (PURPLE, "xxxx"),
    "filter": (BLUE, ""),
    "mirror hold": (PURPLE, ""),
    "replica": (BLUE, "////"),
    "limit": (YELLOW, "////"),
    "DSNRO": (YELLOW, "xxxx"),
    "device queue": (YELLOW, ""),
    "service": (GREEN, ""),
    "parent read": (SKY, ""),
    "metadata": (ORANGE, ""),
    "mirror": (VERMILLION, ""),
    "host path": (GREY, ""),
}
"""Ledger causes as charts fold them: (colour, hatch). See `ledger.folded`."""

HOST_COLOURS = (SKY, ORANGE, GREEN, BLACK)

MEASURE_COLOUR = {
    "written by the guest": GREY,
    "unique at 4 KiB": SKY,
    "changed blocks (CBT)": ORANGE,
    "read by the backup tool": VERMILLION,
    "stored after reduction": GREEN,
}
