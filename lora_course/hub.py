"""The Hugging Face Hub: whether it answers. Asked once and briefly, before its library, which asks
five times and tells of each."""

from __future__ import annotations

SECONDS = 3  # to connect, and to answer


def hub_answers() -> bool:
    """Whether the Hub can be reached; where not, only what was fetched before can be used.

    Any answer counts, also one that refuses.
    """
    from huggingface_hub import constants, get_session, is_offline_mode

    if is_offline_mode():
        return False
    try:
        get_session().head(constants.ENDPOINT, timeout=SECONDS)
    except Exception:  # of the network, names, certificates: each library has kinds of its own
        return False
    return True
