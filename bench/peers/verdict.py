"""When a recorder held the calls of a measurement, and when nobody can say. Pure."""

LOSS_MAX = 1e-4
# With less of its core left than this a recorder is behind, and only its sockets' buffers put the loss off.
FULL_SHARE = 0.98
# With more of the core than this, others make the recorder slower, and what it costs another figure.
OTHERS_MAX = 0.10

LOST, FULL = "lost packets", "its core was full"
SENDER_LATE, OTHERS, TOO_MANY = "the generator fell behind", "others had the core", "more was recorded than sent"
NOT_VALID = (SENDER_LATE, OTHERS, TOO_MANY)


def why_not_held(figures):
    """None when the recorder held them; one of NOT_VALID when the measurement does not say."""
    if not figures["sender"]["valid"]:
        return SENDER_LATE
    if figures["lost"] < 0:
        return TOO_MANY
    disturbed = figures["disturbed"]
    if figures["loss"] >= LOSS_MAX:
        return OTHERS if disturbed else LOST
    if not disturbed and figures["core_share"] + figures["others_share_of_core"] >= FULL_SHARE:
        return FULL
    return None
